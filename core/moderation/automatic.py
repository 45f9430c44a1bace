"""Who checks where the operator has not said it: whoever turns out to be there."""

import asyncio
from typing import Literal

import structlog

from core.moderation.errors import CheckFailed
from core.moderation.known_texts import CLEAN_TEXT, is_telling_apart
from core.moderation.verdict import Checker, Finding, Sample

log = structlog.get_logger()

How = Literal["endpoint", "judge", "off"]
# What an endpoint answers that has no moderation, or none for this key and model; all else may pass.
ABSENT = frozenset({200, 400, 401, 403, 404, 405, 410, 422, 501})
OFF = (
    "There is no /moderations, and the model cannot judge: only CONFAB_MODERATION_WORDS and CONFAB_MODERATION_PATTERNS "
    "hold, where they are set. Set CONFAB_MODERATION_URL to an endpoint that has it, or CONFAB_MODERATION_JUDGE to a "
    "model that can judge; CONFAB_MODERATION=endpoint does not start without."
)


class AutomaticChecker:
    """The endpoint where it has moderation, else the judge where it can judge, else nobody: then everything passes.

    What cannot be told yet, as while a server is down, is found out with a later check, and until then nothing passes.
    """

    def __init__(self, endpoint: Checker, judge: Checker) -> None:
        self._checkers: dict[How, Checker] = {"endpoint": endpoint, "judge": judge}
        self._choice: How | None = None
        self._choosing: asyncio.Task[How] | None = None

    @property
    def is_off(self) -> bool:
        """Whether it is known by now that nobody can check."""
        return self._choice == "off"

    @property
    def images(self) -> bool:
        """Whether pictures may be shown: where nobody checks, or who does looks at them."""
        return self.is_off or (self._choice is not None and self._checkers[self._choice].images)

    async def choose_checker(self) -> How:
        """Return who checks; raise CheckFailed where that cannot be told yet. Called off, it goes on all the same."""
        if self._choosing is None or (self._choosing.done() and self._choice is None):
            self._choosing = asyncio.create_task(self._choose())
            self._choosing.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(self._choosing)

    async def findings(self, samples: list[Sample]) -> list[Finding]:
        """Return what is found in each sample, in their order; raise CheckFailed."""
        choice = await self.choose_checker()
        return [Finding()] * len(samples) if choice == "off" else await self._checkers[choice].findings(samples)

    async def close(self) -> None:
        """Stop finding out."""
        if self._choosing:
            self._choosing.cancel()
            await asyncio.gather(self._choosing, return_exceptions=True)

    async def _choose(self) -> How:
        choice = await self._find_out()
        self._choice = choice
        if choice == "off":
            log.warning("MODERATION IS OFF", hint=OFF)
        else:
            log.info("moderation on", by=choice)
        return choice

    async def _find_out(self) -> How:
        try:
            await self._checkers["endpoint"].findings([Sample(CLEAN_TEXT)])
        except CheckFailed as error:
            if error.status not in ABSENT:
                raise
        else:
            return "endpoint"
        try:
            return "judge" if await is_telling_apart(self._checkers["judge"]) else "off"
        except CheckFailed as error:
            if error.status != 200:  # it did not answer at all
                raise
        return "off"
