"""What moderation costs, as ratios: `make bench` shows it after the rest.

Confab with every check against itself without any, in turn; and how long a person waits for the first text while a
check takes its time. The stand-in that checks shares the machine, so that its part of the work counts as ours.
"""

import asyncio
import statistics
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox, serve
from tests.bench.__main__ import ANSWER, contestant, flood, forget, say, turn
from tests.support.stages import SlackStage

OFF = {"CONFAB_MODERATION": "off"}
QUESTIONS = {"CONFAB_MODERATION": "endpoint", "CONFAB_MODERATION_OUTPUT": "false"}
ALL = {"CONFAB_MODERATION": "endpoint"}
STRICT = {**ALL, "CONFAB_MODERATION_STRICT": "true"}
SLACKS_PACE = {"CONFAB_EDIT_INTERVAL": "0.2"}  # so that edits do not hide what is measured


@dataclass(slots=True)
class Figures:
    """Replies per second, and the milliseconds to the first and to the final text, the model's own time taken out."""

    rate: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    final: list[float] = field(default_factory=list)


async def cost(stage: SlackStage, sandbox: Sandbox, folder: Path) -> None:
    """Print what it costs with every check, against none."""
    found = {"off": Figures(), "on": Figures()}
    for _ in range(3):
        for name, settings in (("off", OFF), ("on", ALL)):
            async with contestant("confab", stage, sandbox, folder, settings=settings):
                await flood(stage, 50, 8)  # a first run, not counted
                turns = [(await turn(stage, sandbox, number))[1] for number in range(100)]
                found[name].rate.append(await flood(stage, 600, 32))
                found[name].first.append(statistics.median(each.first_after_token for each in turns))
                found[name].final.append(statistics.median(each.own for each in turns))
            forget(stage, sandbox)
    for title, key in (
        ("replies per second", "rate"),
        ("own first text, ms", "first"),
        ("own final text, ms", "final"),
    ):
        off, on = (statistics.median(getattr(found[name], key)) for name in ("off", "on"))
        say(f"  {title:<28} off {off:7.1f}   on {on:7.1f}   ratio {on / off:.2f}")


async def waits(stage: SlackStage, sandbox: Sandbox, folder: Path, settings: Mapping[str, str]) -> tuple[float, float]:
    """Return the median milliseconds from the question to the first and to the final text."""
    async with contestant("confab", stage, sandbox, folder, settings={**settings, **SLACKS_PACE}):
        await turn(stage, sandbox, 0)  # a first one, which opens connections
        turns = [(await turn(stage, sandbox, number))[1] for number in range(9)]
    forget(stage, sandbox)
    first = statistics.median((each.first_text - each.asked) * 1000 for each in turns)
    return first, statistics.median((each.final_text - each.asked) * 1000 for each in turns)


async def delays(stage: SlackStage, sandbox: Sandbox, folder: Path) -> None:
    """Print how long people wait while a check takes 200 or 500 ms, and the model's first token 300."""
    sandbox.model.delay_first, sandbox.model.tokens_per_second = 0.3, 45.0
    for check in (0.2, 0.5):
        sandbox.model.moderation.delay = check
        say(f"  a check of {check * 1000:.0f} ms beside a first token after 300 ms:")
        base = await waits(stage, sandbox, folder, OFF)
        for name, settings in (("questions alone", QUESTIONS), ("answers, too", ALL), ("strict", STRICT)):
            first, final = await waits(stage, sandbox, folder, settings)
            say(
                f"    {name:<16} first text {first:5.0f} / {base[0]:4.0f} ms = {first / base[0]:.2f} "
                f"({first - base[0]:+.0f} ms)   final text {final:5.0f} / {base[1]:4.0f} ms ({final - base[1]:+.0f} ms)"
            )
    sandbox.model.delay_first, sandbox.model.tokens_per_second, sandbox.model.moderation.delay = 0.0, None, 0.0


async def main() -> None:
    """Measure and print."""
    async with serve() as sandbox:
        sandbox.model.delay_first, sandbox.model.tokens_per_second = 0.0, None
        sandbox.model.talk = lambda _: Reply(ANSWER)
        with tempfile.TemporaryDirectory() as name:
            stage = SlackStage(sandbox)
            say("Moderation of questions and answers, in Slack")
            await cost(stage, sandbox, Path(name))
            await delays(stage, sandbox, Path(name))


if __name__ == "__main__":
    asyncio.run(main())
