"""Both pretend platforms, as the people see them who ask there and read."""

import asyncio
import base64
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, Protocol

from deploy.sandbox.discord import roster
from deploy.sandbox.discord.content import buttons_on as buttons_in
from deploy.sandbox.discord.posts import Flag, Post
from deploy.sandbox.slack.buttons import buttons_on, press
from deploy.sandbox.slack.interactions import use_command
from deploy.sandbox.wire.server import Sandbox
from tests.support.asking import PNG
from tests.support.sound_files import repeated

Way = Literal["mention", "follow-up", "edit", "direct", "command", "note", "long note", "picture", "shared"]
SECONDS: Mapping[Way, float] = {"note": 2.4, "long note": 62.0}  # of a long one the bot tells how far it is
PIXEL = base64.b64decode(PNG)
PIECES = 3  # in which the file that is shared is found
PART = "What belongs to question-0 and question-1. " * 30
SHARED = "\n\n".join(f"# Part {number}\n\n{PART}" for number in range(PIECES)).encode()
FILES: Mapping[Way, tuple[str, bytes, str]] = {
    "picture": ("cat.png", PIXEL, "image/png"),
    "shared": ("parts.md", SHARED, "text/markdown"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it stands: where, and the message that its answer stands under."""

    room: str
    id: str


class Place(Protocol):
    """A platform of the sandbox."""

    def environment(self) -> Mapping[str, str]:
        """Return what a bot has to know to come here."""

    async def has(self, bots: int) -> None:
        """Wait until so many bots are connected."""

    async def ask(self, way: Way, text: str, about: Asked | None = None) -> Asked:
        """Ask the bot something; a follow-up stands in the thread of another question, an edit changes that one."""

    def answers(self, asked: Asked) -> list[str]:
        """Return what the bot says in answer to a question, message by message, oldest first."""

    def everything(self) -> list[str]:
        """Return all that the bot says anywhere, and the signs that it is about to."""

    def asks(self, asked: Asked) -> bool:
        """Tell whether the bot waits for a click under a question."""

    async def click(self, asked: Asked) -> bool:
        """Allow what the bot asks under a question; return whether the click arrived."""

    def refused(self) -> bool:
        """Tell whether the platform itself has told somebody that the bot does not answer."""

    async def heard(self) -> bool:
        """Wait until all that was said has been acknowledged; return whether this platform knows of such a thing."""

    async def until(self, predicate: Callable[[], bool], seconds: float) -> None:
        """Wait until something is true; raise TimeoutError."""


class SlackPlace:
    """The pretend Slack. What it would deliver again within six minutes it delivers again within half a minute."""

    def __init__(self, sandbox: Sandbox, *, redelivers: bool = True) -> None:
        self._sandbox = sandbox
        self._workspace = sandbox.workspace
        self._workspace.courier.ack_timeout = 1.0
        self._workspace.courier.retry_waits = (0.0, *[0.5] * 60) if redelivers else ()

    def environment(self) -> Mapping[str, str]:
        """Return what a bot has to know to come here."""
        return {
            "SLACK_BOT_TOKEN": self._workspace.bot_token,
            "SLACK_APP_TOKEN": self._workspace.app_token,
            "SLACK_API_URL": self._sandbox.slack_api_url,
        }

    async def has(self, bots: int) -> None:
        """Wait until so many bots are connected."""
        await self._workspace.until(lambda: self._workspace.connected == bots, 30.0)

    async def ask(self, way: Way, text: str, about: Asked | None = None) -> Asked:
        """Ask the bot something; a follow-up stands in the thread of another question, an edit changes that one."""
        workspace = self._workspace
        if about and way == "edit":
            await workspace.edit(about.room, about.id, f"<@{workspace.bot_user}> {text}")
            return about
        if way == "command":
            await use_command(workspace, "C0GENERAL", text)
            return Asked("C0GENERAL", "")
        if about:
            await workspace.say(about.room, text, thread_ts=about.id)
            return about
        if way in SECONDS:
            return await self._speak(SECONDS[way], text)
        if way == "direct":
            room = workspace.direct("U0ADA1234")
            return Asked(room, await workspace.say(room, text))
        shown = [await workspace.upload(*FILES[way])] if way in FILES else []
        said = text if way == "shared" else f"<@{workspace.bot_user}> {text}"
        return Asked("C0GENERAL", await workspace.say("C0GENERAL", said, files=shown))

    async def _speak(self, seconds: float, text: str) -> Asked:
        """Send the bot a clip in which this is said."""
        self._sandbox.model.sounds.prose = text
        room, sound = self._workspace.direct("U0ADA1234"), repeated("weather.ogg", seconds)
        clip = await self._workspace.upload("audio_message.ogg", sound, "audio/ogg", "U0ADA1234", round(seconds * 1000))
        return Asked(room, await self._workspace.say(room, "", files=[clip]))

    def answers(self, asked: Asked) -> list[str]:
        """Return what the bot says in answer to a question; first of all that of a command, which it posts itself."""
        own = [post for post in self._workspace.posts(asked.room) if post.user == self._workspace.bot_user]
        root = asked.id or next((post.ts for post in own), "")
        return [post.shown for post in own if root in (post.ts, post.thread_ts)]

    def everything(self) -> list[str]:
        """Return all that the bot says anywhere, whispers and signs of thinking too."""
        posts = [post for room in self._workspace.channels for post in self._workspace.posts(room)]
        whispered = [post for _, post in self._workspace.whispered]
        said = [post.shown for post in [*posts, *whispered] if post.user == self._workspace.bot_user]
        return said + list(self._workspace.threads.statuses.values())

    def asks(self, asked: Asked) -> bool:
        """Tell whether a post of the thread has buttons."""
        return any(map(buttons_on, self._workspace.thread(asked.room, asked.id)))

    async def click(self, asked: Asked) -> bool:
        """Press the first button of the card; Slack tells the person where nobody has acknowledged it."""
        card = next(post for post in self._workspace.thread(asked.room, asked.id) if buttons_on(post))
        return not await press(self._workspace, asked.room, card.ts, buttons_on(card)[0])

    def refused(self) -> bool:
        """Tell whether Slack has said that a command failed."""
        return any("failed with the error" in text for text in self._workspace.whispers("U0ADA1234"))

    async def heard(self) -> bool:
        """Wait until every event is acknowledged."""
        await self._workspace.until(lambda: self._workspace.courier.unacknowledged == 0, 60.0)
        return True

    async def until(self, predicate: Callable[[], bool], seconds: float) -> None:
        """Wait until something is true; raise TimeoutError."""
        await self._workspace.until(predicate, seconds)


class DiscordPlace:
    """The pretend Discord. With `threads` the bot answers in a thread under the question, else in the channel."""

    def __init__(self, sandbox: Sandbox, *, threads: bool = True) -> None:
        self._sandbox = sandbox
        self._guild = sandbox.guild
        self._guild.gateway.identify_interval = 0.0  # every life begins a session
        self._threads = threads

    def environment(self) -> Mapping[str, str]:
        """Return what a bot has to know to come here."""
        return {
            "DISCORD_TOKEN": self._guild.token,
            "DISCORD_API_URL": self._sandbox.discord_api_url,
            "CONFAB_DISCORD_THREADS": str(self._threads).lower(),
        }

    async def has(self, bots: int) -> None:
        """Wait until so many bots are connected."""
        await self._guild.until(lambda: self._guild.connected == bots, 30.0)

    async def ask(self, way: Way, text: str, about: Asked | None = None) -> Asked:
        """Ask the bot something; a follow-up stands in the thread of another question."""
        if about:
            await self._guild.say(about.id, text)
            return about
        if way == "direct" or way in SECONDS:
            room = self._guild.direct(roster.ADA)
            await (self._speak(room, SECONDS[way], text) if way in SECONDS else self._guild.say(room, text))
            return Asked(room, room)
        if way == "shared":
            file = self._guild.attach(*FILES["shared"])
            return Asked(roster.GENERAL, await self._guild.say(roster.GENERAL, text, attachments=[file]))
        post = await self._guild.say(roster.GENERAL, f"<@{roster.BOT_USER}> {text}")
        return Asked(roster.GENERAL, post if self._threads else roster.GENERAL)

    async def _speak(self, room: str, seconds: float, text: str) -> None:
        """Send a voice message in which this is said."""
        self._sandbox.model.sounds.prose = text
        sound = self._guild.attach("voice-message.ogg", repeated("weather.ogg", seconds), "audio/ogg", seconds)
        await self._guild.say(room, "", roster.ADA, None, [sound], Flag.VOICE)

    def answers(self, asked: Asked) -> list[str]:
        """Return what the bot says in answer to a question: in its thread, or in the whole channel."""
        return [post.shown for post in self._own_posts(asked)]

    def _own_posts(self, asked: Asked) -> list[Post]:
        room = self._guild.channels.get(asked.id)
        posts = room.posts.values() if room else ()
        return [post for post in posts if post.user == roster.BOT_USER and not post.seen_by]

    def everything(self) -> list[str]:
        """Return all that the bot says anywhere."""
        posts = [post for room in self._guild.channels.values() for post in room.posts.values()]
        return [post.shown for post in posts if post.user == roster.BOT_USER]

    def asks(self, asked: Asked) -> bool:
        """Tell whether a post of the thread has buttons."""
        return any(buttons_in(post.components) for post in self._own_posts(asked))

    async def click(self, asked: Asked) -> bool:
        """Press the first button of the card; Discord tells the person where nobody has acknowledged it in time."""
        card = next(post for post in self._own_posts(asked) if buttons_in(post.components))
        used = await self._guild.press(card.channel, card.id, buttons_in(card.components)[0]["custom_id"])
        with suppress(TimeoutError):
            await self._guild.until(lambda: used.answered, self._guild.interactions.ack_within)
        return bool(used.answered)

    def refused(self) -> bool:
        """Tell whether an interaction was left without an answer."""
        return any(not each.answered for each in self._guild.interactions.by_token.values())

    async def heard(self) -> bool:
        """Discord knows of no acknowledgement."""
        await asyncio.sleep(0)
        return False

    async def until(self, predicate: Callable[[], bool], seconds: float) -> None:
        """Wait until something is true; raise TimeoutError."""
        await self._guild.until(predicate, seconds)


def common(sandbox: Sandbox) -> Mapping[str, str]:
    """Return what a bot has to know wherever it is."""
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME")},
        "OPENAI_BASE_URL": sandbox.openai_base_url,
        "OPENAI_API_KEY": "sk-test",
        "OPENAI_MODEL": "stand-in",
        "CONFAB_MODERATION": "off",
        "CONFAB_EDIT_INTERVAL": "0.2",
        "CONFAB_CHECK_AT_START": "false",
    }
