"""Calls of tools as they come in pieces, put together whatever an endpoint leaves out of them or says twice.

A piece belongs to the call of its id; without a known id to that of its index; without either to the last one. It
begins a call of its own where what it says does not fit that one. Seen at endpoints: no index, or always 0, or one that
begins at 1 (Ollama; LiteLLM); no id, one on every piece, or the same for all (Ollama, llama.cpp); whole calls in one
piece (Gemini); arguments as an object in place of a text, or none at all.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

from core.errors import GarbledAnswer
from core.llm.body import decode_json
from core.messages import ToolCall
from core.sanitize import valid_text

MOST_CALLS = 64  # of one answer
KNOWN = {"index", "id", "type", "function"}  # what a call has by OpenAI's API reference; all else is the endpoint's own


@dataclass(slots=True)
class CallSlot:
    """One call as far as it has come; `index` is None where the endpoint gives none."""

    id: str
    index: int | None
    name: str = ""
    arguments: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether the arguments are a whole object by now."""
        try:
            return isinstance(decode_json(self.arguments), Mapping)
        except ValueError:
            return False

    def takes(self, piece: "CallPiece") -> bool:
        """Whether a piece that names this call goes on with it: it begins another one where it says something else."""
        is_another = bool(piece.id and self.id and piece.id != self.id)
        if not piece.name:
            return not (is_another and self.is_complete)
        if is_another or (self.name and piece.name != self.name):
            return False
        if None not in (piece.index, self.index) and piece.index != self.index:
            return False
        return not piece.arguments or piece.arguments == self.arguments or not self.is_complete

    def add_piece(self, piece: "CallPiece") -> None:
        """Take a piece in; a whole call that comes again adds nothing."""
        self.id = self.id or piece.id
        self.name = self.name or piece.name
        self.extra |= piece.extra
        if piece.is_whole:
            self.arguments = piece.arguments
        elif not (piece.name and self.arguments and piece.arguments == self.arguments and self.is_complete):
            self.arguments += piece.arguments


@dataclass(frozen=True, slots=True)
class CallPiece:
    """One item of `tool_calls`, what is missing or of the wrong type left empty."""

    id: str
    index: int | None
    name: str
    arguments: str
    extra: Mapping[str, Any]
    is_whole: bool


class ToolCallReader:
    """The calls of one answer as it grows."""

    def __init__(self) -> None:
        self._slots: list[CallSlot] = []

    def take_choice(self, choice: Mapping[str, Any]) -> None:
        """Take in what a choice of a chunk says of calls; a `message` holds all of them, whatever came before."""
        for holder in ("message", "delta"):
            said = choice.get(holder)
            if not isinstance(said, Mapping):
                continue
            pieces = list(_read_pieces(said))
            if pieces and holder == "message":
                self._slots.clear()
            for piece in pieces:
                self._take_piece(piece)

    def whole_calls(self) -> tuple[ToolCall, ...]:
        """Return the calls, each with a name and an id of its own; arguments that did not come are an empty object.

        An id that is made up here has nine letters and digits, as Mistral wants them (its API reference).
        """
        calls: list[ToolCall] = []
        used: set[str] = set()
        for number, slot in enumerate(each for each in self._slots if each.name):
            made_up = (f"call{each:05d}" for each in count(number))
            call_id = next(each for each in chain([slot.id], made_up) if each and each not in used)
            used.add(call_id)
            extra = json.dumps(slot.extra) if slot.extra else ""
            calls.append(ToolCall(valid_text(call_id), valid_text(slot.name), _arguments_of(slot), valid_text(extra)))
        return tuple(calls)

    def _take_piece(self, piece: CallPiece) -> None:
        slot = self._slot_for(piece)
        if slot is None:
            if len(self._slots) == MOST_CALLS:
                raise GarbledAnswer(f"more than {MOST_CALLS} calls of tools")
            slot = CallSlot(piece.id, piece.index)
            self._slots.append(slot)
        slot.add_piece(piece)

    def _slot_for(self, piece: CallPiece) -> CallSlot | None:
        """Return the call that a piece goes on with, the latest first; None where it begins one."""
        slots = self._slots[::-1]
        named = next((slot for slot in slots if piece.id and slot.id == piece.id), None)
        placed = next((slot for slot in slots if piece.index is not None and slot.index == piece.index), None)
        last = slots[0] if slots and piece.index is None else None
        slot = named or placed or last
        return slot if slot is not None and slot.takes(piece) else None


def _read_pieces(said: Mapping[str, Any]) -> Iterator[CallPiece]:
    """Yield what a delta or a message holds of calls; the older `function_call` is one without an id."""
    calls = said.get("tool_calls")
    items = calls if isinstance(calls, list) else [calls]
    for place, item in enumerate(items):
        if isinstance(item, Mapping):
            yield _piece_of(item, place if len(items) > 1 else None)
    if isinstance(said.get("function_call"), Mapping):
        yield _piece_of({"function": said["function_call"]}, None)


def _piece_of(item: Mapping[str, Any], place: int | None) -> CallPiece:
    """Read one item; `place` stands for an index that it lacks."""
    function = item.get("function")
    function = function if isinstance(function, Mapping) else item  # some leave the level out
    index, arguments = item.get("index"), function.get("arguments")
    is_whole = isinstance(arguments, Mapping | list)
    text = json.dumps(arguments) if is_whole else arguments if isinstance(arguments, str) else ""
    extra = {name: value for name, value in item.items() if name not in KNOWN} if function is not item else {}
    place = index if isinstance(index, int) else place
    return CallPiece(_text(item.get("id")), place, _text(function.get("name")), text, extra, is_whole)


def _arguments_of(slot: CallSlot) -> str:
    return valid_text(slot.arguments.strip()) or "{}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
