"""What the page is shown of the pretend Discord, as JSON."""

import time
from typing import Any

from deploy.sandbox.discord.board import Change
from deploy.sandbox.discord.content import MOST_CHARACTERS
from deploy.sandbox.discord.guild import Guild
from deploy.sandbox.discord.payloads import guild_object
from deploy.sandbox.discord.posts import Attachment, Flag, Kind, Post
from deploy.sandbox.discord.roster import BOT_ROLE, EVERYONE, Channel, User
from deploy.sandbox.discord.snowflakes import made_at
from deploy.sandbox.page.discord_components import message_parts
from deploy.sandbox.page.place import Json

PLATFORM = "discord"


def platform(guild: Guild) -> Json:
    """Return everything of the guild. A thread's posts are given under the channel that it belongs to."""
    rooms = list(guild.channels.values())
    return {
        "platform": PLATFORM,
        "name": "Discord",
        "place": guild_object(guild.roster)["name"],
        "bot": guild.bot_user,
        "most_characters": MOST_CHARACTERS,
        "people": [person(user) for user in guild.users.values()],
        "groups": [
            {"id": role.id, "name": role.name} for role in guild.roles.values() if role.id not in (EVERYONE, BOT_ROLE)
        ],
        "channels": [channel(guild, room) for room in rooms if not room.is_thread],
        "threads": [thread(room) for room in rooms if room.is_thread],
        "posts": [post(guild, one) for room in rooms for one in room.posts.values() if is_shown(one)],
        "statuses": [status for room in rooms for status in statuses(guild, room)],
        "views": [],
    }


def person(user: User) -> Json:
    """Return a member; `name` is what stands behind an @."""
    return {"id": user.id, "name": user.global_name, "real_name": user.global_name, "is_bot": user.bot}


def channel(guild: Guild, room: Channel) -> Json:
    """Return a text channel or a direct message; its members are those who see it."""
    members = [user for user in guild.users if guild.roster.sees(user, room.id)]
    return {"id": room.id, "name": room.name, "kind": "im" if room.is_direct else "channel", "members": members}


def thread(room: Channel) -> Json:
    """Return a thread without its posts."""
    return {
        "id": room.id,
        "channel": room.parent,
        "name": room.name,
        "archived": room.archived,
        "private": room.kind == "private_thread",
        "members": sorted(room.members),
    }


def is_shown(one: Post) -> bool:
    """Say whether a post is shown: a thread's first one only points to the message that stands above it."""
    return one.kind is not Kind.THREAD_STARTER


def spot(guild: Guild, place: str) -> Json:
    """Return where a channel's posts are shown."""
    room = guild.channels[place]
    return {"channel": room.parent or room.id, "thread": room.id if room.is_thread else None}


def post(guild: Guild, one: Post) -> Json:
    """Return a post; `at` is in seconds since the epoch, `only_for` the one person who sees it, or empty.

    `reply_to` is the post that it answers, `opened` the thread that a system message tells of.
    """
    replies = one.reference.post if one.reference and one.kind is Kind.REPLY else None
    opened = one.reference.channel if one.reference and one.kind is Kind.THREAD_CREATED else None
    return {
        "id": one.id,
        "at": made_at(one.id).timestamp(),
        **spot(guild, one.channel),
        "user": one.user,
        "shown_as": "",
        "text": one.shown,
        "dialect": PLATFORM,
        "edited": one.edited is not None,
        "deleted": False,
        "broadcast": False,
        "reply_to": replies,
        "opened": opened,
        "forwarded": [str(each["message"]["content"]) for each in one.snapshots],
        "only_for": one.seen_by,
        "parts": message_parts(one),
        "thinking": Flag.LOADING in one.flags,
        "command": command(guild, one.asked),
        "files": [file(each) for each in one.attachments],
    }


def command(guild: Guild, asked: dict[str, Any] | None) -> Json | None:
    """Return who used which command, where a post answers one."""
    if asked is None:
        return None
    used = next((each for each in guild.interactions.by_token.values() if each.id == asked["id"]), None)
    return {"user": asked["user"]["id"], "name": used.name, "menu": used.menu} if used else None


def file(one: Attachment) -> Json:
    """Return a file without its content, `size` in bytes; a voice note has `seconds` and a waveform in base64."""
    return {
        "id": one.id,
        "name": one.name,
        "media_type": one.media_type,
        "size": len(one.content),
        "voice": one.duration_secs is not None,
        "seconds": one.duration_secs,
        "waveform": one.waveform,
        "url": f"/api/files/{PLATFORM}/{one.id}",
    }


def statuses(guild: Guild, room: Channel) -> list[Json]:
    """Return who types in a channel, the latest last; it ends after `seconds`, or with a message of theirs."""
    left = {user: until - time.monotonic() for (place, user), until in guild.board.typing.items() if place == room.id}
    return [
        {**spot(guild, room.id), "user": user, "text": "is typing…", "seconds": round(seconds, 1)}
        for user, seconds in sorted(left.items(), key=lambda each: each[1])
        if seconds > 0
    ]


def change(guild: Guild, what: Change) -> Json | None:
    """Return a change as the page hears of it; None for what it does not show."""
    told = {"platform": PLATFORM}
    room = guild.channels.get(what.channel)
    if what.kind == "thread":
        shown = {"kind": "thread", "thread": thread(room)} if room else {"kind": "no_thread", "thread": what.channel}
        return told | shown
    if room is None:
        return None
    if what.kind == "typing":
        latest = statuses(guild, room)[-1:]
        return told | {"kind": "status", **latest[0]} if latest else None
    if what.post is None or what.kind == "reaction" or not is_shown(what.post):
        return None
    return told | {"kind": what.kind, "post": post(guild, what.post)}
