"""Channels and threads: started, joined, changed, listed (Discord docs, Channel and Threads)."""

from typing import Any

from deploy.sandbox.discord import payloads
from deploy.sandbox.discord.api import Asked, Route
from deploy.sandbox.discord.guild import Guild
from deploy.sandbox.discord.limits import ORDINARY
from deploy.sandbox.discord.permissions import Permission
from deploy.sandbox.discord.places import need, need_guild, need_open, post_of, room_of
from deploy.sandbox.discord.posts import Kind
from deploy.sandbox.discord.refused import Problem, Refused, invalid_form
from deploy.sandbox.discord.roster import BOT_USER, Channel, ChannelKind

Payload = payloads.Payload
ARCHIVE_MINUTES = (60, 1440, 4320, 10080)
MOST_NAME = 100
_KINDS: dict[int, ChannelKind] = {11: "public_thread", 12: "private_thread"}
_RIGHTS = {
    "public_thread": Permission.CREATE_PUBLIC_THREADS,
    "private_thread": Permission.CREATE_PRIVATE_THREADS,
}


def one(guild: Guild, asked: Asked) -> Payload:
    """Return a channel, a thread or a direct message."""
    return payloads.channel(guild.roster, room_of(guild, asked))


def start_from_message(guild: Guild, asked: Asked) -> Payload:
    """Start a public thread from a message, which can have one only once."""
    post = post_of(guild, asked)
    room = guild.channels[post.channel]
    _need_parent(guild, room, "public_thread")
    if post.kind in (Kind.THREAD_CREATED, Kind.THREAD_STARTER):
        raise Refused(50021)
    name, minutes = _named(asked.fields)
    if post.id in guild.channels or post.thread:
        raise Refused(160004)
    return payloads.channel(guild.roster, guild.threads.start_from(post, name, BOT_USER, minutes))


def start(guild: Guild, asked: Asked) -> Payload:
    """Start a thread without a message; a private one unless its type says otherwise."""
    room, kind = room_of(guild, asked), _KINDS.get(asked.fields.get("type", 12))
    if kind is None:
        raise invalid_form({"type": Problem("BASE_TYPE_CHOICES", f"Value must be one of {tuple(_KINDS)}.")})
    _need_parent(guild, room, kind)
    name, minutes = _named(asked.fields)
    return payloads.channel(guild.roster, guild.threads.start(room.id, name, BOT_USER, kind, minutes))


def _need_parent(guild: Guild, room: Channel, kind: ChannelKind) -> None:
    if room.kind != "text":
        raise Refused(50024)
    need(guild, room, _RIGHTS[kind])


def _named(body: dict[str, Any]) -> tuple[str, int]:
    """Return name and minutes to archive of a thread to be."""
    name, minutes = str(body.get("name") or ""), body.get("auto_archive_duration") or 4320
    problems = {}
    if not 1 <= len(name) <= MOST_NAME:
        problems["name"] = Problem("BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MOST_NAME} in length.")
    if minutes not in ARCHIVE_MINUTES:
        choices = Problem("BASE_TYPE_CHOICES", f"Value must be one of {ARCHIVE_MINUTES}.")
        problems["auto_archive_duration"] = choices
    if problems:
        raise invalid_form(problems)
    return name, minutes


def change(guild: Guild, asked: Asked) -> Payload:
    """Rename, archive, open or lock a thread: one's own, or with the right to manage them, which locking needs."""
    room, body = _thread(guild, asked), asked.fields
    if room.owner != BOT_USER or "locked" in body:
        need(guild, room, Permission.MANAGE_THREADS)
    if body.get("archived", room.archived):
        need_open(room)
    changed = {"name": room.name, "auto_archive_duration": room.archive_minutes} | body
    room.name, room.archive_minutes = _named(changed)
    if "archived" in body or "locked" in body:
        archived, locked = body.get("archived", room.archived), body.get("locked", room.locked)
        guild.threads.archive(room, archived=bool(archived), locked=bool(locked))
    else:
        guild.threads.changed(room)
    return payloads.channel(guild.roster, room)


def delete(guild: Guild, asked: Asked) -> Payload:
    """Delete a thread."""
    room = _thread(guild, asked)
    need(guild, room, Permission.MANAGE_THREADS)
    guild.threads.delete(room)
    return payloads.channel(guild.roster, room)


