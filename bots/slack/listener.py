"""What Bolt hears, handed on to core; each is acknowledged once it is on disk."""

import logging
import re
import time
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bots.backfill import Backfill
from bots.slack.backfill import microseconds_of
from bots.slack.cards import read_click
from bots.slack.events import SlackEventReader, is_home_opened
from bots.slack.interactions import Interactions
from bots.slack.outgoing import payload_of
from bots.slack.settings_menu import SettingsMenu
from bots.slack.settings_views import CALLBACK
from core.commands import command_of
from core.messages import Receive

log = structlog.get_logger()

ANY = re.compile("")


class SlackListener:
    """The events, slash commands and shortcuts of one workspace."""

    def __init__(
        self,
        identity: AuthorizeResult,
        interactions: Interactions,
        ear: SlackEventReader,
        receive: Receive,
        catch_up: Backfill,
        settings: SettingsMenu,
    ) -> None:
        self._identity = identity
        self._interactions = interactions
        self._ear = ear
        self._receive = receive
        self._catch_up = catch_up
        self._settings = settings
        self._known = {"message", "app_mention", "app_home_opened"}  # types that are not worth a line in the log

    def build_app(self, client: AsyncWebClient, signing_secret: str) -> AsyncApp:
        """Return Bolt's app. It acknowledges after its listener has returned, and so after the insert.

        Bolt by default acknowledges first, and then a crash loses the event: hence process_before_response.
        """

        async def authorize() -> AuthorizeResult:
            return self._identity

        app = AsyncApp(
            name="confab",  # else Bolt looks for it in the source of all callers
            client=client,
            logger=_quiet_logger(),
            signing_secret=signing_secret,
            authorize=authorize,
            process_before_response=True,
            ignoring_self_events_enabled=False,  # bots.slack.events decides it, from the event alone
        )
        app.event(ANY)(self._on_event)
        app.command(ANY)(self._on_command)  # whatever an operator has named it
        app.message_shortcut(ANY)(self._on_shortcut)
        app.view(CALLBACK)(self._on_submission)
        app.action(ANY)(self._on_action)
        return app

    async def _on_event(self, body: dict[str, Any]) -> None:
        try:
            is_known = await self._ear.receive_event(body)
        except Exception:
            self._catch_up.begin_catch_up()  # Slack tries again for some minutes; then we read it ourselves
            raise
        self._catch_up.note_received(microseconds_of(body["event"].get("event_ts")))
        if is_home_opened(body):
            await self._settings.publish_home(body["event"]["user"])
        if not is_known and body["event"]["type"] not in self._known:
            self._known.add(body["event"]["type"])
            log.info("event ignored", type=body["event"]["type"], hint="Nothing subscribed needs it.")

    async def _on_command(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Take a question in; what asks nothing is answered in the acknowledgement, for who typed it alone."""
        if command_of(body.get("text", "")) == "settings":
            told = await self._settings.open_modal(body["channel_id"], body["user_id"], body["trigger_id"])
            await ack({**payload_of(told), "response_type": "ephemeral"} if told else "")
        elif asked := self._interactions.read_private_command(body, time.time()):
            told = await self._interactions.commands.answer(asked)
            await ack({**payload_of(told), "response_type": "ephemeral"})
        elif message := self._interactions.read_command(body, time.time()):
            await self._receive(message)
            await ack()
        else:
            await ack({**payload_of(self._interactions.help_of_command(body)), "response_type": "ephemeral"})

    async def _on_submission(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Take what was chosen in the modal; it is acknowledged once it is kept."""
        taken = await self._settings.take_submission(body)
        await ack(response_action=taken["response_action"], view=taken["view"])

    async def _on_action(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Do what a button asks for, and acknowledge every one: Slack shows a warning at what nobody heard."""
        if click := read_click(body, self._interactions.workspace):
            await self._receive(click)
        else:
            await self._settings.take_action(body)
        await ack()

    async def _on_shortcut(self, body: dict[str, Any], ack: AsyncAck) -> None:
        if message := self._interactions.read_shortcut(body):
            await self._receive(message)
        else:
            log.info("shortcut ignored", callback_id=body["callback_id"], hint="It is not in Confab's manifest.")
        await ack()


def _quiet_logger() -> logging.Logger:
    """Return Bolt's logger. It warns of tokens in the environment, which it need not use, and of what we refuse."""
    logger = logging.getLogger("slack_bolt")
    logger.setLevel(logging.ERROR)
    return logger
