"""How long a prompt may be: what is known of the model's window."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

import structlog

from core.errors import ContextOverflow, EndpointFailing, EndpointUnreachable
from core.llm.client import OpenAI
from core.retry import pause_before

log = structlog.get_logger()

UNKNOWN = 128_000  # tokens that a window is taken for until somebody says otherwise: an error's figures teach better
ANSWER = 4_096  # tokens that are left for the answer where no limit is set
LARGEST_ANSWER = 0.75  # of the window is left for an answer, however much is asked for
RESERVE = 0.1  # of the prompt's share, since counting is not exact
LEAST = 512  # tokens: no error teaches that a window is smaller than this
WITHOUT_FIGURES = 0.6  # of the prompt that was refused, where the error does not say what would fit
LONGEST_PAUSE = 300.0  # seconds between two questions for the model's window
LONGEST_WAIT = 2.0  # seconds after the start for which a question waits for the endpoint's first word on its window
REMEMBERED = 3_600.0  # seconds for which what errors and answers teach is believed: servers are started anew


@dataclass(frozen=True, slots=True)
class Observation:
    """A number of tokens that was seen, and when, in seconds of the window's clock."""

    tokens: int
    at: float


class ContextWindow:
    """One model's window at one endpoint, in tokens by its own count: set, told by the endpoint, or learnt.

    What an error teaches holds for an hour, is never less than a prompt that has passed in that time, and never less
    than what the operator set.
    """

    def __init__(
        self, setting: int | None = None, answer: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`setting` is what the operator says of the window; `answer` is the longest answer asked for."""
        self._setting = setting
        self._answer = answer
        self._clock = clock
        self._endpoints: int | None = None
        self._learnt: Observation | None = None
        self._passed: Observation | None = None
        self._asking: asyncio.Event | None = None  # set once the endpoint was asked for the first time
        self._wait_until = 0.0  # seconds of the loop's clock

    def begin_asking(self, longest: float = LONGEST_WAIT) -> None:
        """Take that the endpoint is being asked; `wait_until_asked` waits for that, for so many seconds from now."""
        self._asking, self._wait_until = asyncio.Event(), asyncio.get_running_loop().time() + longest

    def end_asking(self) -> None:
        """Take that the endpoint has told its window, or does not tell it now."""
        if self._asking:
            self._asking.set()

    async def wait_until_asked(self) -> None:
        """Wait while the endpoint is asked for the first time, up to a bound after that began.

        Where the operator has set the window, nobody waits.
        """
        if self._asking and not self._setting:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._wait_until):
                    await self._asking.wait()

    @property
    def size(self) -> int:
        """The window, in tokens."""
        if self._setting:
            return self._setting
        told, learnt = self._endpoints or UNKNOWN, self._fresh(self._learnt)
        return min(told, max(learnt, self._fresh(self._passed))) if learnt else told

    @property
    def prompt(self) -> int:
        """The tokens that a prompt may have: less than the window by the answer, and by a reserve."""
        return self._prompt_within(self.size)

    def leaves_no_room(self, overflow: ContextOverflow) -> bool:
        """Whether it is the longest answer asked for that leaves a prompt no room in a window that was too small."""
        return bool(self._answer and self._answer > (overflow.window or self.size) // 2)

    def set_told_size(self, size: int) -> None:
        """Take what the endpoint says of its window; what the operator said goes before it."""
        self._endpoints = size

    def note_passed(self, tokens: int) -> None:
        """Take that a prompt of so many tokens was read."""
        if tokens >= self._fresh(self._passed):
            self._passed = Observation(tokens, self._clock())

    def learn(self, overflow: ContextOverflow, tokens: int) -> int:
        """Take what an error teaches; return how many tokens the next prompt may have, in place of the refused one.

        `tokens` is how long the refused prompt was, as far as is known. A window that is less than what has passed is
        no window. Without one nothing is learnt until a shorter prompt has passed: see `note_too_many`.
        """
        window = overflow.window if overflow.window and overflow.window >= self._fresh(self._passed) else None
        if window:
            self._learn_bound(window)
        return self._prompt_within(window) if window else int(tokens * WITHOUT_FIGURES)

    def note_too_many(self, tokens: int) -> None:
        """Take that a prompt of so many tokens was refused without a figure, and a shorter one read in its place.

        Only that tells it from an endpoint that refuses everything in such words.
        """
        self._learn_bound(tokens)

    def _learn_bound(self, tokens: int) -> None:
        if tokens >= LEAST:
            self._learnt = Observation(tokens, self._clock())

    def _prompt_within(self, size: int) -> int:
        answer = min(self._answer or min(ANSWER, size // 4), int(size * LARGEST_ANSWER))
        return int((size - answer) * (1 - RESERVE))

    def _fresh(self, seen: Observation | None) -> int:
        return seen.tokens if seen and self._clock() - seen.at < REMEMBERED else 0


async def ask_window(model: OpenAI, window: ContextWindow, pause: float = 5.0) -> None:
    """Ask the endpoint for its model's window, beside everything else, until it tells that, or that it does not.

    A server that still loads its model is asked again after `pause` seconds, and then ever more seldom. The first
    question waits for the first answer alone.
    """
    for retry in count():
        try:
            size = await model.window()
            break
        except (EndpointFailing, EndpointUnreachable) as error:
            log.info("window not told yet", error=type(error).__name__, detail=str(error))
            window.end_asking()
        await asyncio.sleep(pause_before(retry, pause, LONGEST_PAUSE))
    if size:
        window.set_told_size(size)
        log.info("window told", tokens=window.size)
    window.end_asking()
