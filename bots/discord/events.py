"""What Discord's messages say: one in, one of core's out. Pure."""

import re
from collections.abc import Iterator, Mapping

import discord

from bots.discord.places import DIRECT, DiscordPlace, ReplyHandle
from core.commands import command_of
from core.messages import Attachment, Author, ConversationKey, Message

SPOKEN = {discord.MessageType.default, discord.MessageType.reply}  # all others are Discord's own words
TOKEN = re.compile(r"<(?P<kind>@[!&]?|#|a?:\w+:)(?P<id>\d+)>")
OPENING_MENTION = re.compile(r"\s*<@!?(\d+)>")


def is_spoken(message: discord.Message, me: int) -> bool:
    """Whether a person says something here that can be read.

    Without the message-content intent what does not mention the bot arrives empty (Discord docs, Message Content).
    """
    by_a_person = not message.author.bot and not message.webhook_id and message.author.id != me
    says_something = message.content or message.attachments or message.message_snapshots
    return message.type in SPOKEN and by_a_person and bool(says_something)


def is_hidden_note(message: discord.Message, me: int) -> bool:
    """Whether a person sent a voice note here that arrived without its sound, as without the message-content intent."""
    by_a_person = not message.author.bot and not message.webhook_id and message.author.id != me
    return message.type in SPOKEN and by_a_person and message.flags.voice and not message.attachments


def replied_part_of(message: discord.Message, me: int) -> str:
    """Return the id of the bot's own message that this one replies to, empty where it does not."""
    replied = _replied_to(message)
    return str(replied.id) if replied and replied.author.id == me else ""


def read_message(
    message: discord.Message,
    place: DiscordPlace,
    me: int,
    *,
    roles: bool = False,
    goes_on: ConversationKey | None = None,
) -> Message:
    """Return what a person said. `goes_on` is the conversation of the bot's message that it replies to."""
    text = text_of(message, me)
    addressed = place.is_direct or _mentions_bot(message, me, roles=roles) or bool(replied_part_of(message, me))
    replied = _replied_to(message)
    for_others = opens_with_other_mention(message.content, me) or (replied is not None and replied.author.id != me)
    return Message(
        id=str(message.id),
        key=goes_on or key_of(place, str(message.id)),
        author=author_of(message.author, place.workspace),
        text=text,
        sent_at=message.created_at.timestamp(),
        addressed=addressed,
        follow_up=bool(place.thread) and not for_others,
        attachments=attachments_of(message),
        command="unheard" if is_hidden_note(message, me) else command_of(text) if addressed else "",
        handle=str(ReplyHandle(place.room)),
        others=_texts_of_others(message, me),
    )


def author_of(user: discord.User | discord.Member, workspace: str) -> Author:
    """Return who wrote; roles are known of members alone, which is what messages and commands in a guild come with."""
    roles = tuple(str(role.id) for role in user.roles) if isinstance(user, discord.Member) else ()
    return Author(str(user.id), user.display_name, workspace=workspace, roles=roles)


def text_of(message: discord.Message, me: int) -> str:
    """Return what was written, and what was forwarded with it, with names in place of ids."""
    return "\n\n".join(_texts_of(message, me))


def attachments_of(message: discord.Message) -> tuple[Attachment, ...]:
    """Return the files that came with a message, or with what it forwards."""
    return tuple(_read_attachment(file) for file in _files_of(message))


def key_of(place: DiscordPlace, message_id: str) -> ConversationKey:
    """Return the conversation that a message is part of; in a channel it begins one.

    A thread that is started from a message has that message's id (Discord docs, Threads), so that the conversation
    is the same before and after it is opened.
    """
    thread = "" if place.workspace == DIRECT else place.thread or message_id
    return ConversationKey("discord", place.workspace, place.channel, thread)


def _mentions_bot(message: discord.Message, me: int, *, roles: bool) -> bool:
    """Whether the bot is meant; never by @everyone or @here, and by a role of its own only where `roles` says so."""
    if any(user.id == me for user in message.mentions):
        return True
    own = {role.id for role in message.guild.me.roles} if roles and message.guild and message.guild.me else set()
    return any(role.id in own and not role.is_default() for role in message.role_mentions)


def _replied_to(message: discord.Message) -> discord.Message | None:
    resolved = message.reference.resolved if message.reference else None
    return resolved if isinstance(resolved, discord.Message) else None


def _texts_of(message: discord.Message, me: int) -> Iterator[str]:
    names = {f"@{user.id}": f"@{user.display_name}" for user in message.mentions}
    names |= {f"@&{role.id}": f"@{role.name}" for role in message.role_mentions}
    names |= {f"#{channel.id}": f"#{channel.name}" for channel in message.channel_mentions}
    if written := resolve_tokens(message.content, me, names):
        yield written
    for snapshot in message.message_snapshots:
        if snapshot.content:
            yield "Forwarded:\n" + "\n".join(f"> {line}" for line in snapshot.content.splitlines())


def _texts_of_others(message: discord.Message, me: int) -> tuple[str, ...]:
    """Return what stands in a message and is not its author's: names of people and roles, and what was forwarded."""
    names = [user.display_name for user in message.mentions if user.id != me]
    names += [role.name for role in message.role_mentions]
    return (*names, *(snapshot.content for snapshot in message.message_snapshots if snapshot.content))


def _files_of(message: discord.Message) -> Iterator[discord.Attachment]:
    yield from message.attachments
    for snapshot in message.message_snapshots:
        yield from snapshot.attachments


def _read_attachment(file: discord.Attachment) -> Attachment:
    return Attachment(
        id=str(file.id),
        name=file.filename,
        media_type=file.content_type or "",
        url=file.url,
        size=file.size,
        duration=file.duration,
        is_voice_note=file.is_voice_message(),
    )


def resolve_tokens(text: str, me: int, names: Mapping[str, str]) -> str:
    """Return a text without the bot's own mention, and with names in place of ids.

    `names` holds them by token without brackets, `@1`, `@&2` and `#3`; what is not named stays as it is.
    """
    own = rf"<@!?{me}>"
    addressed = re.sub(rf"^\s*(?:{own}[\s,:]*)+|[^\S\n]?{own}", "", text)
    return TOKEN.sub(lambda token: _name_token(token, names), addressed).strip()


def _name_token(token: re.Match[str], names: Mapping[str, str]) -> str:
    kind = token["kind"]
    if kind.endswith(":"):
        return kind.removeprefix("a")
    return names.get(kind.replace("!", "") + token["id"], token[0])


def opens_with_other_mention(text: str, me: int) -> bool:
    """Whether a text opens by mentioning somebody else, and is thus for them."""
    match = OPENING_MENTION.match(text)
    return match is not None and int(match[1]) != me
