"""Which calls are made as the model wants them, and what it is told of the others."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from core.messages import ToolCall
from core.tool_calls import CallRecord
from core.tools.addresses import host_of
from core.tools.arguments import decode_arguments, find_argument_fault
from core.tools.tool import Arguments, Tool
from core.tools.trust import TurnTrust, is_found_address

MOST_CALLS = 20  # of one turn
UNNAMED = re.compile(r"[^a-zA-Z0-9_-]")  # what no function's name holds (OpenAI API reference)
LONGEST_NAME = 64

UNKNOWN = "There is no such tool here."
NOT_JSON = "The arguments were no JSON object. Call it once more with arguments that are one."
FAULTY = "The arguments do not fit: {fault}. Call it once more with arguments that do."
TWICE = "This was called with the same arguments before: what it returned stands above. It is not called again."
TOO_MANY = f"Not called: {MOST_CALLS} calls are all that one question may take. Answer with what you have."
MADE_UP = (
    "Not read: this address comes from what was looked up, and nobody here wrote it. Tell the person the address, so "
    "that they can ask for it themselves."
)
UNASKED = "Not called: it changes something, and nobody can be asked here whether it may. Say so."
REFUSED = "Not called: moderation refuses the arguments."


@dataclass(frozen=True, slots=True)
class Vetting:
    """The tools that may be called, what the turn has read, and the calls that were made before."""

    tools: Mapping[str, Tool]
    trust: TurnTrust
    made: tuple[CallRecord, ...]
    is_tainted: bool

    def vet_calls(self, calls: Iterable[ToolCall], number: int, clean: Iterable[bool]) -> list[CallRecord]:
        """Return the calls of round `number` as they are to be kept: those that may be made are proposed.

        `clean` says of each call whether its arguments may be sent and kept.
        """
        records: list[CallRecord] = []
        for place, (call, is_clean) in enumerate(zip(calls, clean, strict=True)):
            asked = call if is_clean else replace(call, arguments="{}")
            record = CallRecord(number, place, _echo_call(asked), "proposed")
            refusal = self._refusal_of(asked, [*self.made, *records]) if is_clean else REFUSED
            records.append(replace(record, state="refused", result=refusal) if refusal else self._propose_call(record))
        return records

    def _propose_call(self, record: CallRecord) -> CallRecord:
        """Return a call that may be made; one that may be made twice counts as running from now on."""
        spec = self.tools[record.call.name].spec
        address = str((decode_arguments(record.call.arguments) or {}).get(spec.address, ""))
        state = record.state if not spec.is_repeatable else "running"
        return replace(record, state=state, source=host_of(address) if address else "")

    def _refusal_of(self, call: ToolCall, before: list[CallRecord]) -> str:
        """Return why a call is not made, empty where it is."""
        tool, arguments = self.tools.get(call.name), decode_arguments(call.arguments)
        if tool is None:
            return UNKNOWN
        if arguments is None:
            return NOT_JSON
        if fault := find_argument_fault(arguments, tool.spec.parameters):
            return FAULTY.format(fault=fault)
        if _was_made(call, before):
            return TWICE
        if sum(each.state != "refused" for each in before) >= MOST_CALLS:
            return TOO_MANY
        return self._want_of_consent(tool, arguments)

    def _want_of_consent(self, tool: Tool, arguments: Arguments) -> str:
        """Return why a call is not made without somebody's word, empty where it needs none."""
        if tool.spec.needs_consent:
            return UNASKED
        return MADE_UP if self._is_made_up(tool, arguments) else ""

    def _is_made_up(self, tool: Tool, arguments: Arguments) -> bool:
        """Whether an address was put together from what the turn has read, and not by a person."""
        address = arguments.get(tool.spec.address, "") if tool.spec.address else ""
        if not address or not self.is_tainted or self.trust.knows_address(str(address)):
            return False
        return not is_found_address(str(address), self.made, self.tools)


def count_faults(records: Iterable[CallRecord]) -> int:
    """Return how many calls had arguments that did not fit."""
    return sum(each.result == NOT_JSON or each.result.startswith(FAULTY.partition("{")[0]) for each in records)


def _was_made(call: ToolCall, before: Iterable[CallRecord]) -> bool:
    same = (call.name, _canonical(call.arguments))
    return any(each.state != "refused" and (each.call.name, _canonical(each.call.arguments)) == same for each in before)


def _canonical(arguments: str) -> str:
    return json.dumps(decode_arguments(arguments), sort_keys=True)


def _echo_call(call: ToolCall) -> ToolCall:
    """Return a call as the model is shown it again: servers refuse a name, or arguments, that are none."""
    name = UNNAMED.sub("_", call.name[:LONGEST_NAME])
    arguments = decode_arguments(call.arguments)
    if isinstance(arguments, dict) and call.arguments.lstrip().startswith("{"):
        return replace(call, name=name)
    return replace(call, name=name, arguments=json.dumps(arguments or {}))
