"""The composition root: builds store, model, platforms and what is between them, runs it, stops it cleanly."""

import asyncio
import gc
import os
import signal
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from bots import http
from bots.addresses import settings_with_versions
from bots.bounded_response import open_bounded_session
from bots.doctor.examination import log_examination
from bots.http_settings import USUAL_PORT, HttpSettings
from bots.knowledge import finder_of, hiding_of, knowledge_of, open_page_reader
from bots.local_model import settings_with_model
from bots.metrics import EventLoopLag, format_further
from bots.models import open_models
from bots.moderating import guard_of
from bots.operator_commands import LOOK_AGAIN
from bots.pages.routes import Pages
from bots.platforms import BuiltPlatforms, build_platforms
from bots.privacy import OpenedPrivacy, open_privacy
from bots.schedules import OpenedSchedules, open_schedules
from bots.settings import Settings
from bots.spending import bound_answers, open_meter, register_commands, reservations_of, start_digest
from bots.tools import toolbox_of
from bots.voice import local_whisper, voice_notes_of
from core.chat_commands import ChatCommands
from core.conversation import Conversation
from core.files.documents import Documents
from core.intake import Intake
from core.knowledge.finder import Finder
from core.knowledge.knowledge import Knowledge
from core.llm.client import OpenAI, open_client
from core.llm.settings import ModelSettings
from core.moderation.moderation import Moderation
from core.policy import Policies
from core.ports import Platform
from core.preferences.preferences import Preferences
from core.prompt.history import HistoryLoader
from core.prompt.summaries import Summaries
from core.prompt.tokens import counter_for, load_vocabulary
from core.spending.meter import Meter
from core.storage.store import Store
from core.tools.toolbox import Toolbox
from core.voice.notes import VoiceNotes
from core.worker import Worker

log = structlog.get_logger()

Closing = TypeVar("Closing", Summaries, VoiceNotes, Knowledge)


@dataclass(frozen=True, slots=True)
class BuiltCore:
    """What takes events in and answers them, their tools and knowledge, what is kept, is to come, and is checked."""

    intake: Intake
    worker: Worker
    tools: Toolbox
    knowledge: Knowledge
    privacy: OpenedPrivacy
    schedules: OpenedSchedules
    guard: Moderation | None


