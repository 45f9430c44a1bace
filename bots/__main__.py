"""The composition root: settings, store, model, platforms, run, stop cleanly. Imported by nobody."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
import click
import structlog
from aiohttp import web

from bots import http
from bots.logs import configure_logging
from bots.metrics import EventLoopLag
from bots.moderating import guard_of
from bots.operator_commands import LOOK_AGAIN, again, turns, why
from bots.options import database_path, instructions, model_options, policies_of, pressure_of
from bots.voice import voice_notes_of
from core.conversation import Conversation
from core.errors import BotError, SettingsError, StartRefused
from core.inbox import Inbox
from core.llm.client import OpenAI, open_client
from core.messages import Platform, Receive
from core.prompt.context_window import ContextWindow, ask_window
from core.prompt.history import HistoryLoader
from core.prompt.summaries import Summaries
from core.prompt.tokens import counter_for
from core.settings import Settings
from core.storage.errors import DatabaseBusy, DatabaseUnusable
from core.storage.store import Store
from core.voice.transcribers import Transcriber

if TYPE_CHECKING:
    from bots.discord.adapter import Discord
    from bots.discord.options import DiscordOptions
    from bots.slack.adapter import Slack, SlackOptions

log = structlog.get_logger()

WITHOUT_WHISPER = "CONFAB_LOCAL_WHISPER needs faster-whisper, which is not installed: pip install faster-whisper."
EX_CONFIG = 78  # sysexits.h: a restart would not help
EX_UNAVAILABLE = 69  # sysexits.h: the platform refuses us
EX_IOERR = 74  # sysexits.h: the database is damaged, or has no room
EX_TEMPFAIL = 75  # sysexits.h: a later start may find the database free


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Confab: a language model as a colleague in a team's chat."""
    context.obj = database_path(os.environ.get("CONFAB_DATABASE") or Settings.model_fields["database"].default)
    if context.invoked_subcommand is None:
        context.invoke(run)


for command in (why, turns, again):
    main.add_command(command)


@main.command()
def run() -> None:
    """Run the bot with what the environment says, until SIGTERM or Ctrl-C."""
    try:
        settings = Settings.load(os.environ)
        configure_logging(settings.log_level, settings.log_format)
        asyncio.run(_run(settings))
    except SettingsError as error:
        _leave("Confab cannot start:", error.faults, EX_CONFIG)
    except DatabaseBusy as error:
        _leave("Confab cannot start:", [str(error)], EX_TEMPFAIL)
    except DatabaseUnusable as error:
        _leave("Confab cannot start:", [str(error)], EX_IOERR)
    except StartRefused as error:
        _leave("Confab cannot go on:", [str(error)], error.status)
    except BotError as error:
        _leave("Confab cannot go on:", [f"{error}. {error.hint}"], EX_UNAVAILABLE)


async def _run(settings: Settings) -> None:
    stopping, looking = _signal_event(signal.SIGTERM, signal.SIGINT), _signal_event(LOOK_AGAIN)
    async with AsyncExitStack() as stack:
        path = database_path(settings.database)
        path.parent.mkdir(parents=True, exist_ok=True)
        store = Store(path)
        stack.push_async_callback(store.close)
        options = model_options(settings)
        client = await stack.enter_async_context(open_client(options))
        model = OpenAI(options, client)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        slack, discord = _slack(settings, session, store), _discord(settings, session, store)
        platforms: dict[str, Platform] = {each.name: each for each in (slack, discord) if each}
        policies = policies_of(settings)
        window = ContextWindow(settings.context_window, settings.max_tokens)
        guard = await guard_of(settings, options, store, platforms, stack)
        recall = HistoryLoader(store, counter_for(settings.openai_model), window, instructions(settings), guard)
        summaries = Summaries(store, model, recall, guard)
        stack.push_async_callback(summaries.close)
        voice_notes = voice_notes_of(settings, store, policies, client, _local_whisper(settings))
        stack.push_async_callback(voice_notes.close)
        conversation = Conversation(store, model, policies, recall, summaries, voice_notes, guard)
        inbox = Inbox(store, conversation, platforms, policies, pressure_of(settings), guard)
        asking = asyncio.create_task(ask_window(model, window))
        stack.callback(asking.cancel)
        stack.push_async_callback(inbox.stop, 0.0)
        routes = await _listen(settings, slack, discord, inbox.receive, stack)
        await inbox.resume()  # only now do the platforms know who they are
        stack.callback(asyncio.create_task(_look_again(looking, inbox)).cancel)
        health = http.Health([each.ready for each in (slack, discord) if each], store.find_trouble)
        await stack.enter_async_context(_http(settings, health, routes))
        _settle()
        log.info("confab is listening", model=settings.openai_model, endpoint=urlsplit(settings.openai_base_url).netloc)
        await _over(stopping, discord)
        log.info("stopping", grace=settings.grace)
        for platform in (slack, discord):
            if platform:
                await platform.stop()
        await inbox.stop(settings.grace)


