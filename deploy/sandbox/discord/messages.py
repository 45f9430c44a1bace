"""Writing messages (Discord docs, Message)."""

from typing import Any

from yarl import URL

from deploy.sandbox.discord import message_payloads, payloads
from deploy.sandbox.discord.api import Asked, Route
from deploy.sandbox.discord.content import check, numbered, says_something
from deploy.sandbox.discord.guild import Guild
from deploy.sandbox.discord.history import shown
from deploy.sandbox.discord.limits import DELETING, MESSAGES, ORDINARY
from deploy.sandbox.discord.mentions import ANYBODY, allowance
from deploy.sandbox.discord.permissions import Permission
from deploy.sandbox.discord.places import need, need_open, need_to_write, post_of, room_of
from deploy.sandbox.discord.posts import Attachment, Flag, Kind, Post, Reference
from deploy.sandbox.discord.refused import Problem, Refused, invalid_form
from deploy.sandbox.discord.roster import BOT_USER, Channel

CREATED_FLAGS = Flag.SUPPRESS_EMBEDS | Flag.SUPPRESS_NOTIFICATIONS | Flag.COMPONENTS_V2
EDITED_FLAGS = Flag.SUPPRESS_EMBEDS | Flag.COMPONENTS_V2
MOST_BULK = 100


def create(guild: Guild, asked: Asked) -> payloads.Payload:
    """Write a message, or return the one that was written under the same enforced nonce."""
    room, body = room_of(guild, asked), asked.fields
    need_to_write(guild, room)
    files = described(asked)
    check(body, files, guild.file_limit)
    if room.kind == "forum":
        raise Refused(50008)
    if repeated := _repeated(guild, body):
        return repeated
    if not says_something(body, len(files)):
        raise Refused(50006)
    _need_parts(guild, room, body, files)
    moderate(guild, body)
    allowed = allowance(body, ANYBODY)
    post = composed(guild, room.id, body, files, CREATED_FLAGS)
    post.reference = _reference(guild, room, body)
    post.kind = Kind.REPLY if post.reference else Kind.DEFAULT
    guild.threads.enter(room, BOT_USER, "")
    guild.board.publish(post, allowed)
    if post.nonce is not None:
        guild.nonces.keep(BOT_USER, post.nonce, room.id, post.id)
    return message_payloads.message(guild.roster, post) | ({} if post.nonce is None else {"nonce": post.nonce})


def _repeated(guild: Guild, body: dict[str, Any]) -> payloads.Payload | None:
    if not body.get("enforce_nonce") or body.get("nonce") is None:
        return None
    found = guild.nonces.find(BOT_USER, body["nonce"])
    if found is None:
        return None
    channel, number = found
    post = guild.channels[channel].posts.get(number)
    if post is None:
        raise Refused(10008)  # discord-api-docs#6647
    return message_payloads.message(guild.roster, post) | {"nonce": post.nonce}


def _need_parts(guild: Guild, room: Channel, body: dict[str, Any], files: list[Attachment]) -> None:
    """Raise Refused for files without the right to attach; embeds without theirs are only left out."""
    if files:
        need(guild, room, Permission.ATTACH_FILES)
    if not guild.roster.may(room.id, Permission.EMBED_LINKS):
        body["embeds"] = []
    if body.get("message_reference"):
        need(guild, room, Permission.READ_MESSAGE_HISTORY)


def moderate(guild: Guild, body: dict[str, Any]) -> None:
    """Raise Refused if automatic moderation blocks this text."""
    if any(word in str(body.get("content") or "") for word in guild.faults.blocked_words):
        raise Refused(200000)


def described(asked: Asked) -> list[Attachment]:
    """Return the files beside a body in order, with the names and descriptions that it gives them."""
    given = {str(each.get("id")): each for each in asked.fields.get("attachments") or ()}
    for number, file in asked.files.items():
        entry = given.get(str(number), {})
        file.name = str(entry.get("filename") or file.name)
        file.description = str(entry.get("description") or "")
        file.duration_secs, file.waveform = entry.get("duration_secs"), entry.get("waveform")
    return [file for _, file in sorted(asked.files.items())]


def composed(guild: Guild, channel: str, body: dict[str, Any], files: list[Attachment], flags: Flag) -> Post:
    """Make a post of the bot out of a checked body; of its flags those among `flags` count. Content is trimmed."""
    return Post(
        id=guild.snowflakes.next(),
        channel=channel,
        user=BOT_USER,
        content=str(body.get("content") or "").strip(),
        attachments=files,
        embeds=body.get("embeds") or [],
        components=numbered(body.get("components") or []),
        flags=Flag(int(body.get("flags") or 0)) & flags,
        nonce=body.get("nonce"),
    )


