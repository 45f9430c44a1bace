"""What the page needs of a place where people talk; the pretend Slack and the pretend Discord are one each."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from deploy.sandbox.page.faults import PageFault

Json = dict[str, Any]
C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a message stands: in a channel, and if `thread` is not empty in that thread of it."""

    channel: str
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A message as a person writes it. `files` are ids that `upload` gave, `reply_to` a message's id or empty.

    `broadcast` shows a message in a thread in the thread's channel too.
    """

    user: str
    text: str
    files: Sequence[str] = ()
    reply_to: str = ""
    broadcast: bool = False


@dataclass(frozen=True, slots=True)
class Used:
    """A command as a person uses it: a slash command with the text behind it, or a menu on the message `target`."""

    user: str
    name: str
    text: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button under the message `post` as a person presses it, by the name that its bot gave it.

    With a `value` it is a menu, in which that is chosen.
    """

    user: str
    post: str
    button: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file as a person gives it. A recording has its length in `seconds`, and a waveform: bytes in base64."""

    name: str
    content: bytes
    media_type: str
    user: str
    seconds: float | None = None
    waveform: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as it is served again."""

    content: bytes
    media_type: str


class Place(Protocol[C]):
    """A place where people talk. `platform` is its name in the API; it tells its changes as values of type C.

    What a person asks for and cannot have is refused by raising what wire.guard.refusal makes.
    """

    platform: str

    @property
    def people(self) -> Collection[str]:
        """The ids of those whom the page may speak for."""

    @property
    def online(self) -> bool:
        """Whether the bot is connected."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables with which a bot joins."""

    @property
    def faults(self) -> Sequence[PageFault]:
        """What can go wrong here, in the order in which the page shows it."""

    def state(self) -> Json:
        """Return everything that the page shows of it."""

    def commands(self) -> list[Json]:
        """Return the commands that the bot offers here: {name, label, about, kind, option, in_…}.

        `kind` is "slash" or "menu"; `option` what can stand behind it, {name, about, required, suggests}, or None; and
        it is to be had `in_channels`, `in_threads`, `in_direct`.
        """

    def subscribe(self) -> AbstractContextManager[asyncio.Queue[C]]:
        """Give a queue that receives every change until the block ends."""

    def change(self, what: C) -> Json | None:
        """Return a change as the page hears of it; None for what it does not show."""

    def author(self, spot: Spot, post: str) -> str:
        """Return who wrote a message; empty where it is not there."""

    async def say(self, spot: Spot, said: Said) -> str:
        """Write a message and return its id."""

    async def edit(self, spot: Spot, post: str, text: str) -> None:
        """Change a message's text as its author."""

    async def delete(self, spot: Spot, post: str) -> None:
        """Delete a message as its author."""

    async def use(self, spot: Spot, used: Used) -> None:
        """Use a command; refused with 504 if the bot does not take it in time."""

    async def suggest(self, spot: Spot, used: Used) -> list[Json]:
        """Return what the bot suggests for the option of a command of which `text` is typed: {value, label}."""

    async def press(self, spot: Spot, pressed: Pressed) -> None:
        """Press a button under a message, or choose there; refused with 504 if the bot does not take it in time."""

    async def upload(self, file: Enclosure) -> str:
        """Keep a file for a message to come, and return its id."""

    def file(self, number: str) -> Stored:
        """Return an uploaded file by its id."""
