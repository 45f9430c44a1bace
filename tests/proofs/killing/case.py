"""One scenario, lived through by one bot after another; and what people see of it in the end."""

import asyncio
import shutil
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from core.consent.wording import OVER, TOLD
from deploy.sandbox.wire.server import Sandbox, serve
from tests.proofs.killing.ledger import find_misspent
from tests.proofs.killing.life import Life
from tests.proofs.killing.places import PIECES, Asked, common
from tests.proofs.killing.scenarios import Scenario
from tests.proofs.killing.speaker import REMINDED, TAG, Speaker
from tests.proofs.killing.wire import Wire
from tests.support.database import column, rows
from tests.support.mcp_servers import servers_file

KEPT, UPLOADED = "TranscriptPipeline._line: committed #1", "/audio/transcriptions: received"
SOURCES = (
    "SELECT kind, state, (SELECT count(*) FROM passages WHERE source = sources.seq) FROM sources ORDER BY kind, seq"
)
EMBEDDED = "SELECT (SELECT count(DISTINCT hash) FROM passages), (SELECT count(*) FROM vectors)"
INDEXED = "SELECT count(*) FROM passages UNION SELECT count(*) FROM passage_words WHERE passage_words MATCH 'question'"
ENOUGH = 20.0  # seconds after which a question counts as unanswered
LOOK = 0.05  # seconds between two looks at what nobody sees
CLICKED = (*TOLD.values(), OVER)  # what one is told alone who clicked
GROWTH = 3.0  # seconds for which the model waits in the middle of an answer until its beginning is shown


