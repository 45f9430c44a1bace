"""Whatever kills the bot, and whenever: every question is answered once. `make prove` kills it at every point."""

import random
from pathlib import Path

import pytest

from tests.proofs.killing.case import lived
from tests.proofs.killing.scenarios import CROWDS, SCENARIOS, Scenario
from tests.proofs.killing.survey import Survey

LANES = 6
DEATHS = 12


@pytest.mark.parametrize("crowd", CROWDS, ids=lambda crowd: crowd.platform)
async def test_eight_questions_in_flight_and_four_asked_meanwhile_are_all_answered_once(
    crowd: Scenario, tmp_path: Path
) -> None:
    """The bot is killed when the last of the eight answers stands there half."""
    outcome = await lived(crowd, ("model: half-way #8",), tmp_path)
    assert outcome.met == ["model: half-way #8"]
    assert outcome.faults == []


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_killed_anywhere_it_answers_once_after_its_next_start(platform: str, tmp_path: Path) -> None:
    """A sample of one scenario's points; the seed that is shown chooses it again."""
    seed = random.SystemRandom().randrange(10**6)
    chance = random.Random(seed)
    survey = Survey(tmp_path, LANES, print)
    points = await survey.first_points([chance.choice([each for each in SCENARIOS if each.platform == platform])])
    await survey.live(chance.sample(points, DEATHS))
    assert survey.findings.faults == [], f"seed {seed}"
    assert survey.findings.deaths > DEATHS / 2, survey.findings.unmet
