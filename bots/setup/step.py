"""A step of the walk: what is asked in it, where that is found, and how it is checked."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass

from bots.doctor.check import Check

CheckAnswers = Callable[[Mapping[str, str]], Coroutine[None, None, list[Check]]]


@dataclass(frozen=True, slots=True)
class Shortcut:
    """What may be answered in place of what is asked for, and does a part of the work: an answer of this `kind`.

    `use` is given it, and every name and value that is known; it returns what to say before the question is put again.
    """

    kind: str
    use: Callable[[str, Mapping[str, str]], Coroutine[None, None, str]]


@dataclass(frozen=True, slots=True)
class Question:
    """One variable of `.env`: what is asked for, and on which page it is found.

    `kind` is what `bots.setup.answers` calls it, empty where it has no form; `usual` is what Enter takes, so that it
    may be left out. It is not asked where `instead`, another variable, is set.
    """

    name: str
    text: str
    kind: str = ""
    usual: str | None = None
    is_secret: bool = True
    instead: str = ""
    shortcut: Shortcut | None = None

    def is_missing(self, given: Mapping[str, str]) -> bool:
        """Whether it has to be asked."""
        return not given.get(self.name) and not given.get(self.instead)


@dataclass(frozen=True, slots=True)
class Step:
    """What is asked and checked together; `guide` is shown before, and says what to do first.

    `check` is given every name and value that is known by then.
    """

    title: str
    guide: str
    questions: tuple[Question, ...]
    check: CheckAnswers