@dataclass(slots=True)
class Outcome:
    """What became of a case: the points of each life in order, those of death that were met, and every fault."""

    lives: list[list[str]] = field(default_factory=list)
    met: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class Case:
    """A scenario in a sandbox of its own. Each life but the last ends at its deadly point."""

    def __init__(self, scenario: Scenario, folder: Path, sandbox: Sandbox, wire: Wire) -> None:
        self._scenario = scenario
        self._folder = folder
        self._wire = wire
        self._place = scenario.place(sandbox)
        self._tasks = sandbox.tasks.tasks
        self._model = sandbox.model
        kind = {"looks_up": scenario.looks_up, "asks": scenario.asks, "reminds": scenario.reminds}
        self._speaker = Speaker(self._grown, lengths=scenario.lengths, **kind)
        sandbox.model.talk = self._speaker
        sandbox.model.delay_first, sandbox.model.tokens_per_second = 0.0, None
        environment = {**common(sandbox), **self._place.environment(), **scenario.settings}
        self._environ = {**environment, "CONFAB_DATABASE": str(folder / "confab.db")}
        if scenario.asks:
            self._environ["CONFAB_MCP"] = servers_file(folder, {"tasks": {"url": sandbox.mcp_url}})
        self._is_clicked = False
        self._asked: list[Asked] = []
        self._begun = 0.0
        self._kept: dict[str, int] = {}
        self._kept_calls: dict[str, int] = {}
        self.outcome = Outcome()

    async def live(self, deadly: Sequence[str]) -> Outcome:
        """Let one life follow another until everything is answered, and judge."""
        for point in (*deadly, ""):
            life = Life(self._environ, point, self._folder)
            self._wire.watch(life, point)
            status = await self._until_over(life)
            self._keep_record(life)
            if status != -signal.SIGKILL:
                self.outcome.faults += [f"ended with status {status}"] if status else []
                break
            self.outcome.met.append(point)
            self.outcome.faults += self._half_read_sources()
            self._kept |= self._answers_kept()
            self._kept_calls |= self._calls_kept()
            await self._while_nobody_hears()
        self._judge()
        return self.outcome

    async def _until_over(self, life: Life) -> int:
        """Let a life come to its end, by its deadly point or in order once all is answered; return its exit status.

        An orderly end finishes what is under way, so that nothing more can come after it.
        """
        lived = asyncio.create_task(self._lived())
        await asyncio.wait((lived, life.over), return_when=asyncio.FIRST_COMPLETED)
        if life.over.done():
            lived.cancel()
        try:
            await lived
        except TimeoutError as error:
            self.outcome.faults.append(f"never came to rest: {error}")
        except asyncio.CancelledError:
            pass
        return await life.stop()

    async def _lived(self) -> None:
        """Be a bot's world for one life: ask what has not been asked, and wait until all is answered."""
        await self._place.has(1)
        await self._ask(len(self._scenario.questions) - self._scenario.missed)
        if await self._place.heard():
            await self._wire.passes("events: acknowledged")
        if self._scenario.asks:
            await self._allow()
        await self._place.until(self._is_answered, ENOUGH)
        await _until_none(self._forgotten_edits)
        await _until_none(self._lost_sources)
        if self._scenario.asks:  # each click is answered as well
            await _until_none(lambda: self._turns("state = 'open'"))

    async def _allow(self) -> None:
        """Click on the card, and once more only where the platform said that nobody heard it."""
        asked = self._asked[0]
        await self._place.until(lambda: self._place.asks(asked) or self._is_answered(), ENOUGH)
        while not self._is_clicked and self._place.asks(asked):
            self._is_clicked = await self._place.click(asked)

    def _forgotten_edits(self) -> list[str]:
        """Return a line for each edit that the history does not tell."""
        told = column(self._folder / "confab.db", "SELECT text FROM entries WHERE role = 'user'")
        edits = (f"question-{number}" for number in range(len(self._asked)) if self._is_edit(number))
        return [f"the history does not tell {tag}" for tag in edits if tag not in told]

    def _lost_sources(self) -> list[str]:
        """Return a fault for what was shared and cannot be looked up, or is there twice."""
        if "shared" not in self._scenario.questions:
            return []
        wanted = [("chat", "indexed", 1), ("file", "indexed", PIECES)]
        found = rows(self._folder / "confab.db", SOURCES)
        pieces, vectors = rows(self._folder / "confab.db", EMBEDDED)[0]
        lost = [f"it can be looked up in {found}"] if found != wanted else []
        return lost + ([f"{vectors} of {pieces} texts have vectors"] if pieces != vectors else [])

    def _half_read_sources(self) -> list[str]:
        """Return a fault for what can be found in a part of its pieces, or by an index that has others."""
        if "shared" not in self._scenario.questions:
            return []
        database = self._folder / "confab.db"
        found = rows(database, SOURCES)
        halves = [each for each in found if each[2] not in {0, 1 if each[0] == "chat" else PIECES}]
        counts = set(column(database, INDEXED))
        return [f"a source is found in a part: {halves}"] * bool(halves) + ["an index differs"] * (len(counts) > 1)

    def _is_edit(self, number: int) -> bool:
        return self._scenario.questions[number] == "edit"

    async def _ask(self, until: int | None = None) -> None:
        """Ask what has not been asked yet, up to question number `until`."""
        for number, way in list(enumerate(self._scenario.questions))[len(self._asked) : until]:
            if number <= self._scenario.settled:
                await self._place.until(self._is_answered, ENOUGH)
                self._begun = asyncio.get_running_loop().time()
            if way == "edit":  # what is changed before its turn is over is answered as it stands then
                await _until_none(lambda: self._turns("state = 'open'"))
            about = self._asked[0] if way in {"follow-up", "edit"} else None
            self._asked.append(await self._place.ask(way, f"question-{number}", about))

    async def _grown(self, beginning: str) -> None:
        """Hold the model until the beginning of its answer is shown, where it grows."""
        if await self._wire.passes("model: half-way") and self._scenario.streams:
            with suppress(TimeoutError):
                await self._place.until(lambda: any(beginning in text for text in self._place.everything()), GROWTH)

    def _is_answered(self) -> bool:
        return not self._unanswered() and len(self._place.everything()) >= len(self._messages())

    def _threads(self) -> dict[Asked, list[str]]:
        """Return the questions of each thread that want an answer; what changes one wants none."""
        threads: dict[Asked, list[str]] = {}
        for number, asked in enumerate(self._asked):
            is_asked = self._scenario.questions[number] not in {"edit", "shared"}
            threads.setdefault(asked, []).extend([f"question-{number}"] if is_asked else [])
        return threads

    def _messages(self) -> list[str]:
        return [text for asked in self._threads() for text in self._place.answers(asked)]

    def _unanswered(self) -> list[str]:
        """Name each thread that does not show one whole answer to each of its questions, with what it shows."""
        return [
            f"{', '.join(tags)}: {[_short(text) for text in self._place.answers(asked)]}"
            for asked, tags in self._threads().items()
            if not self._shows(asked, tags)
        ]

    def _shows(self, asked: Asked, tags: list[str]) -> bool:
        messages = self._place.answers(asked)
        if self._scenario.reminds and sum(REMINDED in text for text in messages) != 1:
            return False
        if "command" not in self._scenario.questions:
            return self._speaker.is_whole(tags, messages)
        if self._place.refused() and not messages:
            return not self._turns("state = 'open'")
        return bool(messages) and tags[0] in messages[0] and self._speaker.is_whole(tags, messages[1:])

    async def _while_nobody_hears(self) -> None:
        await self._place.has(0)
        if self._scenario.settled == 0:
            await self._ask()

    def _keep_record(self, life: Life) -> None:
        record = sorted([*life.points(), *self._wire.record])
        self.outcome.lives.append([point for at, point in record if at >= self._begun])

    def _judge(self) -> None:
        """Note whatever people see that is not one whole answer to each question, and what the database has open."""
        self.outcome.faults += [*self._unanswered(), *self._forgotten_edits()]
        self.outcome.faults += [*self._lost_sources(), *self._half_read_sources()]
        if self._scenario.asks:
            self.outcome.faults += self._effects()
        shown = [text for text in self._place.everything() if text not in CLICKED]
        answers = self._messages()
        for text in shown:
            if text in answers:
                answers.remove(text)
            else:
                self.outcome.faults.append(f"shown beside the answer: {_short(text)}")
        self.outcome.faults += self._turns("state <> 'done'")
        self.outcome.faults += find_misspent(self._folder / "confab.db", self._times_held())
        self.outcome.faults += _transcribed_again([point for life in self.outcome.lives for point in life])
        for tag, calls in self._kept.items():
            if len(self._speaker.said[tag]) > calls:
                self.outcome.faults.append(f"{tag}: a call that was complete was paid again")
        for tag, calls in self._kept_calls.items():
            if self._speaker.called[tag] > calls:
                self.outcome.faults.append(f"{tag}: the model was asked again for calls that were kept")

    def _times_held(self) -> int:
        """Return how often the model was asked, of calls that a cap has written down before they were made."""
        is_capped = "CONFAB_CAPS" in self._scenario.settings
        return sum(is_capped and each.path.endswith("/chat/completions") for each in self._model.requests)

    def _effects(self) -> list[str]:
        """Return a fault where what was allowed did not happen once, or not without a word."""
        times = [each.name for each in self._tasks.calls].count("add_task")
        shown = " ".join(self._messages())
        twice = ["it happened twice"] if times > 1 else []
        lost = ["it was lost without a word"] if not times and "may have happened" not in shown else []
        is_open = ["a card is left open"] if "May I?" in shown else []
        return [*twice, *lost, *is_open]

    def _answers_kept(self) -> dict[str, int]:
        """Return how often the model was asked until now, of each question whose whole answer is in the database."""
        query = "SELECT answer FROM turns WHERE state = 'open' AND answer IS NOT NULL"
        tags = [TAG.findall(answer)[0] for answer in column(self._folder / "confab.db", query)]
        return {tag: len(self._speaker.said[tag]) for tag in tags}

    def _calls_kept(self) -> dict[str, int]:
        """Return how often the model has called tools until now, for each question whose calls are in the database."""
        query = "SELECT arguments FROM tool_calls WHERE name <> 'calculator' AND arguments <> ''"
        tags = [TAG.findall(arguments)[0] for arguments in column(self._folder / "confab.db", query)]
        return {tag: self._speaker.called[tag] for tag in tags}

    def _turns(self, which: str) -> list[str]:
        """Return the turns in the database for which an SQL condition holds, one line each."""
        found = rows(self._folder / "confab.db", f"SELECT state, error FROM turns WHERE {which}")  # noqa: S608 - a constant
        return [f"a turn is {state}: {error}" for state, error in found]


async def _until_none(left: Callable[[], list[str]]) -> None:
    """Wait until nothing is left of what nobody sees."""
    async with asyncio.timeout(ENOUGH):
        while left():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(LOOK)


def _transcribed_again(points: Sequence[str]) -> list[str]:
    """Return a fault where a recording was uploaded although its transcript was on disk."""
    kept = next((number for number, point in enumerate(points) if point == KEPT), len(points))
    return ["a transcript was paid twice"] if any(UPLOADED in point for point in points[kept:]) else []


def _short(text: str) -> str:
    return text if len(text) < 60 else f"{text[:40]} … {text[-15:]}"


async def lived(scenario: Scenario, deadly: Sequence[str], folder: Path) -> Outcome:
    """Let a scenario take place in `folder`, with lives that end at these points, and one that does not."""
    _clear(folder)
    wire = Wire()
    async with serve(middlewares=[wire.middleware]) as sandbox:
        return await Case(scenario, folder, sandbox, wire).live(deadly)


def _clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
