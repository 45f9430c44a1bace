"""What slash commands and message shortcuts say: a payload in, one of core's messages out, or a text.

Slack docs: Slash commands, and Shortcuts interaction payloads.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import aiohttp
import structlog
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bots.slack.calls import SlackRefusal
from bots.slack.events import author_of
from bots.slack.outgoing import escape_text, payload_of
from bots.slack.payload_values import Payload, text_at
from bots.slack.post_text import attachments_of, quote_lines, read_text
from core.chat_commands import ChatCommands
from core.commands import argument_of, command_of, is_ranked
from core.messages import Author, Command, ConversationKey, Message, Quotation
from core.quotes import WORDLESS

log = structlog.get_logger()

SHORTCUTS: Mapping[str, Command] = {"confab_ask": "", "confab_stop": "stop", "confab_reset": "reset"}
BY_MENTION = (
    "Slack takes no slash command in a thread. Mention me there, as in `@Confab {command}`, or choose it in the menu "
    "of one of the thread's messages."
)
OUTSIDE = {"not_in_channel", "channel_not_found"}  # Slack docs, chat.postMessage
INVITE = "I cannot write here. `/invite @Confab` brings me into a channel; or write to me directly."


@dataclass(frozen=True, slots=True)
class Interactions:
    """Reads what people set off in one workspace; `dm_threads` as for events."""

    workspace: str
    bot_user: str
    commands: ChatCommands
    dm_threads: bool = True

    def read_private_command(self, body: Payload, now: float) -> Message | None:
        """Return what a slash command wants told to the asker alone, None where it is another."""
        text = str(body.get("text", ""))
        command = command_of(text)
        is_question = is_ranked(command) and not argument_of(text)  # what it makes of an argument is for all to see
        if not self.commands.is_answered_apart(command) and not is_question:
            return None
        key = ConversationKey("slack", self.workspace, body["channel_id"], "")
        author = Author(body["user_id"], str(body.get("user_name", "")), workspace=str(body.get("team_id", "")))
        return Message(str(body["trigger_id"]), key, author, text, now, addressed=True, command=command, is_alone=True)

    def read_command(self, body: Payload, now: float) -> Message | None:
        """Return what a slash command asks, None where it asks nothing; `now` is in seconds since the epoch.

        It stands in no message and has no ts: its `trigger_id`, which no other has, is its id. In a direct message
        that is one flow, a command is a message like any other.
        """
        one_flow = body["channel_id"].startswith("D") and not self.dm_threads
        command = command_of(body.get("text", ""))
        is_told = one_flow or is_ranked(command)
        if not body.get("text", "").strip() or (command and not is_told):
            return None
        return Message(
            id=str(body["trigger_id"]),
            key=ConversationKey("slack", self.workspace, body["channel_id"], ""),
            author=Author(body["user_id"], "", workspace=str(body.get("team_id", ""))),
            text=body["text"],
            sent_at=now,
            addressed=True,
            command=command if is_told else "ask",
            handle=str(body["response_url"]),
            is_awaited=True,
        )

    def read_shortcut(self, body: Payload) -> Message | None:
        """Return what a message shortcut asks or tells the bot; None for one that is not ours.

        Choosing it twice is asking twice: the message's ts and that of the choice make its id.
        """
        command = SHORTCUTS.get(body["callback_id"])
        if command is None:
            return None
        channel, message = body["channel"]["id"], body["message"]
        quotation = self._quotation_of(message)
        one_flow = channel.startswith("D") and not self.dm_threads
        thread = "" if one_flow else str(message.get("thread_ts") or message["ts"])
        return Message(
            id=f"{message['ts']}:{body['action_ts']}",
            key=ConversationKey("slack", self.workspace, channel, thread),
            author=Author(body["user"]["id"], "", workspace=str(body["user"].get("team_id", ""))),
            text="" if command else quotation.text,
            sent_at=float(body["action_ts"]),
            addressed=True,
            attachments=() if command else attachments_of(message),
            command=command,
            handle=str(body["response_url"]),
            is_awaited=True,
            about="" if command else str(message["ts"]),
            others=() if command else quotation.others,
            quotations=() if command else (quotation, *_quoted_within(message)),
        )

    def help_of_command(self, body: Payload) -> str:
        """Return what a slash command that asks nothing is answered with: help, or where else it can be used."""
        command = command_of(body.get("text", ""))
        if command in {"stop", "reset", "memory", "forget this"}:
            return BY_MENTION.format(command=command)
        here = ConversationKey("slack", self.workspace, body["channel_id"], "")
        told = self.commands.help_of(here, body["user_id"])
        return f"{told}\n\n`{body['command']} your question` asks me in this channel."

    def _quotation_of(self, message: Payload) -> Quotation:
        """Return the question that a message itself is: its text, each line quoted, and by whom it is, as data."""
        files = tuple(file.id for file in attachments_of(message))
        said, name = read_text(message).whole or ("" if files else WORDLESS), self._name_of(message)
        text = "\n".join([f"What do you say to this message by {name}?", *([quote_lines(said)] if said else [])])
        return Quotation(author_of(message) or Author("", ""), text, (said, name), files)

    def _name_of(self, message: Payload) -> str:
        if message.get("user") == self.bot_user:
            return "yourself"
        author = author_of(message) or Author(text_at(message, "user"), "")
        if author.name:
            return escape_text(" ".join(author.name.split()))
        return f"<@{author.id}>" if author.id.isalnum() else "somebody"


def _quoted_within(message: Payload) -> list[Quotation]:
    """Return what a message forwards, as it stands in a question about that message."""
    return [replace(each, text=quote_lines(each.text)) for each in read_text(message).quotations]


class Ephemeral:
    """Answers at the `response_url` of an interaction, which works where the bot is no member (Slack docs)."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def tell_refusal(self, message: Message, refusal: SlackRefusal) -> None:
        """Tell who set an interaction off that its answer cannot be shown; others are told nothing."""
        if not message.handle:
            return
        text = INVITE if refusal.code in OUTSIDE else f"_{refusal.notice}_"
        client = AsyncWebhookClient(message.handle, session=self._session, retry_handlers=[])
        try:
            answer = await client.send_dict({**payload_of(text), "response_type": "ephemeral"})
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("asker not told", error=type(error).__name__)
            return
        if answer.status_code != 200:  # it serves for half an hour (Slack docs, Handling user interaction)
            log.warning("asker not told", status=answer.status_code)
