"""What a person can let go wrong from the page: switches, buttons and choices, and those of the model."""

import time
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from deploy.sandbox.openai.model import FAULTS, Model

NO_FAULT = "as it comes"
LIMITED_FOR = 10.0  # seconds
SMALL_WINDOW = 300  # tokens
SLOW_CHECK = 2.0  # seconds
CHECKS = "Moderation"

Kind = Literal["switch", "button", "choice"]


@dataclass(frozen=True, slots=True)
class Label:
    """How a fault is shown: its name on the wire, its group, a short label, and a sentence about it."""

    name: str
    group: str
    label: str
    note: str


class PageFault(Protocol):
    """One fault: how it is shown, how it stands, and how it is set."""

    label: Label
    kind: Kind
    choices: Sequence[str]

    @property
    def value(self) -> bool | str:
        """How it stands: whether it is on, or what is chosen."""

    async def set(self, value: bool | str) -> None:
        """Let it go wrong, or let it work again."""


@dataclass(slots=True)
class Switch:
    """One attribute, with its value while the fault is on and while it is off."""

    label: Label
    target: object
    attribute: str
    on: Any = True
    off: Any = False
    kind: Kind = "switch"
    choices: Sequence[str] = ()

    @property
    def value(self) -> bool:
        """Whether it is on."""
        return bool(getattr(self.target, self.attribute) != self.off)

    async def set(self, value: bool | str) -> None:
        """Set the attribute."""
        setattr(self.target, self.attribute, self.on if value else self.off)


@dataclass(slots=True)
class Choice:
    """One attribute that takes one of several values."""

    label: Label
    target: object
    attribute: str
    choices: Sequence[str]
    kind: Kind = "choice"

    @property
    def value(self) -> str:
        """What is chosen."""
        return str(getattr(self.target, self.attribute))

    async def set(self, value: bool | str) -> None:
        """Choose one of `choices`; ValueError for any other."""
        if value not in self.choices:
            raise ValueError(f"no such choice: {value}")
        setattr(self.target, self.attribute, value)


@dataclass(slots=True)
class RateLimit:
    """A method answers 429 for a while, and then works again by itself."""

    label: Label
    limited: MutableMapping[str, float]
    method: str
    kind: Kind = "switch"
    choices: Sequence[str] = ()

    @property
    def value(self) -> bool:
        """Whether it is limited now."""
        return self.limited.get(self.method, 0.0) > time.monotonic()

    async def set(self, value: bool | str) -> None:
        """Limit it from now on, or no longer."""
        self.limited[self.method] = time.monotonic() + LIMITED_FOR if value else 0.0


@dataclass(slots=True)
class NextCall:
    """What happens to one next call of a method."""

    label: Label
    struck: MutableMapping[str, int]
    method: str
    kind: Kind = "switch"
    choices: Sequence[str] = ()

    @property
    def value(self) -> bool:
        """Whether the call is still to come."""
        return self.struck.get(self.method, 0) > 0

    async def set(self, value: bool | str) -> None:
        """Let the next call fail, or not."""
        self.struck[self.method] = int(bool(value))


@dataclass(slots=True)
class Button:
    """What happens once, at one moment."""

    label: Label
    happen: Callable[[], None]
    kind: Kind = "button"
    choices: Sequence[str] = ()
    value: bool = False

    async def set(self, value: bool | str) -> None:
        """Let it happen; there is nothing to take back."""
        if value:
            self.happen()


class ModelFault:
    """What every answer of the stand-in is, as long as it is chosen."""

    kind: Kind = "choice"
    choices: Sequence[str] = (NO_FAULT, *FAULTS)

    def __init__(self, label: Label, model: Model) -> None:
        self.label = label
        self._model = model
        self._talk = model.talk
        self._chosen = NO_FAULT

    @property
    def value(self) -> str:
        """The name that is chosen."""
        return self._chosen

    async def set(self, value: bool | str) -> None:
        """Choose one of `choices`; ValueError for any other."""
        if value not in self.choices:
            raise ValueError(f"no such fault: {value}")
        self._chosen = str(value)
        fault = FAULTS.get(self._chosen)
        self._model.talk = (lambda _: fault) if fault else self._talk


def model_faults(model: Model) -> list[PageFault]:
    """Return what can go wrong with the stand-in, in the order in which the page shows it."""
    group = "The model"
    every = Label("model", group, "Every answer", "What the stand-in does to each request while this is chosen.")
    small = Label("window", group, "A small window", f"It refuses prompts of more than {SMALL_WINDOW} tokens.")
    slow = Label("slow-check", CHECKS, "Slow checks", f"Each check takes {SLOW_CHECK} s; nothing is shown before.")
    gone = Label("no-check", CHECKS, "No checks", "Each check is answered with 500: answers wait until this is off.")
    return [
        ModelFault(every, model),
        Switch(small, model, "window", on=SMALL_WINDOW, off=None),
        Switch(slow, model.moderation, "delay", on=SLOW_CHECK, off=model.moderation.delay),
        Switch(gone, model.moderation, "fault", on=FAULTS["500"], off=None),
    ]
