"""The core in a process of its own, as far as a test can tell: it can be dropped at any point where it waits."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

import pytest

from bots.streaming import Pace, ReplyStream
from core.cards import Card
from core.chat_commands import ChatCommands
from core.conversation import Conversation
from core.errors import FileUnreadable, PlatformError
from core.intake import Intake
from core.llm.choice import ModelChoice
from core.llm.client import OpenAI
from core.messages import Attachment, ConversationKey, Earlier, Message, Receive, Turn
from core.model_events import ReplyEvent
from core.policy import ChannelSettings, Policies
from core.ports import Journal
from core.preferences.preferences import Preferences
from core.preferences.settings import PreferenceSettings
from core.prompt.context_window import ContextWindow
from core.prompt.history import HistoryLoader
from core.prompt.settings import PromptSettings
from core.prompt.summaries import Summaries
from core.prompt.tokens import Counter
from core.storage.connection import Connection
from core.storage.database import LINGER, Database, Work
from core.storage.errors import StorageUnavailable
from core.storage.store import Store
from core.turn_settings import TurnSettings
from core.voice.notes import VoiceNotes
from core.voice.settings import VoiceSettings
from core.voice.transcribe import TranscriptPipeline
from core.voice.transcribers import Transcribers
from core.worker import Worker
from tests.proofs.schedules.world import Speaker, World

T = TypeVar("T")
INSTRUCTIONS = PromptSettings(instructions="Be brief.")
POLICIES = Policies(ChannelSettings(history_tokens=4_000, history_messages=20))
PART = 150  # characters of one message: every notice is one


class Silence(PlatformError):
    """The platform did not answer: nobody knows whether it has done what it was asked."""

    notice = PlatformError.notice
    hint = PlatformError.hint
    is_silence = True


class InlineDatabase(Database):
    """Confab's database without its thread: the same transactions, at points where the process may be dropped."""

    def __init__(self, life: "Life", path: Path, _key: str) -> None:
        self._life = life
        self._file = Connection(path)
        self._file.execute("PRAGMA synchronous = OFF")
        self._sent: list[Work[object]] = []
        self.trouble = ""

    async def run(self, work: Work[T]) -> T:
        """Do the work in a transaction of its own; now and then the disk is full."""
        await self._life.passes()
        if self._life.world.breaks():
            raise StorageUnavailable("full")
        self._do_sent()
        result = self._done(work)
        await self._life.passes()
        return result

    def send(self, work: Work[object]) -> None:
        """Do the work a little later, before what is asked for after it, unless the process dies first."""
        self._sent.append(work)
        asyncio.get_running_loop().call_later(LINGER, self._do_sent)

    def _do_sent(self) -> None:
        while self._sent and self._life.lives:
            with suppress(StorageUnavailable):
                self._done(self._sent.pop(0))

    def _done(self, work: Work[T]) -> T:
        self._file.begin()
        try:
            result = work(self._file)
        except BaseException:
            self._file.rollback()
            raise
        self._file.commit()
        return result

    async def close(self) -> None:
        """Close the file."""
        self._file.close()


class Life:
    """One process: everything that is gone when it dies."""

    def __init__(self, world: World, path: Path) -> None:
        self.world = world
        self.lives = True
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("core.storage.store.Database", partial(InlineDatabase, self))
            self._store = Store(path)
        model = cast("OpenAI", Speaker(world))
        recall = HistoryLoader(self._store, Counter(len, exact=True), ContextWindow(), INSTRUCTIONS, POLICIES)
        ears = VoiceNotes(
            TranscriptPipeline(self._store, Transcribers(()), VoiceSettings(), path.with_name("recordings")),
            VoiceSettings(),
            POLICIES,
        )
        summaries = Summaries(self._store, model, recall)
        preferences = Preferences(self._store, POLICIES, PreferenceSettings())
        conversation = Conversation(self._store, ModelChoice(model), ChatCommands(preferences), recall, summaries, ears)
        platforms = {"simulated": Simulated(self)}
        self.worker = Worker(self._store, conversation, platforms, TurnSettings(concurrency=2))
        self.intake = Intake(self._store, conversation, platforms, POLICIES, self.worker, queue=50)

    async def passes(self) -> None:
        """Wait for a moment. Whoever is dead never comes out of it, nor does anything afterwards."""
        await asyncio.sleep(0)
        self.must_live()

    def must_live(self) -> None:
        """Raise CancelledError where the process is dead: its last words, as of `finally`, reach nobody."""
        if not self.lives:
            raise asyncio.CancelledError

    async def begin(self) -> None:
        """Go on with what an earlier process left; try again while the disk is full, as an operator would."""
        while True:
            try:
                return await self.worker.resume()
            except StorageUnavailable:
                await asyncio.sleep(1.0)

    async def die(self) -> None:
        """Drop everything that runs."""
        self.lives = False
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._store.close()


