"""Confab inside a test: the real parts put together against a sandbox, as the composition root does it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiohttp
from slack_bolt.app.async_app import AsyncApp

from bots.slack.adapter import Slack, SlackOptions
from bots.slack.memory import Memory
from core.conversation import Conversation
from core.inbox import Inbox, Pressure
from core.llm.client import ModelOptions, OpenAI, open_client
from core.policy import Policies
from core.prompt.context_window import ContextWindow
from core.prompt.history import HistoryLoader, Instructions
from core.prompt.summaries import Summaries
from core.prompt.tokens import counter_for
from core.storage.store import Store
from deploy.sandbox.wire.server import Sandbox
from tests.support.moderated import Moderated, guarded
from tests.support.voice import Voice

GENERAL = "C0GENERAL"


@dataclass(frozen=True, slots=True)
class Setup:
    """What a test wants otherwise than by default; times in seconds."""

    policies: Policies = field(default_factory=Policies)
    voice: Voice = field(default_factory=Voice)
    pressure: Pressure = field(default_factory=lambda: Pressure(pause=0.05))
    socket: bool = True
    dm_threads: bool = True
    edit_interval: float = 0.2
    ping: float = 1.0
    retry_deadline: float = (
        10.0  # a test that waits for a limit sets it; no other may run into one when a machine stops
    )
    first_token_timeout: float = 60.0
    silence_timeout: float = 60.0
    window: int | None = None
    max_tokens: int | None = None
    history_tokens: int = 16_000
    history_messages: int = 100
    openai_base_url: str = ""
    bot_token: str = ""
    moderation: Moderated | None = None


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot that runs; `app` is Bolt's, for events over HTTP."""

    store: Store
    inbox: Inbox
    slack: Slack
    app: AsyncApp
    summaries: Summaries


@asynccontextmanager
async def running(sandbox: Sandbox, database: Path, setup: Setup | None = None) -> AsyncIterator[Bot]:
    """Run a bot against a sandbox until the block ends."""
    setup = setup or Setup()
    options = ModelOptions(
        setup.openai_base_url or sandbox.openai_base_url,
        "sk-test",
        "stand-in",
        max_tokens=setup.max_tokens,
        retry_deadline=setup.retry_deadline,
        first_token_timeout=setup.first_token_timeout,
        silence_timeout=setup.silence_timeout,
    )
    async with AsyncExitStack() as stack:
        store = Store(database)
        stack.push_async_callback(store.close)
        client = await stack.enter_async_context(open_client(options))
        model = OpenAI(options, client)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        memory = Memory(partial(store.recent_conversations, "slack"), partial(store.recent_channels, "slack"), store)
        slack = Slack(_slack_options(sandbox, setup), session, memory)
        guard = await guarded(setup.moderation, sandbox, store, {slack.name: slack}, stack)
        told = Instructions("You are Confab.", setup.history_tokens, setup.history_messages)
        recall = HistoryLoader(
            store, counter_for("stand-in"), ContextWindow(setup.window, setup.max_tokens), told, guard
        )
        summaries = Summaries(store, model, recall, guard)
        stack.push_async_callback(summaries.close)
        ears = setup.voice.ears(sandbox, store, setup.policies, client, database)
        stack.push_async_callback(ears.close)
        conversation = Conversation(store, model, setup.policies, recall, summaries, ears, guard)
        inbox = Inbox(store, conversation, {slack.name: slack}, setup.policies, setup.pressure, guard)
        app = await slack.start(inbox.receive)
        await inbox.resume()
        stack.push_async_callback(inbox.stop, 0.0)
        stack.push_async_callback(slack.stop)
        yield Bot(store, inbox, slack, app, summaries)


def _slack_options(sandbox: Sandbox, setup: Setup) -> SlackOptions:
    workspace = sandbox.workspace
    return SlackOptions(
        setup.bot_token or workspace.bot_token,
        workspace.app_token if setup.socket else None,
        workspace.signing_secret,
        sandbox.slack_api_url,
        edit_interval=setup.edit_interval,
        dm_threads=setup.dm_threads,
        ping=setup.ping,
    )