def _thread(guild: Guild, asked: Asked) -> Channel:
    room = room_of(guild, asked)
    if not room.is_thread:
        raise Refused(50024)
    return room


def join(guild: Guild, asked: Asked) -> None:
    """Join a thread, or add somebody to it."""
    room, person = _thread(guild, asked), asked.path.get("user", BOT_USER)
    need_open(room)
    if person not in guild.users:
        raise Refused(10013)
    if person != BOT_USER:
        need(guild, room, Permission.SEND_MESSAGES_IN_THREADS)
    guild.threads.join(room, person)


def leave(guild: Guild, asked: Asked) -> None:
    """Leave a thread."""
    room = _thread(guild, asked)
    need_open(room)
    guild.threads.leave(room, BOT_USER)


def members(guild: Guild, asked: Asked) -> list[Payload]:
    """List who joined a thread, by id: those after one, up to `limit`, with their member objects where asked for."""
    room, whole = _thread(guild, asked), asked.query.get("with_member") in ("1", "true")
    after, limit = int(asked.query.get("after") or 0), int(asked.query.get("limit") or 100)
    found = [person for person in sorted(room.members, key=int) if int(person) > after][:limit]
    return [_thread_member(guild, room, person, whole=whole) for person in found]


def _thread_member(guild: Guild, room: Channel, person: str, *, whole: bool) -> Payload:
    shown = payloads.thread_member(room, person)
    return {**shown, "member": payloads.whole_member(guild.users[person])} if whole else shown


def member(guild: Guild, asked: Asked) -> Payload:
    """Return one who joined a thread."""
    room = _thread(guild, asked)
    if asked.path["user"] not in room.members:
        raise Refused(10007)
    return payloads.thread_member(room, asked.path["user"])


def active(guild: Guild, asked: Asked) -> Payload:
    """List the guild's threads that are not archived and that Confab sees."""
    need_guild(asked)
    found = [room for room in guild.roster.threads_of() if not room.archived]
    return _listed(guild, [room for room in found if guild.roster.sees(BOT_USER, room.id)])


def archived(guild: Guild, asked: Asked) -> Payload:
    """List a channel's archived threads of one kind."""
    parent = room_of(guild, asked)
    need(guild, parent, Permission.READ_MESSAGE_HISTORY)
    kind = f"{asked.path['kind']}_thread"
    if kind == "private_thread":
        need(guild, parent, Permission.MANAGE_THREADS)
    found = [room for room in guild.roster.threads_of(parent.id) if room.archived and room.kind == kind]
    return _listed(guild, found)


def _listed(guild: Guild, rooms: list[Channel]) -> Payload:
    joined = [room for room in rooms if BOT_USER in room.members]
    return {
        "threads": [payloads.channel(guild.roster, room) for room in reversed(rooms)],
        "members": [payloads.thread_member(room, BOT_USER) for room in joined],
        "has_more": False,
    }


_CHANNEL = "/channels/{channel}"
_MEMBERS = _CHANNEL + "/thread-members"
_FROM_MESSAGE = _CHANNEL + "/messages/{message}/threads"
_ARCHIVED = _CHANNEL + "/threads/archived/{kind:public|private}"
ROUTES = (
    Route("get_channel", "GET", _CHANNEL, one, ORDINARY, "channel"),
    Route("modify_channel", "PATCH", _CHANNEL, change, ORDINARY, "channel"),
    Route("delete_channel", "DELETE", _CHANNEL, delete, ORDINARY, "channel"),
    Route("start_thread_from_message", "POST", _FROM_MESSAGE, start_from_message, ORDINARY, "channel"),
    Route("start_thread_without_message", "POST", _CHANNEL + "/threads", start, ORDINARY, "channel"),
    Route("list_archived_threads", "GET", _ARCHIVED, archived, ORDINARY, "channel"),
    Route("list_active_guild_threads", "GET", "/guilds/{guild}/threads/active", active, ORDINARY, "guild"),
    Route("join_thread", "PUT", _MEMBERS + "/@me", join, ORDINARY, "channel"),
    Route("leave_thread", "DELETE", _MEMBERS + "/@me", leave, ORDINARY, "channel"),
    Route("add_thread_member", "PUT", _MEMBERS + "/{user}", join, ORDINARY, "channel"),
    Route("get_thread_member", "GET", _MEMBERS + "/{user}", member, ORDINARY, "channel"),
    Route("list_thread_members", "GET", _MEMBERS, members, ORDINARY, "channel"),
)
