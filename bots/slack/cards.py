"""Cards in Slack: a message with buttons, the click on one, and what its author alone is told.

Slack docs: Button element, block_actions payload, Formatting text (dates), chat.postEphemeral.
"""

import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import structlog

from bots.edit_rate import EditRate
from bots.slack.calls import SlackCalls, SlackRefusal
from bots.slack.outgoing import escape_mentions, escape_text, fallback_text, payload_of
from bots.slack.payload_values import Payload, mapping_at, mappings_at, text_at, ts_at
from bots.slack.reply import SlackReply
from core.cards import CHOICES, PREFIX, Card, CardEnd, format_click
from core.messages import Author, ConversationKey, Message, Turn
from core.model_events import Replace, ReplyEvent
from core.ports import Journal

log = structlog.get_logger()

STYLES = {"allow": {"style": "primary"}, "no": {"style": "danger"}}


async def show_card(calls: SlackCalls, budget: EditRate, turn: Turn, card: Card, journal: Journal) -> None:
    """Post a card in a turn's thread, or change the one that stands; raises SlackRefusal."""
    reply = SlackReply(calls, budget, turn, journal, partial(card_payload, card))
    if standing := await reply.find_standing():
        await reply.edit_part(standing[0], card.text, last=True)
    elif card.end is None:
        await reply.post_part(0, card.text)


def card_payload(card: Card, text: str) -> dict[str, Any]:
    """Return what shows a card: its text, and below it the buttons, or how it ended."""
    shown = {"type": "markdown", "text": escape_mentions(text)}
    below = _end_block(card.end) if card.end else _buttons_block(card.id)
    return {"text": fallback_text(text), "blocks": [shown, below], "parse": "none"}


def _buttons_block(card_id: str) -> dict[str, Any]:
    buttons = [
        {
            "type": "button",
            "action_id": f"{PREFIX}{choice}",
            "value": card_id,
            "text": {"type": "plain_text", "text": label},
            **STYLES.get(choice, {}),
        }
        for choice, label in CHOICES.items()
    ]
    return {"type": "actions", "elements": buttons}


def _end_block(end: CardEnd) -> dict[str, Any]:
    """Return who decided what and when; a name in what is changed rings nobody."""
    whole = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(end.at))
    date = f"<!date^{int(end.at)}^{{date_short_pretty}} at {{time}}|{whole}>"
    by = f" by <@{end.by}>" if end.by else ""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": f"{escape_text(end.text)}{by}, {date}"}]}


def read_click(body: Payload, workspace: str) -> Message | None:
    """Return a click on one of a card's buttons as a message to the inbox; None for any other action.

    No two clicks have the same action_ts and trigger_id. It is a conversation of its own, so that it waits for nothing.
    """
    container, user = mapping_at(body, "container"), mapping_at(body, "user")
    channel, ts = text_at(container, "channel_id"), ts_at(container, "message_ts")
    for action in mappings_at(body, "actions"):
        name, at = text_at(action, "action_id"), ts_at(action, "action_ts")
        choice = name.removeprefix(PREFIX)
        if name.startswith(PREFIX) and choice in CHOICES and channel and ts and at:
            return Message(
                id=f"{at}:{text_at(body, 'trigger_id')}",
                key=ConversationKey("slack", workspace, channel, ts),
                author=Author(text_at(user, "id"), "", workspace=text_at(user, "team_id")),
                text=format_click(choice, text_at(action, "value")),
                sent_at=float(at),
                addressed=True,
                command="click",
                handle=ts_at(mapping_at(body, "message"), "thread_ts"),
            )
    return None


async def whisper(calls: SlackCalls, message: Message, events: AsyncIterator[ReplyEvent]) -> None:
    """Show a text to a message's author alone, where it was clicked; one who is not there is told nothing."""
    text = ""
    async for event in events:
        text = event.text if isinstance(event, Replace) else text + event.text
    thread = {"thread_ts": message.handle} if message.handle else {}
    place = {"channel": message.key.channel, "user": message.author.id, **thread}
    try:
        await calls.post_json("chat.postEphemeral", {**place, **payload_of(text)})
    except SlackRefusal as refusal:
        if refusal.is_silence:
            raise
        log.warning("clicker not told", code=refusal.code)