def _local_whisper(settings: Settings) -> Transcriber | None:
    """Return the transcriber in this process where one is chosen; raise SettingsError where it is not installed."""
    if not settings.local_whisper:
        return None
    try:
        from core.voice.local import LocalWhisper
    except ImportError:
        raise SettingsError([WITHOUT_WHISPER]) from None
    return LocalWhisper(settings.local_whisper, settings.voice_language or "", settings.voice_prompt or "")


def _slack(settings: Settings, session: aiohttp.ClientSession, store: Store) -> Slack | None:
    """Return Slack where its token is there; what is not used is not even imported."""
    if not settings.slack_bot_token:
        return None
    from bots.slack.adapter import Slack
    from bots.slack.memory import Memory

    memory = Memory(partial(store.recent_conversations, "slack"), partial(store.recent_channels, "slack"), store)
    return Slack(slack_options(settings), session, memory)


def _discord(settings: Settings, session: aiohttp.ClientSession, store: Store) -> Discord | None:
    """Return Discord where its token is there."""
    if not settings.discord_token:
        return None
    from bots.discord.adapter import Discord
    from bots.discord.memory import Memory

    memory = Memory(partial(store.conversation_of, "discord"), partial(store.recent_channels, "discord", "@me"), store)
    return Discord(discord_options(settings), session, memory)


async def _listen(
    settings: Settings, slack: Slack | None, discord: Discord | None, receive: Receive, stack: AsyncExitStack
) -> list[web.RouteDef]:
    """Begin to hear each platform; return the routes on which events come over HTTP."""
    routes: list[web.RouteDef] = []
    if slack:
        from bots.slack.webhook import events_route

        app = await slack.start(receive)
        routes = [] if settings.slack_app_token else [events_route(app)]
    if discord:
        stack.push_async_callback(discord.close)
        await discord.start(receive)
    return routes


def _settle() -> None:
    """Look for garbage less often, and never in what lasts: a turn leaves few cycles, and each look costs all of it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def _over(stopping: asyncio.Event, discord: Discord | None) -> None:
    """Wait for the signal to stop, or for the end of a connection, which raises why."""
    stopped = asyncio.ensure_future(stopping.wait())
    lost = asyncio.ensure_future(discord.lost() if discord else stopping.wait())
    done, _ = await asyncio.wait((stopped, lost), return_when=asyncio.FIRST_COMPLETED)
    for task in (stopped, lost):
        task.cancel()
    for task in done:
        task.result()


def _signal_event(*numbers: signal.Signals) -> asyncio.Event:
    """Return an event that any of these signals sets."""
    event = asyncio.Event()
    for number in numbers:
        asyncio.get_running_loop().add_signal_handler(number, event.set)
    return event


async def _look_again(asked: asyncio.Event, inbox: Inbox) -> None:
    """Take up what somebody opened again in the database, whenever that is told."""
    while await asked.wait():
        asked.clear()
        await inbox.resume()


@asynccontextmanager
async def _http(settings: Settings, health: http.Health, routes: Sequence[web.RouteDef]) -> AsyncIterator[None]:
    """Serve health, and the routes of platforms, for as long as the bot runs; measure the event loop meanwhile."""
    if settings.port is None and not routes:
        yield
        return
    lag = EventLoopLag()
    watching = asyncio.create_task(lag.watch_loop())
    port = 3000 if settings.port is None else settings.port
    runner = await http.open_port(http.build_application(health, lag, routes), settings.host, port)
    try:
        yield
    finally:
        watching.cancel()
        await runner.cleanup()


def slack_options(settings: Settings) -> SlackOptions:
    """Return what the Slack adapter needs, as plain values."""
    from bots.slack.adapter import SlackOptions

    return SlackOptions(
        bot_token=settings.slack_bot_token or "",
        app_token=settings.slack_app_token,
        signing_secret=settings.slack_signing_secret,
        api_url=settings.slack_api_url,
        edit_interval=settings.edit_interval,
        dm_threads=settings.dm_threads,
        file_hosts=settings.file_hosts,
    )


def discord_options(settings: Settings) -> DiscordOptions:
    """Return what the Discord adapter needs, as plain values."""
    from bots.discord.options import DiscordOptions

    return DiscordOptions(
        token=settings.discord_token or "",
        api_url=settings.discord_api_url,
        threads=settings.discord_threads,
        channels={name: each.threads for name, each in settings.channels.items() if each.threads is not None},
        roles=settings.discord_roles,
        message_content=settings.discord_message_content,
        parts=settings.discord_parts,
        edit_interval=settings.edit_interval,
        file_hosts=settings.file_hosts,
    )


def _leave(title: str, lines: list[str], code: int) -> None:
    click.echo("\n".join([title, *(f"  - {line}" for line in lines)]), err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
