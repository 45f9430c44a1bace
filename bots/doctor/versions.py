"""Whether what Confab stands on is of a version that is known to do something wrong."""

import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass

from bots.doctor.check import Check, Outcome
from bots.settings import Settings
from core.storage.inspection import ENGINE_VERSION

Version = tuple[int, ...]
NUMBERS = re.compile(r"[0-9]+")
NEWER_PYTHON = "Install a newer Python (its SQLite comes with it, or from the system), and run make install with it."


@dataclass(frozen=True, slots=True)
class KnownFault:
    """What is wrong with each version of something before one; `before` is the first that is right.

    `mended` are those with the mend in an older series, each with all that followed in it.
    """

    what: str
    before: Version
    outcome: Outcome
    sentence: str
    mend: str
    mended: tuple[Version, ...] = ()

    def concerns(self, number: Version) -> bool:
        """Whether a version has the fault."""
        return number < self.before and not any(each[:2] == number[:2] and number >= each for each in self.mended)


FAULTS = (
    KnownFault("Python", (3, 11), "fail", "Confab's code needs Python 3.11 or later", NEWER_PYTHON),
    # sqlite.org, STRICT Tables: since 3.37.0
    KnownFault("SQLite", (3, 37), "fail", "it knows no STRICT tables, so that no database can be made", NEWER_PYTHON),
    # sqlite.org, Write-Ahead Logging, The WAL-reset bug
    KnownFault(
        "SQLite",
        (3, 51, 3),
        "ok",
        "a write may be lost where two processes write at the same moment, which only Confab's commands beside it do",
        NEWER_PYTHON,
        ((3, 44, 6), (3, 50, 7)),
    ),
)


async def check_versions(settings: Settings) -> list[Check]:
    """Return what is known of the installed versions; `settings` change nothing of it."""
    del settings
    return judge_versions(installed_versions())


def installed_versions() -> dict[str, str]:
    """Return the version of each thing that the table of faults knows."""
    return {"Python": platform.python_version(), "SQLite": ENGINE_VERSION}


def judge_versions(installed: Mapping[str, str]) -> list[Check]:
    """Return a line for each known fault, or one that says there is none; `installed` are versions by name."""
    faults = [
        Check(f"versions.{each.what}", each.outcome, f"{each.what} {installed[each.what]}: {each.sentence}.", each.mend)
        for each in FAULTS
        if each.what in installed and each.concerns(_parse_version(installed[each.what]))
    ]
    told = ", ".join(f"{name} {number}" for name, number in sorted(installed.items()))
    return faults or [Check("versions", "ok", f"Nothing is known against {told}.")]


def _parse_version(number: str) -> Version:
    return tuple(int(each) for each in NUMBERS.findall(number)[:3])
