"""What people set in Slack: a modal by slash command or from the App Home, and what comes back of it."""

import asyncio
from typing import Any

import structlog

from bots.slack.calls import SlackCalls, SlackRefusal
from bots.slack.payload_values import Payload, mapping_at, mappings_at, text_at
from bots.slack.people import DisplayNames
from bots.slack.settings_views import OPEN, chosen_values, home_of, modal_of, modal_saying
from core.chat_commands import ChatCommands
from core.messages import Author, ConversationKey, Message, Standing
from core.preferences.preferences import ChoiceRefused

log = structlog.get_logger()

IN_TIME = 2.5  # seconds: a trigger serves for three (Slack docs, Interactivity), and so long may an answer take
TOO_LATE = "_Slack would not show the settings in time; please try that again._"
SAVED = "Saved. It holds from now on."
UNCHANGED = "Nothing was changed."


class SettingsMenu:
    """The settings of one workspace, asked and taken."""

    def __init__(self, calls: SlackCalls, people: DisplayNames, commands: ChatCommands, workspace: str) -> None:
        self._calls = calls
        self._people = people
        self._commands = commands
        self._preferences = commands.preferences
        self._workspace = workspace

    async def open_modal(self, channel: str, person: str, trigger: str) -> str:
        """Show a person the form for a channel; return what to tell them where Slack does not show it."""
        try:
            async with asyncio.timeout(IN_TIME):
                standing = await self._standing_of(channel, person)
                form = self._preferences.form_of(self._key(channel), person, standing)
                await self._calls.post_json("views.open", {"trigger_id": trigger, "view": modal_of(form, channel)})
        except (SlackRefusal, TimeoutError) as error:
            log.warning("settings not shown", error=type(error).__name__, detail=str(error))
            return TOO_LATE
        return ""

    async def take_submission(self, body: Payload) -> dict[str, Any]:
        """Keep what a person chose; return the acknowledgement, which shows what became of it."""
        view, person = mapping_at(body, "view"), text_at(mapping_at(body, "user"), "id")
        channel, values = text_at(view, "private_metadata"), chosen_values(view)
        try:
            standing = await self._standing_of(channel, person)
            changed = await self._preferences.choose(self._key(channel), person, standing, values)
        except ChoiceRefused as refusal:
            return {"response_action": "update", "view": modal_saying(str(refusal))}
        if not channel:
            await self.publish_home(person)
        return {"response_action": "update", "view": modal_saying(SAVED if changed else UNCHANGED)}

    async def take_action(self, body: Payload) -> None:
        """Open the form where the App Home's button was pressed."""
        if any(text_at(each, "action_id") == OPEN for each in mappings_at(body, "actions")):
            await self.open_modal("", text_at(mapping_at(body, "user"), "id"), text_at(body, "trigger_id"))

    async def publish_home(self, person: str) -> None:
        """Show a person the App Home as it is for them now; it is shown again whenever they open it."""
        told = (self._commands.help_of(self._key(""), person), await self._usage_of(person))
        view = home_of("\n\n".join(filter(None, told)))
        try:
            async with asyncio.timeout(IN_TIME):
                await self._calls.post_json("views.publish", {"user_id": person, "view": view})
        except (SlackRefusal, TimeoutError) as error:
            log.warning("app home not shown", error=type(error).__name__, detail=str(error))

    async def _usage_of(self, person: str) -> str:
        """Return what a person has used, where that is told."""
        if not self._commands.is_answered_apart("usage"):
            return ""
        author = Author(person, "", workspace=self._workspace)
        return await self._commands.answer(Message("", self._key(""), author, "", 0.0, addressed=True, command="usage"))

    async def _standing_of(self, channel: str, person: str) -> Standing:
        """Return whether a person may set what holds in a channel, as it is at this moment."""
        if not channel or channel.startswith("D"):
            return "alone"
        is_named = self._preferences.is_named_administrator(person)
        is_administrator = is_named or await self._people.is_administrator(person, self._workspace)
        return "administrator" if is_administrator else "member"

    def _key(self, channel: str) -> ConversationKey:
        return ConversationKey("slack", self._workspace, channel, "")
