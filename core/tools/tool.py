"""What a tool is: what the model is told of it, what calling it means, and what it gives back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.messages import Author, ConversationKey, Message

Arguments = Mapping[str, Any]
Consent = Literal["auto", "always", "never"]
Effect = Literal["none", "own", "any"]


class ToolFailed(Exception):
    """A call that gave nothing; its text says why, to the model: in words of ours, without what came from outside."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """What is told of a tool; `parameters` is a JSON schema of an object.

    `is_read_only` says that it changes nothing, `is_idempotent` that the same call twice changes no more than one: only
    such calls are made again after a crash. `consent` says whether a person is asked before it is called: only where
    it is not read-only (`auto`), `always`, or `never`, which is an operator's word alone. The results of one that
    `is_trusted` are made here, of nothing that somebody else wrote; of one that `is_passing` they are not kept past
    their turn, as they copy what may be deleted.
    `address` names the argument that is a web address, empty where there is none. One that `gives_addresses` returns
    addresses that may be read then as if a person had written them, each in `<…>` on a line of its own.
    `effects` says of the values of the argument `action` what such a call changes: nothing, what is the asker's own
    (which waits for no click while nothing from outside may have asked for it), or anything.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    is_read_only: bool = False
    is_idempotent: bool = False
    is_trusted: bool = False
    is_passing: bool = False
    address: str = ""
    consent: Consent = "auto"
    gives_addresses: bool = False
    effects: Mapping[str, Effect] = field(default_factory=dict)

    @property
    def is_repeatable(self) -> bool:
        """Whether a call may be made a second time where nobody knows what became of the first."""
        return self.is_read_only or self.is_idempotent

    @property
    def needs_consent(self) -> bool:
        """Whether a person is asked before it is called, unless somebody has said that it always may be."""
        return self.consent == "always" or (self.consent == "auto" and not self.is_read_only)

    def effect_of(self, arguments: Arguments) -> Effect:
        """Return what a call with these arguments changes."""
        return self.effects.get(str(arguments.get("action", "")), "none" if self.is_read_only else "any")

    @property
    def schema(self) -> Mapping[str, Any]:
        """The tool as a request offers it (OpenAI API reference, Create chat completion)."""
        function = {"name": self.name, "description": self.description, "parameters": self.parameters}
        return {"type": "function", "function": function}


@dataclass(frozen=True, slots=True)
class CallContext:
    """Whose call it is and where; `zone` is the asker's time zone by its IANA name, and `asked` their message.

    `idempotency_key` is the same whenever the same call of the same turn is made again.
    """

    key: ConversationKey
    author: Author
    zone: str
    idempotency_key: str = ""
    asked: Message | None = None


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a call gave, as text; `source` is where it comes from, as people are told."""

    text: str
    source: str = ""


Call = Callable[[Arguments, CallContext], Awaitable[ToolResult]]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool; `call` raises ToolFailed where it gives nothing, and may take as long as it likes: others bound it."""

    spec: ToolSpec
    call: Call


def object_schema(required: Mapping[str, str], optional: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """Return the JSON schema of an object of texts, each name with its description."""
    texts = {**required, **(optional or {})}
    return {
        "type": "object",
        "properties": {name: {"type": "string", "description": about} for name, about in texts.items()},
        "required": list(required),
        "additionalProperties": False,
    }
