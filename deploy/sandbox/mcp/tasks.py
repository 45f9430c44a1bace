"""The tools of the pretend MCP server: what each is said to do, and what it does to the list."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
FIRST = ("Water the plants", "Order new chairs")


def describe_tools() -> list[Json]:
    """Return the tools as `tools/list` tells of them (MCP specification, Tools)."""
    number = {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]}
    title = {"type": "object", "properties": {"title": {"type": "string", "maxLength": 200}}, "required": ["title"]}
    return [
        {
            "name": "list_tasks",
            "description": "Lists the team's open tasks, each with its number.",
            "inputSchema": {"type": "object", "properties": {}},
            "annotations": {"readOnlyHint": True},
        },
        {"name": "add_task", "description": "Adds a task to the team's list.", "inputSchema": title},
        {
            "name": "close_task",
            "description": "Closes a task, by its number.",
            "inputSchema": number,
            "annotations": {"readOnlyHint": False, "idempotentHint": True},
        },
    ]


@dataclass(frozen=True, slots=True)
class Called:
    """One call as it came, with the key by which a repetition of it is known."""

    name: str
    arguments: Json
    key: str


@dataclass(slots=True)
class TaskList:
    """The list, and every call in order; a call whose key was seen before does nothing a second time."""

    titles: dict[int, str] = field(default_factory=lambda: dict(enumerate(FIRST, 1)))
    calls: list[Called] = field(default_factory=list)
    _done: dict[str, str] = field(default_factory=dict)

    def call(self, called: Called) -> str:
        """Do what a call says; return what it gave. Raises LookupError for a tool or a task that is none."""
        self.calls.append(called)
        if called.key and called.key in self._done:
            return self._done[called.key]
        work: dict[str, Callable[[Json], str]] = {"list_tasks": self._list, "add_task": self._add}
        gave = {**work, "close_task": self._close}[called.name](called.arguments)
        if called.key:
            self._done[called.key] = gave
        return gave

    def _list(self, _: Json) -> str:
        return "\n".join(f"{number}. {title}" for number, title in self.titles.items()) or "There are no open tasks."

    def _add(self, arguments: Json) -> str:
        number = max(self.titles, default=0) + 1
        self.titles[number] = str(arguments["title"])
        return f"Task {number} was added."

    def _close(self, arguments: Json) -> str:
        return f"Task {arguments['number']} is closed: {self.titles.pop(int(arguments['number']))}"
