"""What a person can let go wrong from the page: the switches, buttons and choices over workspace and model."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from deploy.sandbox.model import FAULTS, Model
from deploy.sandbox.slack.workspace import Workspace

NO_FAULT = "as it comes"
LIMITED_FOR = 10.0  # seconds
SMALL_WINDOW = 300  # tokens


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
    kind: Literal["switch", "button", "choice"]
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
    kind: Literal["switch", "button", "choice"] = "switch"
    choices: Sequence[str] = ()

    @property
    def value(self) -> bool:
        """Whether it is on."""
        return bool(getattr(self.target, self.attribute) != self.off)

    async def set(self, value: bool | str) -> None:
        """Set the attribute."""
        setattr(self.target, self.attribute, self.on if value else self.off)


@dataclass(slots=True)
class RateLimit:
    """A method answers 429 for a while, and then works again by itself."""

    label: Label
    limited: dict[str, float]
    method: str
    kind: Literal["switch", "button", "choice"] = "switch"
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
    struck: dict[str, int]
    method: str
    kind: Literal["switch", "button", "choice"] = "switch"
    choices: Sequence[str] = ()

    @property
    def value(self) -> bool:
        """Whether the call is still to come."""
        return self.struck.get(self.method, 0) > 0

    async def set(self, value: bool | str) -> None:
        """Let the next call fail, or not."""
        self.struck[self.method] = int(bool(value))


@dataclass(slots=True)
class Disconnect:
    """Every open socket is told to go."""

    label: Label
    workspace: Workspace
    kind: Literal["switch", "button", "choice"] = "button"
    choices: Sequence[str] = ()
    value: bool = False

    async def set(self, value: bool | str) -> None:
        """Close them; there is nothing to take back."""
        if value:
            await self.workspace.disconnect("refresh_requested")


class ModelFault:
    """What every answer of the stand-in is, as long as it is chosen."""

    kind: Literal["switch", "button", "choice"] = "choice"
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


def faults(workspace: Workspace, model: Model) -> dict[str, PageFault]:
    """Return the faults by name, in the order in which the page shows them."""
    events, api, answers = "Slack's events", "Slack's Web API", "The model"
    slack = workspace.faults
    three = Label("deliveries", events, "Deliver every event three times", "As Slack does when it doubts an answer.")
    first = Label("message_first", events, "Message before mention", "One mention is two events; this swaps them.")
    gone = Label("disconnect", events, "Disconnect the socket", "As Slack does every few hours. The bot comes back.")
    silent = Label("silent", events, "Silent sockets", "They stay open, and nothing arrives until the bot notices.")
    edits = Label("limit_edits", api, "429 on chat.update", "Edits are refused for ten seconds, posts are not.")
    posts = Label("limit_posts", api, "429 on chat.postMessage", "Posts are refused for ten seconds.")
    error = Label("server_error", api, "The next post fails", "One chat.postMessage answers 503, nothing is posted.")
    slow = Label("slow", api, "Every call takes two seconds", "A long way to Slack, or a busy day there.")
    files = Label("expired_files", api, "Files are gone", "Every file's address answers 404.")
    every = Label("model", answers, "Every answer", "What the stand-in does to each request while this is chosen.")
    small = Label("window", answers, "A small window", f"It refuses prompts of more than {SMALL_WINDOW} tokens.")
    found: list[PageFault] = [
        Switch(three, slack, "deliveries", on=3, off=1),
        Switch(first, slack, "message_first"),
        Disconnect(gone, workspace),
        Switch(silent, slack, "silent_sockets"),
        RateLimit(edits, slack.rate_limited, "chat.update"),
        RateLimit(posts, slack.rate_limited, "chat.postMessage"),
        NextCall(error, slack.server_error, "chat.postMessage"),
        Switch(slow, slack, "slow", on={"*": 2.0}, off={}),
        Switch(files, slack, "expired_files"),
        ModelFault(every, model),
        Switch(small, model, "window", on=SMALL_WINDOW, off=None),
    ]
    return {fault.label.name: fault for fault in found}
