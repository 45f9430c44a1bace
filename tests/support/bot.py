"""Confab inside a test: the real parts put together against a sandbox, as the composition root does it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bots.bounded_response import open_bounded_session
from bots.knowledge import knowledge_of, open_page_reader
from bots.slack.adapter import Slack
from bots.slack.settings import SlackSettings
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
from deploy.sandbox.wire.server import Sandbox
from tests.support.database import prepare_database
from tests.support.embedder import open_finder
from tests.support.moderated import Moderated, guarded
from tests.support.policies import policies_alone
from tests.support.private import opened_privacy
from tests.support.tools import ToolSetup
from tests.support.voice import Voice

GENERAL = "C0GENERAL"


@dataclass(frozen=True, slots=True)
class Setup:
    """What a test wants otherwise than by default; times in seconds."""

    policies: Policies = field(default_factory=policies_alone)
    voice: Voice = field(default_factory=Voice)
    limits: TurnSettings = field(default_factory=lambda: TurnSettings(retry_pause=0.05))
    queue: int = 50
    socket: bool = True
    dm_threads: bool = True
    edit_interval: float = 0.2
    ping: float = 1.0
    parts: int = 20
    retry_deadline: float = (
        10.0  # a test that waits for a limit sets it; no other may run into one when a machine stops
    )
    first_token_timeout: float = 60.0
    silence_timeout: float = 60.0
    window: int | None = None
    max_tokens: int | None = None
    opening: str = ""
    stop: tuple[str, ...] = ()
    n: int | None = None
    openai_base_url: str = ""
    api_key: str = "sk-test"
    bot_token: str = ""
    moderation: Moderated | None = None
    preferences: PreferenceSettings = field(default_factory=PreferenceSettings)
    tools: ToolSetup = field(default_factory=ToolSetup)
    spending: SpendingSettings = field(default_factory=lambda: SpendingSettings(requests=0))
    hold: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot that runs; `app` is Bolt's, for events over HTTP."""

    store: Store
    intake: Intake
    worker: Worker
    slack: Slack
    summaries: Summaries


@asynccontextmanager
async def running(sandbox: Sandbox, database: Path, setup: Setup | None = None) -> AsyncIterator[Bot]:
    """Run a bot against a sandbox until the block ends."""
    setup = setup or Setup()
    options = ModelSettings(
        base_url=setup.openai_base_url or sandbox.openai_base_url,
        api_key=setup.api_key,
        model="stand-in",
        max_tokens=setup.max_tokens,
        opening=setup.opening,
        stop=setup.stop,
        n=setup.n,
        retry_deadline=setup.retry_deadline,
        first_token_timeout=setup.first_token_timeout,
        silence_timeout=setup.silence_timeout,
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
        slack = Slack(_slack_options(sandbox, setup), session, PlatformState("slack", store), commands)
        privacy = await opened_privacy(store, database, setup.hold)
        leaves_out = privacy.opt_outs.leaves_out
        guard = await guarded(setup.moderation, setup.policies, sandbox, store, {slack.name: slack}, stack, leaves_out)
        told = PromptSettings(instructions="You are Confab.")
        window = ContextWindow(setup.window, setup.max_tokens)
        recall = HistoryLoader(store, counter_for("stand-in"), window, told, setup.policies)
        summaries = Summaries(store, OpenAI(options.for_background_calls(), client, meter), recall, guard)
        stack.push_async_callback(summaries.close)
        ears = setup.voice.ears(sandbox, store, setup.policies, client, database, {slack.name: slack.fetch_transcript})
        stack.push_async_callback(ears.close)
        made, schedules = setup.tools.open_tools(store, {slack.name: slack}, commands)
        tools = Toolbox(made, setup.tools.settings, store, setup.policies, guard)
        documents = Documents()
        finder = await open_finder(setup.tools.embedder, sandbox, store, stack)
        knowledge = knowledge_of(
            finder,
            store,
            commands,
            {slack.name: slack},
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
        worker = Worker(store, conversation, {slack.name: slack}, setup.limits, guard, spending.reserve_turn)
        intake = Intake(store, conversation, {slack.name: slack}, setup.policies, worker, setup.queue, guard)
        await slack.start(intake.receive)
        await worker.resume()
        schedules.start_clock(worker, stack)
        await knowledge.start_indexing()
        stack.push_async_callback(worker.stop, 0.0)
        stack.push_async_callback(slack.stop)
        yield Bot(store, intake, worker, slack, summaries)


def _slack_options(sandbox: Sandbox, setup: Setup) -> SlackSettings:
    workspace = sandbox.workspace
    return SlackSettings(
        bot_token=setup.bot_token or workspace.bot_token,
        app_token=workspace.app_token if setup.socket else "",
        signing_secret=workspace.signing_secret,
        api_url=sandbox.slack_api_url,
        edit_interval=setup.edit_interval,
        dm_threads=setup.dm_threads,
        ping=setup.ping,
        parts=setup.parts,
    )
