"""Confab in a pretend Discord, inside a test: the real parts put together as the composition root does it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bots.bounded_response import open_bounded_session
from bots.discord.adapter import Discord
from bots.discord.settings import DiscordSettings
from bots.knowledge import knowledge_of, open_page_reader
from bots.spending import bound_answers, meter_of, register_commands, reservations_of
from bots.state import PlatformState
from core.chat_commands import ChatCommands
from core.conversation import Conversation
from core.files.documents import Documents
from core.intake import Intake
from core.llm.choice import ModelChoice
from core.llm.client import OpenAI, open_client
from core.llm.settings import ModelSettings
from core.policy import Policies
from core.preferences.preferences import Preferences
from core.preferences.settings import PreferenceSettings
from core.prompt.context_window import ContextWindow
from core.prompt.history import HistoryLoader
from core.prompt.settings import PromptSettings
from core.prompt.summaries import Summaries
from core.prompt.tokens import counter_for
from core.spending.settings import SpendingSettings
from core.storage.spending import settle_cut_calls
from core.storage.store import Store
from core.tools.toolbox import Toolbox
from core.turn_settings import TurnSettings
from core.worker import Worker
from deploy.sandbox.discord.faults import Faults
from deploy.sandbox.wire.server import Sandbox
from tests.support.database import prepare_database
from tests.support.embedder import open_finder
from tests.support.moderated import Moderated, guarded
from tests.support.policies import policies_alone
from tests.support.private import opened_privacy
from tests.support.tools import ToolSetup
from tests.support.voice import Voice


@dataclass(frozen=True, slots=True)
class DiscordSetup:
    """What a test wants otherwise than by default; times in seconds."""

    policies: Policies = field(default_factory=policies_alone)
    voice: Voice = field(default_factory=Voice)
    limits: TurnSettings = field(default_factory=lambda: TurnSettings(retry_pause=0.05))
    queue: int = 50
    token: str = ""
    roles: bool = False
    message_content: Literal["auto", "on", "off"] = "auto"
    parts: int = 8
    thread_names: Literal["question", "plain"] = "question"
    edit_interval: float = 0.2
    grace: float = 2.0
    moderation: Moderated | None = None
    preferences: PreferenceSettings = field(default_factory=PreferenceSettings)
    tools: ToolSetup = field(default_factory=ToolSetup)
    needs_roles: bool = False
    spending: SpendingSettings = field(default_factory=lambda: SpendingSettings(requests=0))
    hold: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DiscordBot:
    """A bot that runs."""

    store: Store
    intake: Intake
    worker: Worker
    discord: Discord


@asynccontextmanager
async def running(sandbox: Sandbox, database: Path, setup: DiscordSetup | None = None) -> AsyncIterator[DiscordBot]:
    """Run a bot against a sandbox until the block ends."""
    setup = setup or DiscordSetup()
    options = ModelSettings(
        base_url=sandbox.openai_base_url, api_key="sk-test", model="stand-in", retry_deadline=10.0, silence_timeout=60.0
    )
    async with AsyncExitStack() as stack:
        prepare_database(database)
        store = Store(database, keeps_nothing=lambda key: setup.policies.policy_of(key).keeps_nothing)
        stack.push_async_callback(store.close)
        client = await stack.enter_async_context(open_client(options))
        meter = meter_of(setup.spending, store, setup.policies)
        await store.run(settle_cut_calls)
        options = bound_answers(options, meter)
        names = setup.preferences.models
        further = {name: OpenAI(options.model_copy(update={"model": name}), client, meter) for name in names}
        choice = ModelChoice(OpenAI(options, client, meter), further)
        session = await stack.enter_async_context(open_bounded_session())
        preferences = Preferences(store, setup.policies, setup.preferences, is_moderated=setup.moderation is not None)
        await preferences.restore_choices()
        commands = ChatCommands(preferences)
        register_commands(commands, store, meter)
        discord = Discord(_options(sandbox, setup), session, PlatformState("discord", store), commands)
        privacy = await opened_privacy(store, database, setup.hold)
        leaves_out = privacy.opt_outs.leaves_out
        named = {discord.name: discord}
        guard = await guarded(setup.moderation, setup.policies, sandbox, store, named, stack, leaves_out)
        told = PromptSettings(instructions="You are Confab.")
        recall = HistoryLoader(
            store,
            counter_for("stand-in"),
            ContextWindow(),
            told,
            setup.policies,
        )
        summaries = Summaries(store, OpenAI(options.for_background_calls(), client, meter), recall, guard)
        stack.push_async_callback(summaries.close)
        ears = setup.voice.ears(sandbox, store, setup.policies, client, database)
        stack.push_async_callback(ears.close)
        made, schedules = setup.tools.open_tools(store, named, commands)
        tools = Toolbox(made, setup.tools.settings, store, setup.policies, guard)
        documents = Documents()
        finder = await open_finder(setup.tools.embedder, sandbox, store, stack)
        knowledge = knowledge_of(
            finder,
            store,
            commands,
            {discord.name: discord},
            documents,
            recall,
            guard,
            await open_page_reader(documents, stack, lambda _: True),
        )
        stack.push_async_callback(knowledge.close)
        spending = reservations_of(meter, choice, setup.policies)
        conversation = Conversation(
            store,
            choice,
            commands,
            recall,
            summaries,
            ears,
            guard,
            tools,
            documents,
            knowledge,
            setup.tools.consent,
            spending,
        )
        privacy.start_keeping(commands, conversation.earlier.forget_lines, stack)
        worker = Worker(store, conversation, {discord.name: discord}, setup.limits, guard, spending.reserve_turn)
        intake = Intake(store, conversation, {discord.name: discord}, setup.policies, worker, setup.queue, guard)
        await worker.resume()
        schedules.start_clock(worker, stack)
        stack.push_async_callback(discord.close)
        stack.push_async_callback(worker.stop, setup.grace)
        await discord.start(intake.receive)
        await knowledge.start_indexing()
        # They are registered beside the start; where something is made to fail they may not come.
        if sandbox.guild.faults == Faults():
            await sandbox.guild.until(lambda: sandbox.guild.interactions.global_commands)
        yield DiscordBot(store, intake, worker, discord)


def _options(sandbox: Sandbox, setup: DiscordSetup) -> DiscordSettings:
    return DiscordSettings(
        token=setup.token or sandbox.guild.token,
        api_url=sandbox.discord_api_url,
        roles=setup.roles,
        message_content=setup.message_content,
        parts=setup.parts,
        thread_names=setup.thread_names,
        edit_interval=setup.edit_interval,
        ready_timeout=0.05,
        needs_roles=setup.needs_roles,
        identify_pause=0.05,
    )
