"""When the stand-in calls a tool: where it is offered one, and a question asks for what it does."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SUM = re.compile(r"(?:what is|how much is|calculate|work out)\s+([\d(][\d\s.+*/^%()-]*\d\)?)", re.IGNORECASE)
CLOCK = re.compile(r"\bwhat (?:time|day|date)\b", re.IGNORECASE)
LINK = re.compile(r"\b(?:read|summari[sz]e|look at)\b.*?(https?://[^\s<>|)\]]+)", re.IGNORECASE | re.DOTALL)
SEARCH = re.compile(r"\bsearch (?:here )?for ([\w' -]{2,60})", re.IGNORECASE)
TASKS = re.compile(r"\b(?:what|which)\b[\w ]{0,20}\btasks\b", re.IGNORECASE)
ADD_TASK = re.compile(r"\badd (?:a |the )?task:? +([^\n]{1,200})", re.IGNORECASE)
CLOSE_TASK = re.compile(r"\bclose task (\d{1,6})\b", re.IGNORECASE)
REMIND = re.compile(r"\bremind me in (\d{1,5}) ?min(?:ute)?s? to ([^\n]{1,200})", re.IGNORECASE)
EVERY = re.compile(r"\bevery (day|weekday) at (nine|\d{1,2}),? ([^\n]{1,200})", re.IGNORECASE)
CALL = re.compile(r"\bcall (\w[\w.-]*)\s*(\{.*\})?", re.IGNORECASE | re.DOTALL)
FENCED = re.compile(r"(`{3,})\n(.*?)\n\1", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call as the model makes it; `arguments` that are a text are sent as they stand."""

    name: str
    arguments: Mapping[str, Any] | str = "{}"
    id: str = ""

    @property
    def as_text(self) -> str:
        """The arguments as JSON."""
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)


def calls_for(question: str, body: Mapping[str, Any]) -> tuple[Wanted, ...]:
    """Return the calls that a question asks for, of tools that a request offers; none where it wants a text."""
    if body.get("tool_choice") == "none":
        return ()
    offered = {each.get("function", {}).get("name") for each in body.get("tools", [])}
    return tuple(each for each in _asked(question) if each.name in offered)


def _asked(question: str) -> Iterator[Wanted]:
    if found := CALL.search(question):
        yield Wanted(found[1], found[2] or "{}")
        return
    for found in SUM.finditer(question):
        yield Wanted("calculator", {"expression": found[1].strip()})
    if CLOCK.search(question):
        yield Wanted("time", {})
    if found := LINK.search(question):
        yield Wanted("read_link", {"url": found[1]})
    yield from _asked_of_tasks(question)
    yield from _asked_for_later(question)
    if found := SEARCH.search(question):
        yield Wanted("search_here", {"query": found[1].strip()})


def _asked_of_tasks(question: str) -> Iterator[Wanted]:
    """Yield what a question wants of the pretend MCP server."""
    if TASKS.search(question):
        yield Wanted("tasks__list_tasks", {})
    if found := ADD_TASK.search(question):
        yield Wanted("tasks__add_task", {"title": found[1].strip()})
    if found := CLOSE_TASK.search(question):
        yield Wanted("tasks__close_task", {"number": int(found[1])})


def _asked_for_later(question: str) -> Iterator[Wanted]:
    """Yield what a question wants of the clock."""
    if found := REMIND.search(question):
        wanted = {"action": "remind", "text": found[2].strip(), "in_minutes": int(found[1])}
        yield Wanted("reminders", wanted)
    if found := EVERY.search(question):
        hour, days = (9 if found[2] == "nine" else int(found[2])), ("*" if found[1].lower() == "day" else "1-5")
        wanted = {"action": "schedule", "text": found[3].strip(), "every": f"0 {hour} * * {days}"}
        yield Wanted("reminders", wanted)


def results_in(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what the tools gave that were called last, each without its fence; none where somebody spoke since."""
    results: list[str] = []
    for message in reversed(messages):
        if message.get("role") != "tool":
            break
        text = str(message.get("content") or "")
        fenced = FENCED.search(text)
        results.insert(0, fenced[2] if fenced else text)
    return results
