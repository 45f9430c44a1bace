"""What `python -m tests.proofs.killing` does and prints."""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import click

from tests.proofs.killing.scenarios import SCENARIOS
from tests.proofs.killing.survey import Survey


@click.command()
@click.option("--only", default="", help="Scenarios whose platform and name hold this.")
@click.option("--lanes", default=8, show_default=True, help="Cases at a time.")
def main(only: str, lanes: int) -> None:
    """Kill the bot at every point of every scenario, start it again, and read what people see."""
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(asyncio.run(run(only, lanes, Path(folder))))


async def run(only: str, lanes: int, folder: Path) -> int:
    """Print what is found; return the exit status."""
    begun = time.monotonic()
    survey = Survey(folder, lanes, click.echo)
    scenarios = [each for each in SCENARIOS if only in f"{each.platform}, {each.name}"]
    click.echo(f"{len(scenarios)} scenarios, undisturbed")
    firsts = await survey.first_points(scenarios)
    click.echo(f"{len(firsts)} points of a first life")
    await survey.live(firsts)
    seconds = await survey.second_points(scenarios)
    click.echo(f"{len(seconds)} points of a second life, after a first one that was cut off half-way")
    await survey.live(seconds)
    found = survey.findings
    for plan in found.unmet:
        click.echo(f"not met: {plan}")
    click.echo(
        f"{len(firsts) + len(seconds)} points in {len(scenarios)} scenarios: {found.lived} cases with {found.deaths} "
        f"kills in {time.monotonic() - begun:.0f} s; {len(found.unmet)} not met, {len(found.faults)} faults"
    )
    return 1 if found.faults else 0
