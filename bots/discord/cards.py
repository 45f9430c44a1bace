"""Cards in Discord: a message with buttons, the click on one, and what its author alone is told.

Discord docs: Buttons, Receiving and Responding (an interaction's first answer and its token), Message Formatting.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import discord
import structlog
from discord.http import Route

from bots.discord.authors import author_of
from bots.discord.calls import TOKEN_SPENT, DiscordRefusal, call_persistently
from bots.discord.markdown import render_markdown
from bots.discord.outgoing import nonce_of
from bots.discord.places import DiscordPlace, ReplyHandle, handle_of
from bots.discord.reply_channel import ReplyChannel
from bots.markdown.disguised_links import escape_links
from core.cards import CHOICES, PREFIX, Card, CardEnd, format_click
from core.messages import ConversationKey, Message, Turn
from core.model_events import Replace, ReplyEvent
from core.ports import Journal

log = structlog.get_logger()

STYLES = {"allow": discord.ButtonStyle.success, "no": discord.ButtonStyle.danger}
ACKNOWLEDGED = 3.0  # seconds in which Discord takes the first answer to an interaction: one to its token comes after it
AGAIN = 0.2  # seconds between two tries within that


async def show_card(room: ReplyChannel, turn: Turn, card: Card, journal: Journal) -> None:
    """Post a card where a turn is answered, or change the one that stands; raises DiscordRefusal."""
    text = escape_links(render_markdown(card.text, is_whole=True))
    standing = next(iter(turn.posted), "")
    if not standing and turn.attempts > 1:
        standing = await room.find_card(turn.message.id, _name_of("allow", card.id))
    if card.end is None:
        standing = standing or await room.send_card(text, _buttons_of(card.id), nonce_of(turn.reply_id, 0))
    elif standing:
        await room.change_card(standing, f"{text}\n{_end_line(card.end)}", None)
    if standing and not turn.posted:
        await journal.note_posted(0, standing)


def _buttons_of(card_id: str) -> discord.ui.View:
    """Return a card's buttons; nothing of them is kept in memory, as a click names its card."""
    view = discord.ui.View(timeout=None)
    for choice, label in CHOICES.items():
        style = STYLES.get(choice, discord.ButtonStyle.secondary)
        view.add_item(discord.ui.Button(label=label, style=style, custom_id=_name_of(choice, card_id)))
    view.stop()
    return view


def _name_of(choice: str, card_id: str) -> str:
    return f"{PREFIX}{choice}:{card_id}"


def _end_line(end: CardEnd) -> str:
    """Return who decided what and when; the client lets no mention ring."""
    by = f" by <@{end.by}>" if end.by else ""
    return f"-# {end.text}{by}, <t:{int(end.at)}:f>"


def read_click(interaction: discord.Interaction[Any], place: DiscordPlace) -> Message | None:
    """Return a click on one of a card's buttons as a message to the inbox; None for any other component.

    It is a conversation of its own, so that it waits for nothing.
    """
    data: Mapping[str, object] = interaction.data or {}
    name = str(data.get("custom_id", ""))
    choice, _, card_id = name.removeprefix(PREFIX).partition(":")
    if not name.startswith(PREFIX) or choice not in CHOICES or interaction.message is None:
        return None
    sent_at = interaction.created_at.timestamp()
    return Message(
        id=str(interaction.id),
        key=ConversationKey("discord", place.workspace, place.channel, str(interaction.message.id)),
        author=author_of(interaction.user, place.workspace),
        text=format_click(choice, card_id),
        sent_at=sent_at,
        addressed=True,
        command="click",
        handle=str(ReplyHandle.of_interaction(place.room, interaction.token, "@original", sent_at)),
    )


async def whisper_in_answer(client: discord.Client, message: Message, events: AsyncIterator[ReplyEvent]) -> None:
    """Show a text to who clicked alone, in the answer that was promised; once its token is spent nobody is told."""
    text, handle = "", handle_of(message)
    async for event in events:
        text = event.text if isinstance(event, Replace) else text + event.text
    until = asyncio.get_running_loop().time() + ACKNOWLEDGED
    while handle.is_valid and not await _edit_promised(client, handle.token, escape_links(text)):
        if asyncio.get_running_loop().time() > until:
            log.warning("clicker not told", hint="Discord no longer takes the answer to this click.")
            return
        await asyncio.sleep(AGAIN)  # the click is on disk before it is acknowledged, and may be decided before, too


async def _edit_promised(client: discord.Client, token: str, text: str) -> bool:
    """Give the answer that was promised; False where none is yet, or its token no longer holds."""
    path = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
    route = Route("PATCH", path, webhook_id=client.application_id or 0, webhook_token=token)
    body = {"content": text, "allowed_mentions": discord.AllowedMentions.none().to_dict()}
    try:
        await call_persistently("edit_interaction_response", lambda: client.http.request(route, json=body))
    except DiscordRefusal as refusal:
        if refusal.code not in TOKEN_SPENT:
            raise
        return False
    return True
