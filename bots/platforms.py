"""The one list of platforms: for each its name, its settings, its links to messages, and what builds it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bots.discord.intent_form import INTENT_FORM
from bots.discord.settings import DiscordSettings
from bots.platform_settings import PlatformSettings
from bots.slack.settings import SlackSettings

if TYPE_CHECKING:  # who looks at the list alone, as commands do, loads nothing of what is built with it
    import aiohttp
    from aiohttp import web

    from bots.doctor.check import Check, Surroundings
    from bots.setup.step import Step
    from bots.state import PlatformState
    from core.chat_commands import ChatCommands
    from core.knowledge.audience import SourcePlatform
    from core.ports import Platform
    from core.schedules.scheduler import PeoplePlatform
    from core.storage.store import Store
    from core.voice.notes import PlatformTranscript


def _no_routes() -> Sequence[web.RouteDef]:
    return ()


@dataclass(frozen=True, slots=True)
class BuiltPlatform:
    """A platform, and what it alone has: routes on which it is sent events once it has started, and transcripts.

    `sources` is the platform again, where what its people share can be looked up, and `people` where it tells who is
    still there.
    """

    platform: Platform
    routes: Callable[[], Sequence[web.RouteDef]] = _no_routes
    transcript: PlatformTranscript | None = None
    sources: SourcePlatform | None = None
    people: PeoplePlatform | None = None


@dataclass(frozen=True, slots=True)
class PlatformOffer:
    """A platform that Confab can be on; `link` finds in a link's path a message's `id`, its `fraction` and `channel`.

    `build` imports the adapter, and `examine` what looks whether it may be there: the SDK of what is not used is not
    loaded. Both are given what was read as its `section`. `list_steps` tells how it is connected. With `has_global_ids`
    a person has one id in all of its workspaces. `privacy_form` is what it asks of what is kept, with room for answers.
    """

    name: str
    section: type[PlatformSettings]
    link: re.Pattern[str]
    build: Callable[[Any, aiohttp.ClientSession, PlatformState, ChatCommands, AsyncExitStack], BuiltPlatform]
    examine: Callable[[Any, Surroundings], Awaitable[list[Check]]]
    list_steps: Callable[[], Sequence[Step]] = tuple
    has_global_ids: bool = False
    privacy_form: str = ""


@dataclass(frozen=True, slots=True)
class ChosenPlatform:
    """A platform that the operator has on, and what is set of it."""

    offer: PlatformOffer
    settings: PlatformSettings


@dataclass(frozen=True, slots=True)
class BuiltPlatforms:
    """Those that are on, in the list's order."""

    built: Sequence[BuiltPlatform] = field(default_factory=tuple)

    @property
    def by_name(self) -> dict[str, Platform]:
        """Return each by its name."""
        return {each.platform.name: each.platform for each in self.built}

    @property
    def transcripts(self) -> dict[str, PlatformTranscript]:
        """Return what asks those that transcribe recordings themselves, by name."""
        return {each.platform.name: each.transcript for each in self.built if each.transcript}

    @property
    def sources(self) -> dict[str, SourcePlatform]:
        """Return those whose people's files can be looked up, by name."""
        return {each.sources.name: each.sources for each in self.built if each.sources}

    @property
    def people(self) -> dict[str, PeoplePlatform]:
        """Return those that tell who is still there, by name."""
        return {each.people.name: each.people for each in self.built if each.people}

    def readiness(self) -> list[Callable[[], Awaitable[bool]]]:
        """Return what tells of each whether events can arrive from it."""
        return [each.platform.is_ready for each in self.built]

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of those that have started."""
        return [route for each in self.built for route in each.routes()]


def build_platforms(
    chosen: Sequence[ChosenPlatform],
    session: aiohttp.ClientSession,
    store: Store,
    commands: ChatCommands,
    stack: AsyncExitStack,
) -> BuiltPlatforms:
    """Return the platforms that are on; `stack` signs them out."""
    from bots.state import PlatformState as State

    return BuiltPlatforms(
        tuple(
            each.offer.build(each.settings, session, State(each.offer.name, store), commands, stack) for each in chosen
        )
    )


def _build_slack(
    settings: SlackSettings,
    session: aiohttp.ClientSession,
    state: PlatformState,
    commands: ChatCommands,
    stack: AsyncExitStack,  # noqa: ARG001 - every platform is built alike
) -> BuiltPlatform:
    from bots.slack.adapter import Slack

    slack = Slack(settings, session, state, commands)
    return BuiltPlatform(slack, slack.routes, slack.fetch_transcript, slack, slack)


def _build_discord(
    settings: DiscordSettings,
    session: aiohttp.ClientSession,
    state: PlatformState,
    commands: ChatCommands,
    stack: AsyncExitStack,
) -> BuiltPlatform:
    from bots.discord.adapter import Discord

    discord = Discord(settings, session, state, commands)
    stack.push_async_callback(discord.close)
    return BuiltPlatform(discord, sources=discord, people=discord)


async def _examine_slack(settings: SlackSettings, around: Surroundings) -> list[Check]:
    from bots.slack.doctor import check_slack

    return await check_slack(settings, around)


async def _examine_discord(settings: DiscordSettings, around: Surroundings) -> list[Check]:
    from bots.discord.doctor import check_discord

    return await check_discord(settings, around)


def _list_slack_steps() -> Sequence[Step]:
    from bots.slack.setup import slack_steps

    return slack_steps()


def _list_discord_steps() -> Sequence[Step]:
    from bots.discord.setup import discord_steps

    return discord_steps()


PLATFORMS: tuple[PlatformOffer, ...] = (
    # Slack's link holds the ts without its point (Slack docs, chat.getPermalink)
    PlatformOffer(
        "slack",
        SlackSettings,
        re.compile(r"/archives/(?P<channel>[A-Z0-9]+)/p(?P<id>\d+)(?P<fraction>\d{6})"),
        _build_slack,
        _examine_slack,
        _list_slack_steps,
    ),
    # Discord's ends in the message's id, whatever channel or thread it stands in
    PlatformOffer(
        "discord",
        DiscordSettings,
        re.compile(r"/channels/(?:\d+|@me)/\d+/(?P<id>\d+)/?"),
        _build_discord,
        _examine_discord,
        _list_discord_steps,
        has_global_ids=True,
        privacy_form=INTENT_FORM,
    ),
)
