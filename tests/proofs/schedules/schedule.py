"""What happens to the bot, one thing after the other."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from hypothesis import strategies as st

from core.messages import Command, Deletion, Edit, PlatformEvent
from core.storage.errors import StorageUnavailable
from tests.proofs.schedules.life import Life
from tests.proofs.schedules.world import World
from tests.support.database import rows

Kind = Literal["say", "edit", "delete", "pass", "crash", "disconnect", "connect"]
LONGEST = 3_000  # simulated seconds in which everything has to come to rest


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that happens. `number` says which, how long or how far, each kind in its own way."""

    kind: Kind
    number: int = 0
    addressed: bool = True
    command: Command = ""


def actions() -> st.SearchStrategy[Action]:
    """Return every action, those that make for trouble more often."""
    says = st.builds(Action, st.just("say"), st.integers(0, 2), st.booleans())
    commands = st.builds(Action, st.just("say"), st.integers(0, 2), st.just(True), st.sampled_from(["stop", "reset"]))
    changes = st.builds(Action, st.sampled_from(["edit", "delete"]), st.integers(0, 9))
    passes = st.builds(Action, st.just("pass"), st.integers(0, 40))
    crashes = st.builds(Action, st.just("crash"), st.integers(0, 150))
    lines = st.builds(Action, st.sampled_from(["disconnect", "connect"]))
    return st.one_of(says, says, says, commands, changes, passes, passes, crashes, crashes, lines)


class Schedule:
    """People, platform and one process after the other, on one database file."""

    def __init__(self, world: World, path: Path) -> None:
        self._world = world
        self._path = path
        self._life = Life(world, path)
        self._tasks: set[asyncio.Task[None]] = set()

    async def happen(self, schedule: Sequence[Action]) -> None:
        """Let everything happen, and then nothing more, until all has come to rest."""
        await self._life.begin()
        for action in schedule:
            await self._do(action)
        await self._connect()
        for _ in range(LONGEST):
            await asyncio.sleep(1.0)
            if not self._world.waiting and not self._open_turns():
                break
        await self._life.worker.stop(60.0)
        await self._life.die()

    async def _do(self, action: Action) -> None:
        match action.kind:
            case "say":
                self._tell(self._world.say(f"t{action.number}", action.command, addressed=action.addressed))
            case "edit" | "delete":
                self._change(action)
            case "pass":
                await asyncio.sleep(action.number / 10)
            case "crash":
                await self._crash(action.number)
            case "disconnect":
                self._world.connected = False
            case "connect":
                await self._connect()

    def _change(self, action: Action) -> None:
        """Edit or delete one of the messages that were said."""
        left = [message for message in self._world.said.values() if message.id not in self._world.deleted]
        if not left:
            return
        message = left[action.number % len(left)]
        if action.kind == "delete":
            self._world.deleted.add(message.id)
            self._tell(Deletion(message.key.platform, message.key.workspace, message.key.channel, message.id))
        elif not message.command:
            edited = self._world.said[message.id] = replace(message, text=f"edited {message.text}")
            self._tell(Edit(edited))

    async def _crash(self, steps: int) -> None:
        """Let the process go on for some steps, drop it, and start the next one."""
        for _ in range(steps):
            await asyncio.sleep(0)
        await self._life.die()
        self._life = Life(self._world, self._path)
        await self._life.begin()
        if self._world.connected:
            await self._connect()

    async def _connect(self) -> None:
        """Deliver what was not acknowledged, and what comes from now on."""
        self._world.connected = True
        for event in list(self._world.waiting):
            self._deliver(event)

    def _tell(self, event: PlatformEvent) -> None:
        """Let the platform deliver an event until it is acknowledged, up to three times in any case."""
        self._world.waiting.append(event)
        for _ in range(self._world.chance.choice((1, 1, 2, 3))):
            self._deliver(event)

    def _deliver(self, event: PlatformEvent) -> None:
        task = asyncio.create_task(self._delivered(event, self._life))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _delivered(self, event: PlatformEvent, life: Life) -> None:
        await self._world.takes(2.0)
        while self._world.connected:
            try:
                await life.intake.receive(event)
            except StorageUnavailable:  # it is not acknowledged, and comes again
                await asyncio.sleep(3.0)
                continue
            life.must_live()
            if event in self._world.waiting:
                self._world.waiting.remove(event)
            return

    def _open_turns(self) -> bool:
        return bool(rows(self._path, "SELECT 1 FROM turns WHERE state = 'open' LIMIT 1"))
