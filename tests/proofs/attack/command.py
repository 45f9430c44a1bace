"""Attacks a bot of its own in every known way, and measures beside each how long somebody else waits.

First each behaviour of an endpoint from hell, then each hostile file, then a platform that sends what no platform
should, 200 payloads a second; in the end all of it at once, while the bot is killed again and again.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import click

from deploy.sandbox.wire.server import Sandbox, serve
from tests.proofs.attack.bystander import Bystander, answer
from tests.proofs.attack.endpoint import BEHAVIOURS, behave
from tests.proofs.attack.files import FILES
from tests.proofs.attack.target import Target
from tests.slack.test_fuzz import SHAPES, mutated
from tests.support.bot import GENERAL
from tests.support.room import answers, mention

END = 60.0  # seconds after which an attack has to be over
SLOWER = 2.0  # times the quiet wait that another person's first text may take
NOISE = 0.25  # seconds that a busy machine takes by itself
PAYLOADS = 200  # a second
KILLED = 20.0  # seconds between two kills

Attack = Callable[[], Awaitable[bool]]


@click.command()
@click.option("--minutes", default=1.0, show_default=True, help="How long all of it goes on at once, with kills.")
@click.option("--only", default="", help="Attacks whose name holds this.")
def main(minutes: float, only: str) -> None:
    """Print what was tried and what held; the status is 1 where something did not."""
    sys.exit(asyncio.run(run(minutes * 60, only)))


async def run(seconds: float, only: str = "") -> int:
    """Attack one bot with everything, print the counts, and return the exit status."""
    async with serve(middlewares=(behave,)) as sandbox:
        sandbox.workspace.limits_on = False
        sandbox.model.delay_first, sandbox.model.tokens_per_second, sandbox.model.talk = 0.1, None, answer
        with tempfile.TemporaryDirectory() as folder:
            target = Target(sandbox, Path(folder))
            await target.start()
            bystander = Bystander(sandbox.workspace)
            fell = await _attack_singly(sandbox, target, bystander, only)
            fell += await _attack_at_once(sandbox, target, bystander, seconds) if seconds else []
            await target.stop()
    for line in fell:
        click.echo(f"NOT HELD {line}")
    return 1 if fell else 0


async def _attack_singly(sandbox: Sandbox, target: Target, bystander: Bystander, only: str) -> list[str]:
    """Attack in one way after the other; return what did not hold."""
    for _ in range(8):
        await bystander.ask()
    quiet = statistics.median(bystander.waits[2:])
    click.echo(f"Somebody else's first text comes after {quiet * 1000:.0f} ms when all is quiet")
    fell = list[str]()
    for title, attacks in _list_attacks(sandbox).items():
        chosen = {name: attack for name, attack in attacks.items() if only in name}
        slowest, before = 0.0, len(fell)
        for name, attack in chosen.items():
            ending = asyncio.ensure_future(attack())
            wait = await bystander.ask_for(ending)
            slowest = max(slowest, wait)
            fell += _judge(name, await ending, wait, quiet, target)
        held = len(chosen) - (len(fell) - before)
        click.echo(
            f"{title}: {len(chosen)} tried, {held} held; somebody else waited {slowest / quiet:.1f} times as long"
        )
    return fell + [f"{tag}: never answered" for tag in bystander.lost]


def _judge(name: str, is_over: bool, wait: float, quiet: float, target: Target) -> list[str]:
    """Return what is wrong after an attack: one line at the most."""
    if not target.is_alive:
        return [f"{name}: the bot has ended"]
    if not is_over:
        return [f"{name}: not over after {END:.0f} s"]
    if wait > quiet * SLOWER + NOISE:
        return [f"{name}: somebody else waited {wait:.2f} s"]
    return []


def _list_attacks(sandbox: Sandbox) -> dict[str, dict[str, Attack]]:
    """Return the attacks by their kind and name; each says whether it is over in time."""
    return {
        "An endpoint from hell": {name: partial(_ask, sandbox, name) for name in BEHAVIOURS},
        "Hostile files": {name: partial(_share, sandbox, name) for name in FILES},
        "A platform from hell": {"payloads": partial(_send_payloads, sandbox, 20.0)},
    }


async def _ask(sandbox: Sandbox, behaviour: str, files: Sequence[str] = ()) -> bool:
    """Ask what names a behaviour; return whether something stands there in time."""
    root = await sandbox.workspace.say(GENERAL, mention(f"attack by {behaviour}"), files=files)
    try:
        await sandbox.workspace.until(lambda: answers(sandbox, root), END)
    except TimeoutError:
        return False
    return True


async def _share(sandbox: Sandbox, name: str) -> bool:
    """Share a hostile file with a question; return whether it is answered in time."""
    title, kind, make = FILES[name]
    content = await asyncio.to_thread(make)
    file = await sandbox.workspace.upload(title, content, kind)
    return await _ask(sandbox, "nothing", [file])


async def _send_payloads(sandbox: Sandbox, seconds: float) -> bool:
    """Send what no platform should for so long."""
    chance, begun, sent = random.Random(1), time.monotonic(), 0
    while (passed := time.monotonic() - begun) < seconds:
        while sent < passed * PAYLOADS:
            ts = sandbox.workspace.stamp()
            odd = mutated(chance.choice(SHAPES), chance)
            await sandbox.workspace.send_event({"type": "message", "event_ts": ts, "ts": ts, **odd})
            sent += 1
        await asyncio.sleep(0.01)
    return True


async def _attack_at_once(sandbox: Sandbox, target: Target, bystander: Bystander, seconds: float) -> list[str]:
    """Attack in all ways at once while the bot is killed again and again; return what did not hold."""
    chance, begun = random.Random(2), time.monotonic()
    ways = [
        attack
        for kind, attacks in _list_attacks(sandbox).items()
        if "platform" not in kind
        for attack in attacks.values()
    ]
    pelting = asyncio.create_task(_send_payloads(sandbox, seconds))
    under_way = set[asyncio.Future[bool]]()
    asking = asyncio.ensure_future(bystander.ask_for(pelting))
    killed = begun
    while time.monotonic() - begun < seconds:
        if len(under_way) < 8:
            under_way.add(asyncio.ensure_future(chance.choice(ways)()))
        _, under_way = await asyncio.wait(under_way, timeout=0.5)
        if time.monotonic() - killed > KILLED:
            await target.kill()
            await target.start()
            killed = time.monotonic()
    await asyncio.gather(pelting, asking, *under_way)
    counts = bystander.count_answers()
    lost = [f"bystander-{n}: lost" for n in range(bystander.asked) if not counts[f"bystander-{n}"]]
    twice = [f"{tag}: answered {times} times" for tag, times in counts.items() if times > 1]
    click.echo(
        f"All at once for {seconds:.0f} s: {target.kills} kills, {bystander.asked} questions of somebody else, "
        f"{len(lost)} lost, {len(twice)} answered twice; memory at the most {target.most_memory:.0f} MiB"
    )
    return lost + twice


if __name__ == "__main__":
    main()
