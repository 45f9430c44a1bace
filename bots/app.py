"""The composition root: builds store, model, platforms and what is between them, runs it, stops it cleanly."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
import structlog
from aiohttp import web

from bots import http
from bots.metrics import EventLoopLag
from bots.moderating import guard_of
from bots.operator_commands import LOOK_AGAIN
from bots.options import database_path, instructions, model_options, policies_of, work_limits
from bots.platforms import BuiltPlatforms, build_platforms
from bots.voice import voice_notes_of
from core.conversation import Conversation
from core.errors import SettingsError
from core.intake import Intake
from core.llm.client import OpenAI, open_client
from core.ports import Platform
from core.prompt.context_window import ContextWindow, ask_window
from core.prompt.history import HistoryLoader
from core.prompt.summaries import Summaries
from core.prompt.tokens import counter_for
from core.settings import Settings
from core.storage.store import Store
from core.voice.transcribers import Transcriber
from core.worker import Worker

log = structlog.get_logger()

WITHOUT_WHISPER = "CONFAB_LOCAL_WHISPER needs faster-whisper, which is not installed: pip install faster-whisper."


async def run_bot(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C; raise what ends the start, or a connection for good."""
    stopping, looking = _signal_event(signal.SIGTERM, signal.SIGINT), _signal_event(LOOK_AGAIN)
    async with AsyncExitStack() as stack:
        store = _open_store(settings)
        stack.push_async_callback(store.close)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        platforms = build_platforms(settings, session, store, stack)
        intake, worker = await _build_core(settings, store, platforms, stack)
        stack.push_async_callback(worker.stop, 0.0)
        for each in platforms.by_name.values():
            await each.start(intake.receive)
        await worker.resume()  # only now do the platforms know who they are
        stack.callback(asyncio.create_task(_look_again(looking, worker)).cancel)
        health = http.Health([each.is_ready for each in platforms.by_name.values()], store.find_trouble)
        await stack.enter_async_context(_http(settings, health, platforms.routes()))
        _tune_garbage_collector()
        log.info("confab is listening", model=settings.openai_model, endpoint=urlsplit(settings.openai_base_url).netloc)
        await _wait_for_end(stopping, platforms.by_name.values())
        log.info("stopping", grace=settings.grace)
        for each in platforms.by_name.values():
            await each.stop()
        await worker.stop(settings.grace)


def _open_store(settings: Settings) -> Store:
    path = database_path(settings.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    return Store(path)


async def _build_core(
    settings: Settings, store: Store, platforms: BuiltPlatforms, stack: AsyncExitStack
) -> tuple[Intake, Worker]:
    """Return what takes events in and what answers them, with everything between; `stack` closes it."""
    options = model_options(settings)
    client = await stack.enter_async_context(open_client(options))
    model, policies = OpenAI(options, client), policies_of(settings)
    window = ContextWindow(settings.context_window, settings.max_tokens)
    guard = await guard_of(settings, options, store, platforms.by_name, stack)
    recall = HistoryLoader(store, counter_for(settings.openai_model), window, instructions(settings), guard)
    summaries = Summaries(store, model, recall, guard)
    stack.push_async_callback(summaries.close)
    voice_notes = voice_notes_of(settings, store, policies, client, platforms.transcripts, _local_whisper(settings))
    stack.push_async_callback(voice_notes.close)
    conversation = Conversation(store, model, policies, recall, summaries, voice_notes, guard)
    worker = Worker(store, conversation, platforms.by_name, work_limits(settings), guard)
    asking = asyncio.create_task(ask_window(model, window))
    stack.callback(asking.cancel)
    return Intake(store, conversation, platforms.by_name, policies, worker, settings.queue, guard), worker


def _local_whisper(settings: Settings) -> Transcriber | None:
    """Return the transcriber in this process where one is chosen; raise SettingsError where it is not installed."""
    if not settings.local_whisper:
        return None
    try:
        from core.voice.local import LocalWhisper
    except ImportError:
        raise SettingsError([WITHOUT_WHISPER]) from None
    return LocalWhisper(settings.local_whisper, settings.voice_language or "", settings.voice_prompt or "")


def _tune_garbage_collector() -> None:
    """Look for garbage less often, and never in what lasts: a turn leaves few cycles, and each look costs all of it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def _wait_for_end(stopping: asyncio.Event, platforms: Iterable[Platform]) -> None:
    """Wait for the signal to stop, or for the end of a connection, which raises why."""
    tasks: list[asyncio.Future[object]] = [asyncio.ensure_future(stopping.wait())]
    tasks += [asyncio.ensure_future(each.wait_until_lost()) for each in platforms]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    for task in done:
        task.result()


def _signal_event(*numbers: signal.Signals) -> asyncio.Event:
    """Return an event that any of these signals sets."""
    event = asyncio.Event()
    for number in numbers:
        asyncio.get_running_loop().add_signal_handler(number, event.set)
    return event


async def _look_again(asked: asyncio.Event, worker: Worker) -> None:
    """Take up what somebody opened again in the database, whenever that is told."""
    while await asked.wait():
        asked.clear()
        await worker.resume()


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
