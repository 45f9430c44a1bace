"""Every scenario killed at every point that it was seen to come by, several at a time."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.proofs.killing.case import Outcome, lived
from tests.proofs.killing.scenarios import Scenario

HALF_WAY = "model: half-way #1"  # where a first life is cut off whose second one is looked at as well
TRIES = 3  # of a case whose points of death were not met: what runs at once does not always run in the same order
MARKS = 20  # lines that tell the progress


@dataclass(frozen=True, slots=True)
class Plan:
    """A scenario, and the points at which its lives end."""

    scenario: Scenario
    deadly: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it as one line."""
        deaths = " and then at ".join(f"<{point}>" for point in self.deadly) or "no point"
        return f"{self.scenario.platform}, {self.scenario.name}, killed at {deaths}"


@dataclass(slots=True)
class Findings:
    """What came out: how many plans were lived through, those whose points were never met, and every fault."""

    lived: int = 0
    deaths: int = 0
    unmet: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def take(self, plan: Plan, outcome: Outcome) -> None:
        """Take in what became of a plan."""
        self.lived += 1
        self.deaths += len(outcome.met)
        if outcome.met != list(plan.deadly):
            self.unmet.append(str(plan))
        if outcome.faults:
            self.faults.append("\n    ".join([str(plan), *outcome.faults]))


class Survey:
    """Lives plans through in `lanes` lanes at once, each in a folder of its own; `say` is told how it goes."""

    def __init__(self, folder: Path, lanes: int, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._lanes = lanes
        self._say = say
        self.findings = Findings()

    async def first_points(self, scenarios: Iterable[Scenario]) -> list[Plan]:
        """Watch each scenario undisturbed; return a plan for each point of its life."""
        plans = [Plan(scenario) for scenario in scenarios]
        outcomes = await self.live(plans)
        return [Plan(plan.scenario, (point,)) for plan in plans for point in outcomes[plan].lives[0]]

    async def second_points(self, scenarios: Iterable[Scenario]) -> list[Plan]:
        """Watch each scenario go on after a death half-way; return a plan for each point of its second life."""
        plans = [Plan(scenario, (HALF_WAY,)) for scenario in scenarios]
        outcomes = await self.live(plans)
        return [Plan(plan.scenario, (HALF_WAY, point)) for plan in plans for point in _second(outcomes[plan])]

    async def live(self, plans: Sequence[Plan]) -> dict[Plan, Outcome]:
        """Live all of these plans through; return what became of each."""
        outcomes: dict[Plan, Outcome] = {}
        waiting = iter(list(plans))
        await asyncio.gather(*(self._lane(number, waiting, outcomes, len(plans)) for number in range(self._lanes)))
        return outcomes

    async def _lane(self, number: int, waiting: Iterator[Plan], outcomes: dict[Plan, Outcome], of: int) -> None:
        for plan in waiting:
            outcomes[plan] = await self._tried(plan, self._folder / f"lane-{number}")
            self.findings.take(plan, outcomes[plan])
            if outcomes[plan].faults:
                self._say(f"FAULT {self.findings.faults[-1]}")
            if len(outcomes) * MARKS // of > (len(outcomes) - 1) * MARKS // of:
                self._say(f"  {len(outcomes)} of {of}, {len(self.findings.faults)} faults")

    async def _tried(self, plan: Plan, folder: Path) -> Outcome:
        for _ in range(TRIES):
            outcome = await lived(plan.scenario, plan.deadly, folder)
            if outcome.faults or outcome.met == list(plan.deadly):
                break
        return outcome


def _second(outcome: Outcome) -> list[str]:
    return outcome.lives[1] if len(outcome.lives) > 1 else []