class Simulated:
    """The platform, as one process sees it."""

    name = "simulated"

    def __init__(self, life: Life) -> None:
        self._life = life

    async def start(self, receive: Receive) -> None:
        """Begin nothing: the schedule hands events over itself."""

    async def stop(self) -> None:
        """End nothing, either."""

    async def is_ready(self) -> bool:
        """Tell that events can arrive."""
        return True

    async def wait_until_lost(self) -> None:
        """Wait for ever."""
        await asyncio.Event().wait()

    async def resolve_names(self, message: Message) -> Message:
        """Return the message as it is."""
        await self._life.passes()
        return message

    async def fetch_earlier(self, message: Message, most: int, since: float = 0.0) -> Sequence[Earlier]:  # noqa: ARG002 - the port's
        """Nothing was said before."""
        await self._life.passes()
        return ()

    async def open_file(self, key: ConversationKey, attachment: Attachment, most: int) -> AsyncGenerator[bytes, None]:  # noqa: ARG002 - the port's
        """There are no files."""
        if attachment.name:
            raise FileUnreadable(attachment.name)
        yield b""

    async def show_card(self, turn: Turn, card: Card, journal: Journal) -> None:
        """Show no card: nothing is asked for that needs one."""

    async def post_notice(self, key: ConversationKey, text: str, only_for: str = "") -> bool:  # noqa: ARG002 - the port's
        """Nobody is told anything outside of a turn."""
        return False

    async def reply(self, turn: Turn, events: AsyncIterator[ReplyEvent], journal: Journal, *, live: bool) -> None:
        """Show an answer as the real platforms do: in parts that grow, each found again by its mark."""
        surface = Surface(self._life, turn, journal)
        await ReplyStream(surface, _parts, await surface.standing(), Pace()).show_reply(events, live=live)


class Surface:
    """One reply as it stands on the platform."""

    def __init__(self, life: Life, turn: Turn, journal: Journal) -> None:
        self._life = life
        self._world = life.world
        self._turn = turn
        self._journal = journal

    async def standing(self) -> tuple[str, ...]:
        """Return the parts that stand there, and note those that a dead process has posted and not noted."""
        await self._life.passes()
        known = list(self._turn.posted)
        for post in self._world.marked(self._turn.id)[len(known) :]:
            known.append(post.id)
            await self._journal.note_posted(post.part, post.id)
        for post in self._world.marked(f"{self._turn.id}-notice"):
            if self._turn.attempts > 1 and post.id not in known:
                await self.remove_part(post.id)
        return tuple(known)

    async def post_part(self, part: int, text: str) -> str:
        """Post a part and note it."""
        await self._acts()
        found = [post.id for post in self._world.marked(self._turn.id) if post.part == part]
        message_id = found[0] if found else self._world.post(self._turn.id, part, text)
        await self._is_answered()
        await self._journal.note_posted(part, message_id)
        return message_id

    async def edit_part(self, message_id: str, text: str, *, last: bool) -> bool:
        """Change a part; now and then there is no room for an edit that is not the last."""
        await self._acts()
        if not last and self._world.breaks():
            return False
        self._world.posts[message_id].text = text
        await self._is_answered()
        return True

    async def remove_part(self, message_id: str) -> None:
        """Take a part away."""
        await self._acts()
        self._world.posts.pop(message_id, None)
        await self._is_answered()

    async def _acts(self) -> None:
        await self._world.takes(0.5)
        self._life.must_live()
        if self._world.breaks():
            raise self._world.chance.choice((PlatformError("refused, as the test wants"), Silence("no answer")))

    async def _is_answered(self) -> None:
        await self._world.takes(0.5)
        self._life.must_live()
        if self._world.breaks():
            raise Silence("done, and not answered")


def _parts(markdown: str, *, is_whole: bool) -> list[str]:  # noqa: ARG001 - none waits for the end
    parts = [""]
    for word in markdown.split():
        if len(parts[-1]) + len(word) > PART:
            parts.append("")
        parts[-1] += f"{word} "
    return parts