def _reference(guild: Guild, room: Channel, body: dict[str, Any]) -> Reference | None:
    given = body.get("message_reference")
    if not given:
        return None
    reference = Reference(str(given.get("channel_id") or room.id), str(given["message_id"]))
    answered = guild.board.post_of(reference)
    if answered is None and not given.get("fail_if_not_exists", True):
        return None
    if answered is None:
        problem = Problem("MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
    elif answered.kind in (Kind.THREAD_CREATED, Kind.THREAD_STARTER):
        problem = Problem("REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE", "Cannot reply to a system message")
    else:
        return reference
    raise invalid_form({"message_reference": problem})


def edit(guild: Guild, asked: Asked) -> payloads.Payload:
    """Change a message of the bot. Without allowed_mentions the new text is read with none held back."""
    post = post_of(guild, asked)
    if post.user != BOT_USER:
        raise Refused(50005)
    need_open(guild.channels[post.channel])
    change(guild, post, asked)
    return shown(guild, post)


def change(guild: Guild, post: Post, asked: Asked, default: dict[str, Any] = ANYBODY, *, edited: bool = True) -> None:
    """Put a checked body into a post; what it does not name stays. `default` holds where it allows nothing itself."""
    body = asked.fields
    second = post.flags & Flag.COMPONENTS_V2
    check({**body, "flags": int(body.get("flags") or 0) | second}, described(asked), guild.file_limit)
    values: dict[str, Any] = {}
    if "content" in body:
        values["content"] = str(body["content"] or "").strip()
    for name in ("embeds", "components"):
        if name in body:
            values[name] = (numbered if name == "components" else list)(body[name] or [])
    if "attachments" in body or asked.files:
        values["attachments"] = _kept(post, asked) + described(asked)
    if "flags" in body:
        values["flags"] = post.flags & ~EDITED_FLAGS | Flag(int(body["flags"] or 0)) & EDITED_FLAGS | second
    moderate(guild, body)
    _need_content(post, values)
    values["flags"] = values.get("flags", post.flags) & ~Flag.LOADING
    guild.board.revise(post, values, allowance(body, default), edited=edited)


def _kept(post: Post, asked: Asked) -> list[Attachment]:
    if "attachments" not in asked.fields:
        return post.attachments
    named = {str(each.get("id")) for each in asked.fields["attachments"] or ()}
    return [file for file in post.attachments if file.id in named]


def _need_content(post: Post, values: dict[str, Any]) -> None:
    left = {name: values.get(name, getattr(post, name)) for name in ("content", "embeds", "components", "attachments")}
    if not any(left.values()):
        raise Refused(50006)


def delete(guild: Guild, asked: Asked) -> None:
    """Delete a message: one's own, or another's with the right to."""
    post = post_of(guild, asked)
    room = guild.channels[post.channel]
    if post.user != BOT_USER:
        need(guild, room, Permission.MANAGE_MESSAGES)
    need_open(room)
    guild.board.remove(post)


def delete_many(guild: Guild, asked: Asked) -> None:
    """Delete 2 to 100 messages at once."""
    room, named = room_of(guild, asked), [str(each) for each in asked.fields.get("messages") or ()]
    need(guild, room, Permission.MANAGE_MESSAGES)
    if not 2 <= len(named) <= MOST_BULK:
        raise invalid_form({"messages": Problem("BASE_TYPE_BAD_LENGTH", "Must be between 2 and 100 in length.")})
    guild.board.remove_all(room.id, [each for each in named if each in room.posts])


def type_there(guild: Guild, asked: Asked) -> None:
    """Show that the bot types, for ten seconds or until it writes."""
    room = room_of(guild, asked)
    need_to_write(guild, room)
    guild.board.start_typing(room.id, BOT_USER)


def refresh(guild: Guild, asked: Asked) -> payloads.Payload:
    """Give new addresses for expired ones of attachments that are still there."""
    fresh = []
    for url in asked.fields.get("attachment_urls") or ():
        place, number = URL(str(url)).parts[-3:-1]
        file = guild.attachments.get(number)
        new = message_payloads.attachment(guild.roster, place, file)["url"] if file else None
        fresh.append({"original": url, "refreshed": new})
    return {"refreshed_urls": fresh}


_MESSAGES = "/channels/{channel}/messages"
ROUTES = (
    Route("create_message", "POST", _MESSAGES, create, MESSAGES, "channel"),
    Route("edit_message", "PATCH", _MESSAGES + "/{message}", edit, MESSAGES, "channel"),
    Route("delete_message", "DELETE", _MESSAGES + "/{message}", delete, DELETING, "channel"),
    Route("bulk_delete_messages", "POST", _MESSAGES + "/bulk-delete", delete_many, ORDINARY, "channel"),
    Route("refresh_attachment_urls", "POST", "/attachments/refresh-urls", refresh, ORDINARY),
    Route("trigger_typing_indicator", "POST", "/channels/{channel}/typing", type_there, MESSAGES, "channel"),
)