async def run_bot(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C; raise what ends the start, or a connection for good."""
    stopping, looking = _signal_event(signal.SIGTERM, signal.SIGINT), _signal_event(LOOK_AGAIN)
    async with AsyncExitStack() as stack:
        settings = await stack.enter_async_context(settings_with_model(settings, os.environ))
        settings = await settings_with_versions(settings)
        policies = Policies(settings.conversations, settings.conversations.channels)
        key = await asyncio.to_thread(settings.storage.read_key)
        store = _open_store(settings.storage.path, key, policies)
        stack.push_async_callback(store.close)
        session = await stack.enter_async_context(open_bounded_session())
        preferences = await _open_preferences(settings, store, policies)
        commands = ChatCommands(preferences)
        platforms = build_platforms(settings.platforms, session, store, commands, stack)
        meter = register_commands(commands, store, await open_meter(settings, store, policies))
        core = await _build_core(settings, store, commands, platforms, meter, stack)
        intake, worker = core.intake, core.worker
        core.privacy.start_keeping(commands, intake.forget_lines, stack)
        stack.push_async_callback(worker.stop, 0.0)
        for each in platforms.by_name.values():
            await each.start(intake.receive)
        await worker.resume()  # only now do the platforms know who they are
        core.schedules.start_clock(worker, stack)
        start_digest(settings.spending, store, platforms.by_name, policies, stack)
        await core.knowledge.start_indexing()
        again = _look_again(looking, core, preferences)
        stack.callback(asyncio.create_task(again).cancel)
        health = http.Health(platforms.readiness(), store.find_trouble, partial(format_further, meter, core.guard))
        await _open_ports(settings.http, health, Pages.of_settings(settings, key), platforms.routes(), stack)
        _tune_garbage_collector()
        if settings.process.check_at_start:
            stack.callback(asyncio.create_task(log_examination(settings, os.environ)).cancel)
        log.info("confab is listening", model=settings.model.model, endpoint=urlsplit(settings.model.base_url).netloc)
        await asyncio.to_thread(load_vocabulary, counter_for(settings.model.model))
        await _wait_for_end(stopping, platforms.by_name.values())
        log.info("stopping", grace=settings.process.grace)
        for each in platforms.by_name.values():
            await each.stop()
        await worker.stop(settings.process.grace)


async def _open_preferences(settings: Settings, store: Store, policies: Policies) -> Preferences:
    """Return what people have set in the chat, as the database has it."""
    found = Preferences(store, policies, settings.preferences, is_moderated=settings.moderation.is_on)
    await found.restore_choices()
    return found


def _open_store(path: Path, key: str, policies: Policies) -> Store:
    path.parent.mkdir(parents=True, exist_ok=True)
    return Store(path, key, lambda conversation: policies.policy_of(conversation).keeps_nothing)


async def _build_core(
    settings: Settings,
    store: Store,
    commands: ChatCommands,
    platforms: BuiltPlatforms,
    meter: Meter,
    stack: AsyncExitStack,
) -> BuiltCore:
    """Return the bot behind its platforms."""
    asked = settings.model.model_copy(update={"max_connections": settings.turns.concurrency})
    client = await stack.enter_async_context(open_client(asked))
    policies = commands.preferences.policies
    models = open_models(settings, asked, client, stack, meter)
    privacy = await open_privacy(settings, os.environ, store)
    leaves_out = privacy.opt_outs.leaves_out
    guard = await guard_of(settings.moderation, asked, policies, store, platforms.by_name, stack, meter, leaves_out)
    prompts = settings.prompt.model_copy(update={"schemas": asked.schemas})
    recall = HistoryLoader(store, counter_for(asked.model), models.window, prompts, policies, models.windows)
    background = bound_answers(asked.for_background_calls(), meter)
    summaries = _closed_by(stack, Summaries(store, OpenAI(background, client, meter), recall, guard))
    local = local_whisper(settings.transcription, os.environ, stack, meter)
    listener = voice_notes_of(settings, store, policies, client, platforms.transcripts, local, meter)
    voice_notes = _closed_by(stack, listener)
    documents = Documents()  # one, so that its bounds hold for links and attached files together
    schedules = open_schedules(store, platforms.people, commands)
    tools = await toolbox_of(settings.tools, store, policies, guard, documents, stack, os.environ, schedules.tools)
    finder = await _open_finder(settings, asked, store, stack, meter)
    pages = await open_page_reader(documents, stack)
    parts_of_knowledge = (finder, store, commands, platforms.sources, documents, recall, guard, pages)
    knowledge = _closed_by(stack, knowledge_of(*parts_of_knowledge))
    spending = reservations_of(meter, models.choice, policies, settings.prompt.instructions)
    parts = (store, models.choice, commands, recall, summaries, voice_notes, guard, tools, documents)
    conversation = Conversation(*parts, knowledge, settings.consent, spending)
    worker = Worker(store, conversation, platforms.by_name, settings.turns, guard, spending.reserve_turn)
    intake = Intake(store, conversation, platforms.by_name, policies, worker, settings.turns.queue, guard)
    return BuiltCore(intake, worker, tools, knowledge, privacy, schedules, guard)


def _closed_by(stack: AsyncExitStack, opened: Closing) -> Closing:
    """Return something that `stack` closes from now on."""
    stack.push_async_callback(opened.close)
    return opened


async def _open_finder(
    settings: Settings, model: ModelSettings, store: Store, stack: AsyncExitStack, meter: Meter
) -> Finder:
    """Return what finds things; what embeds them is imported only where an embedder is set."""
    vectors, hide = None, hiding_of(settings.conversations)
    if settings.knowledge.embeddings_model:
        from bots.embedder import vectors_of

        vectors = await vectors_of(settings.knowledge, model, store, stack, meter, hide)
    return await finder_of(settings.knowledge, store, vectors, stack, meter, hide)


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


async def _look_again(asked: asyncio.Event, core: BuiltCore, preferences: Preferences) -> None:
    """Take up what somebody opened again, put in, dropped, forgot or accepted in the database, whenever told."""
    while await asked.wait():
        asked.clear()
        core.intake.forget_lines()
        await preferences.restore_choices()
        await core.tools.look_again()
        core.knowledge.wake_indexer()
        await core.worker.resume()


async def _open_ports(
    settings: HttpSettings, health: http.Health, pages: Pages, routes: Sequence[web.RouteDef], stack: AsyncExitStack
) -> None:
    """Open the port for what platforms deliver and that of health, where they are wanted; `stack` closes them."""
    if routes:
        port = USUAL_PORT if settings.port is None else settings.port
        await stack.enter_async_context(http.serve_routes("http on", routes, settings.host, port, settings))
    if settings.health_port is not None:
        lag = EventLoopLag()
        stack.callback(asyncio.create_task(lag.watch_loop()).cancel)
        told, place = [*http.health_routes(health, lag), *pages.routes()], (settings.health_host, settings.health_port)
        await stack.enter_async_context(http.serve_routes("health on", told, *place, settings))
