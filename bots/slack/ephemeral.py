"""Words for one person alone, where the bot may not write for all to read."""

import aiohttp
import structlog
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bots.slack.calls import SlackRefusal
from bots.slack.outgoing import payload
from core.messages import Message

log = structlog.get_logger()

OUTSIDE = {"not_in_channel", "channel_not_found"}  # Slack docs, chat.postMessage
INVITE = "I cannot write here. `/invite @Confab` brings me into a channel; or write to me directly."


class Ephemeral:
    """Answers at the `response_url` of an interaction, which works where the bot is no member (Slack docs)."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def refuse(self, message: Message, refusal: SlackRefusal) -> None:
        """Tell who set an interaction off that its answer cannot be shown; others are told nothing."""
        if not message.handle:
            return
        text = INVITE if refusal.code in OUTSIDE else f"_{refusal.notice}_"
        client = AsyncWebhookClient(message.handle, session=self._session, retry_handlers=[])
        try:
            answer = await client.send_dict({**payload(text), "response_type": "ephemeral"})
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("asker not told", error=type(error).__name__)
            return
        if answer.status_code != 200:  # it serves for half an hour (Slack docs, Handling user interaction)
            log.warning("asker not told", status=answer.status_code)
