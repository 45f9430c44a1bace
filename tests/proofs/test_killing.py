"""Whatever kills the bot, and whenever: every question is answered once. `make prove` kills it at every point."""

import random
import shutil
import signal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from core.storage.store import Store
from tests.proofs.killing.case import lived
from tests.proofs.killing.restoring import restored
from tests.proofs.killing.scenarios import CROWDS, SCENARIOS, Scenario
from tests.proofs.killing.survey import Survey
from tests.support.database import column, leave_in_log
from tests.support.examples import message

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


@pytest.mark.prove
async def test_killed_while_a_copy_is_put_back_there_is_one_whole_database_at_every_moment(tmp_path: Path) -> None:
    """The former one or the copy; asked once more, it is put back, and the former one is kept."""
    copy, path, steps, deadly = tmp_path / "copy.db", tmp_path / "at" / "confab.db", tmp_path / "steps", 0
    killed = True
    while killed:
        deadly += 1
        await _make_former(path, copy)
        killed = restored(copy, path, deadly, steps) == -signal.SIGKILL
        assert _message_ids(path) in (["former"], ["1.0"]), steps.read_text()
        assert not killed or restored(copy, path, 0, tmp_path / "again") == 0
        assert _message_ids(path) == ["1.0"]
        kept = [each for each in path.parent.glob("confab.db.2*") if not each.name.endswith(("-wal", "-shm"))]
        assert ["former"] in [_message_ids(each) for each in kept], steps.read_text()
    assert deadly > 5


async def _make_former(path: Path, copy: Path) -> None:
    """Make a database that a kill left, with what was written last in its log alone, and a copy of another one."""
    shutil.rmtree(path.parent, ignore_errors=True)
    path.parent.mkdir()
    for made in (path, copy):
        made.unlink(missing_ok=True)
        store = Store(made)
        await store.add_message(message(1), if_joined=False)
        await store.close()
    leave_in_log(path, "UPDATE turns SET message_id = 'former'")


def _message_ids(path: Path) -> list[str]:
    """Return the messages in a database, looked at in a copy of its folder, so that nothing is changed there."""
    with TemporaryDirectory() as folder:
        looked_at = Path(shutil.copytree(path.parent, folder, dirs_exist_ok=True)) / path.name
        return column(looked_at, "SELECT message_id FROM turns ORDER BY seq")
