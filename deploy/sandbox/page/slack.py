"""The pretend Slack as a place of the page."""

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from deploy.sandbox.page import slack_view as view
from deploy.sandbox.page.clips import KINDS, clip
from deploy.sandbox.page.faults import PageFault
from deploy.sandbox.page.place import Enclosure, Json, Pressed, Said, Spot, Stored, Used
from deploy.sandbox.page.slack_faults import faults
from deploy.sandbox.slack.buttons import buttons_on, press
from deploy.sandbox.slack.changes import Change
from deploy.sandbox.slack.interactions import use_command, use_shortcut
from deploy.sandbox.slack.workspace import Workspace
from deploy.sandbox.wire.guard import refusal

# The commands and shortcuts of the manifest, as a person reads them.
FEATURES = json.loads((Path(__file__).parents[2] / "slack-manifest.json").read_text("utf-8"))["features"]
COMMANDS = {each["command"]: each for each in FEATURES["slash_commands"]}
SHORTCUTS = {each["callback_id"]: each["name"] for each in FEATURES["shortcuts"]}


class SlackPlace:
    """One workspace; a thread has its root's ts."""

    platform = view.PLATFORM

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.faults: Sequence[PageFault] = faults(workspace)

    @property
    def people(self) -> Collection[str]:
        """The ids of all but the bots."""
        return [user.id for user in self._workspace.users.values() if not user.is_bot]

    @property
    def online(self) -> bool:
        """Whether a socket is open."""
        return self._workspace.connected > 0

    @property
    def environment(self) -> Mapping[str, str]:
        """What the bot needs for Socket Mode."""
        return {
            "SLACK_API_URL": f"{self._workspace.url}/slack/api/",
            "SLACK_BOT_TOKEN": self._workspace.bot_token,
            "SLACK_APP_TOKEN": self._workspace.app_token,
        }

    def state(self) -> Json:
        """Return everything of the workspace."""
        return view.platform(self._workspace)

    def commands(self) -> list[Json]:
        """Return the app's slash commands, which Slack offers in threads too and refuses there, and its shortcuts."""
        known = self._workspace
        menus = [offered("menu", name, SHORTCUTS.get(name, name)) for name in sorted(known.shortcuts)]
        return [*map(offered_command, sorted(known.commands)), *menus]

    def subscribe(self) -> AbstractContextManager[asyncio.Queue[Change]]:
        """Give a queue of the workspace's changes."""
        return self._workspace.subscribe()

    def change(self, what: Change) -> Json | None:
        """Return a change as the page hears of it."""
        return view.change(self._workspace, what)

    def author(self, spot: Spot, post: str) -> str:
        """Return who wrote a message; empty where it is not there."""
        room = self._workspace.channels.get(spot.channel)
        return room.posts[post].user if room and post in room.posts else ""

    async def say(self, spot: Spot, said: Said) -> str:
        """Write a message; `thread` may be any message that stands for itself."""
        room = self._workspace.channels.get(spot.channel)
        if room is None:
            raise refusal(404, "There is no such channel.")
        if spot.thread and spot.thread not in room.posts:
            raise refusal(404, "There is no such thread.")
        if not all(file in self._workspace.files for file in said.files):
            raise refusal(404, "There is no such file.")
        broadcast = bool(spot.thread and said.broadcast)
        return await self._workspace.say(room.id, said.text, said.user, spot.thread or None, said.files, broadcast)

    async def edit(self, spot: Spot, post: str, text: str) -> None:
        """Change a message's text."""
        await self._workspace.edit(spot.channel, post, text)

    async def delete(self, spot: Spot, post: str) -> None:
        """Delete a message."""
        await self._workspace.delete(spot.channel, post)

    async def use(self, spot: Spot, used: Used) -> None:
        """Use a slash command or a shortcut; what comes of it, Slack says to the person itself."""
        if spot.channel not in self._workspace.channels:
            raise refusal(404, "There is no such channel.")
        if not used.target:
            place = (spot.channel, used.text, used.user, spot.thread or None)
            await use_command(self._workspace, *place, f"/{used.name}")
        elif used.name in self._workspace.shortcuts and self.author(spot, used.target):
            await use_shortcut(self._workspace, used.name, spot.channel, used.target, used.user)
        else:
            raise refusal(404, "There is no such shortcut.")

    async def suggest(self, spot: Spot, used: Used) -> list[Json]:
        """Suggest nothing: Slack completes no words behind a command."""
        raise refusal(404, f"Slack suggests nothing for /{used.name} in {spot.channel}.")

    async def press(self, spot: Spot, pressed: Pressed) -> None:
        """Press a button; what goes wrong with it, Slack says to the person itself."""
        if not self.author(spot, pressed.post):
            raise refusal(404, "There is no such message.")
        found = buttons_on(self._workspace.channels[spot.channel].posts[pressed.post])
        button = next((each for each in found if each.get("action_id") == pressed.button), None)
        if button is None:
            raise refusal(404, "There is no such button.")
        await press(self._workspace, spot.channel, pressed.post, button, pressed.user)

    async def upload(self, file: Enclosure) -> str:
        """Keep a file; a recording's length is in milliseconds there."""
        length = None if file.seconds is None else round(file.seconds * 1000)
        if length is not None:
            file = await clip(file, KINDS[self._workspace.faults.clip_kind])
        return await self._workspace.upload(file.name, file.content, file.media_type, file.user, length)

    def file(self, number: str) -> Stored:
        """Return an uploaded file."""
        found = self._workspace.files.get(number)
        if found is None:
            raise refusal(404, "There is no such file.")
        return Stored(found.content, found.media_type)


def offered_command(name: str) -> Json:
    """Return a slash command as the page offers it, with what the manifest says of it."""
    told = COMMANDS.get(name, {})
    hint = {"name": "question", "about": told.get("usage_hint", ""), "required": False, "suggests": False}
    return offered("slash", name.removeprefix("/"), name, told.get("description", ""), hint)


def offered(kind: str, name: str, label: str, about: str = "", option: Json | None = None) -> Json:
    """Return a command as the page offers it, everywhere."""
    everywhere = {"in_channels": True, "in_threads": True, "in_direct": True}
    return {"name": name, "label": label, "about": about, "kind": kind, "option": option, **everywhere}
