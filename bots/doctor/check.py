"""One thing that was looked at, and what two subjects look at alike: the clock, and why nothing answers."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal

import re2

Outcome = Literal["ok", "warn", "fail"]
SLOW_CLOCK = 60.0  # seconds by which a clock may be wrong before it is worth a line
WRONG_CLOCK = 300.0  # Slack docs, Verifying requests: an older request is refused


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at (`slack.scopes`), how it stands, a sentence that says it, and what to do about it."""

    name: str
    outcome: Outcome
    sentence: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a platform's check is told beside its own settings.

    `is_running`: the bot runs in this very process, and holds its connection. `channels` are those of the platform that
    other settings name.
    """

    is_running: bool = False
    channels: tuple[str, ...] = ()


Examine = Callable[[], Awaitable[list[Check]]]

# What keeps an address from answering, by words of the system's, aiohttp's or httpx's error.
CAUSES: tuple[tuple[re2._Regexp, str, str], ...] = (
    (
        re2.compile(r"(?i)name or service|getaddrinfo|name resolution|nodename|no address|dns|not resolve"),
        "its name is not found",
        "look at the spelling of the address, and at this machine's DNS",
    ),
    (
        re2.compile(r"(?i)wrong_version_number|wrong version|record layer failure|http_request"),
        "it speaks no TLS",
        "write http:// in place of https://, or the port at which it does",
    ),
    (
        re2.compile(r"(?i)certificate|\[ssl|sslerror|handshake"),
        "it does not prove who it is",
        "something in between may answer in its place: add its certificate to this machine's, or go around it",
    ),
    (
        re2.compile(r"(?i)proxy|\b407\b"),
        "the proxy does not let us through",
        "correct HTTPS_PROXY, or name the host in NO_PROXY",
    ),
    (
        re2.compile(r"(?i)refused|connect call failed"),
        "nothing listens there",
        "start what is to answer there, or correct its address and port",
    ),
    (re2.compile(r"(?i)unreachable|no route"), "there is no way to it", "look at this machine's network and firewall"),
    (
        re2.compile(r"(?i)time"),
        "no answer came in time",
        "look at this machine's network, and whether a firewall swallows what is sent",
    ),
)
UNKNOWN_CAUSE = ("the connection breaks", "look at the network between here and there, and at its status page")


def unreachable_check(name: str, host: str, detail: str, setting: str) -> Check:
    """Return that a host cannot be reached, and why, as far as an error's words tell; `setting` holds its address."""
    causes = ((why, mend) for words, why, mend in CAUSES if words.search(detail))
    why, mend = next(causes, UNKNOWN_CAUSE)
    return Check(name, "fail", f"Cannot reach {host}: {why}.", f"{mend[0].upper()}{mend[1:]} ({setting}).")


def clock_check(name: str, date: str, who: str) -> list[Check]:
    """Return how far this machine's clock is from the Date header of a response just received; nothing without one."""
    try:
        ahead = time.time() - parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return []
    if abs(ahead) < SLOW_CLOCK:
        return [Check(name, "ok", f"The clock agrees with {who}'s.")]
    outcome: Outcome = "fail" if abs(ahead) >= WRONG_CLOCK else "warn"
    way = "ahead of" if ahead > 0 else "behind"
    told = f"This machine's clock is {round(abs(ahead) / 60)} minutes {way} {who}'s."
    return [Check(name, outcome, told, "Set the clock, or let it be set over the network (timedatectl set-ntp true).")]
