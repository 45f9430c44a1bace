"""What `python -m tests.proofs.schedules` does and prints."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import click
from hypothesis import HealthCheck, Phase, given, settings

from tests.proofs.schedules.promise import SCHEDULES, WORLDS, broken, new_database
from tests.proofs.schedules.schedule import Action
from tests.proofs.schedules.world import World

MARKS = 20  # lines that tell the progress


@click.command()
@click.option("--number", default=10_000, show_default=True, help="How many schedules.")
def main(number: int) -> None:
    """Run random schedules on the core, in simulated time; end with an error where the promise is broken."""
    begun, happened = time.monotonic(), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        checked(Path(folder), number, happened)()
    things = ", ".join(f"{count} times {kind}" for kind, count in sorted(happened.items()) if kind != "schedules")
    click.echo(f"{happened['schedules']} schedules in {time.monotonic() - begun:.0f} s: {things}")
    click.echo("The promise held in each.")


def checked(folder: Path, number: int, happened: Counter[str]) -> Callable[[], None]:
    """Return the property as a function that checks so many schedules; `happened` counts what came to pass."""
    new = new_database(folder / "new.db")

    @settings(
        max_examples=number,
        phases=(Phase.generate, Phase.shrink),
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(SCHEDULES, WORLDS)
    def holds(schedule: Sequence[Action], world: World) -> None:
        happened.update(["schedules", *(action.kind for action in schedule)])
        if happened["schedules"] % max(1, number // MARKS) == 0:
            click.echo(f"  {happened['schedules']} of {number}")
        assert broken(new, folder / "schedule.db", schedule, world) == []

    return holds
