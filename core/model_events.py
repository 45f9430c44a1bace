"""What comes of a model while it answers, and what a platform shows of it."""

from dataclasses import dataclass

from core.messages import ToolCall, Usage


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer, to be added to what came before."""

    text: str


@dataclass(frozen=True, slots=True)
class Replace:
    """The whole answer from its beginning, in place of what was shown; `at_once` also where answers do not grow."""

    text: str
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Admitted:
    """The question has passed its checks, so that it may be kept."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence below what is shown until more comes, no part of it; `at_once` also where answers do not grow."""

    text: str
    at_once: bool = True


@dataclass(frozen=True, slots=True)
class ToolCalls:
    """What the model wants done before it goes on, in its order."""

    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True)
class Finish:
    """The model ended its answer; `reason` is the endpoint's word, as a rule `stop`."""

    reason: str


ModelEvent = Text | Replace | Notice | Admitted | ToolCalls | Usage | Finish
ReplyEvent = Text | Replace
