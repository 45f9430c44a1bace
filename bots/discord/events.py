"""What Discord's messages say: one in, one of core's out. Pure."""

from dataclasses import replace

import discord

from bots.discord.attachments import attachments_of
from bots.discord.authors import author_of, standing_of_author
from bots.discord.message_kinds import is_app, is_hidden_note, may_ask
from bots.discord.message_text import embed_texts, forwarded_texts, opens_with_other_mention, shown_text
from bots.discord.places import DIRECT, DiscordPlace, ReplyHandle
from bots.discord.quotes import Quote, add_quote
from core.commands import command_of, is_ranked
from core.messages import Author, ConversationKey, Message, Quotation

UNHEARD = (
    "_I cannot hear voice notes here, since Discord hides them from me. Choose *Apps*, *Ask Confab about this* in the "
    "note's menu, or have the *Message Content Intent* switched on for me._"
)


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
    """Return what was said. `goes_on` is the conversation of the bot's message that it replies to."""
    text, replied = shown_text(message, me), _replied_to(message)
    is_meant = place.is_direct or _mentions_bot(message, me, roles=roles) or bool(replied_part_of(message, me))
    addressed = is_meant and may_ask(message)
    for_others = opens_with_other_mention(message.content, me) or (replied is not None and replied.author.id != me)
    follow_up = bool(place.thread) and not for_others and may_ask(message)
    command = command_of(text, addressed=addressed) if addressed or follow_up else ""
    handle = _handle_of(message, place)
    question = Message(
        id=str(message.id),
        key=goes_on or key_of(place, str(message.id)),
        author=replace(author_of(message.author, place.workspace), is_bot=is_app(message)),
        text=text,
        sent_at=message.created_at.timestamp(),
        addressed=addressed,
        follow_up=follow_up,
        attachments=attachments_of(message),
        command=command,
        handle=str(handle),
        about="" if command else handle.replied,
        others=_texts_of_others(message, me),
        quotations=_forwarded_parts(message, me),
        is_closed=place.is_closed,
        is_alone=place.is_direct,
        standing=standing_of_author(message) if is_ranked(command) else "member",
    )
    if is_hidden_note(message, me):
        return replace(question, text=UNHEARD, command="unheard")
    if not replied or not addressed or question.command:
        return question
    is_known = replied.author.id == me and (goes_on or place.thread or place.is_direct) and question.text
    return question if is_known else add_quote(question, Quote.of_message(replied, me, place.workspace))


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


def _handle_of(message: discord.Message, place: DiscordPlace) -> ReplyHandle:
    """Return where to reply, with what Discord did not send of the message that is replied to or forwarded."""
    reference = message.reference
    if reference is None or not reference.message_id or reference.resolved:
        return ReplyHandle(place.room)
    if message.message_snapshots:
        return ReplyHandle(place.room, forwarded=f"{reference.channel_id}/{reference.message_id}")
    return ReplyHandle(place.room, replied=str(reference.message_id))


def _replied_to(message: discord.Message) -> discord.Message | None:
    resolved = message.reference.resolved if message.reference else None
    return resolved if isinstance(resolved, discord.Message) else None


def _forwarded_parts(message: discord.Message, me: int) -> tuple[Quotation, ...]:
    """Return what was forwarded; Discord does not send who wrote it."""
    if not message.message_snapshots:
        return ()
    files = tuple(str(file.id) for snapshot in message.message_snapshots for file in snapshot.attachments)
    texts = tuple(forwarded_texts(message, me))
    return (Quotation(Author("", ""), "\n\n".join(texts), texts, files),)


def _texts_of_others(message: discord.Message, me: int) -> tuple[str, ...]:
    """Return what stands in a message and is not its author's: names, embeds, and what was forwarded."""
    names = [user.display_name for user in message.mentions if user.id != me]
    names += [role.name for role in message.role_mentions]
    return (*names, *embed_texts(message.embeds), *forwarded_texts(message, me))
