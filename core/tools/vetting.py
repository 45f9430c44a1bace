"""Which calls are made as the model wants them, and what it is told of the others."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from core.messages import ToolCall
from core.tool_calls import DECLINED, CallRecord, CallState
from core.tools.addresses import host_of
from core.tools.arguments import decode_arguments, find_argument_fault
from core.tools.tool import Arguments, Tool
from core.tools.trust import TurnTrust, is_found_address

MOST_CALLS = 20  # of one turn
MOST_ASKED = 5  # of one round that wait to be allowed: one card shows them, whole
UNNAMED = re.compile(r"[^a-zA-Z0-9_-]")  # what no function's name holds (OpenAI API reference)
LONGEST_NAME = 64

UNKNOWN = "There is no such tool here."
NOT_JSON = "The arguments were no JSON object. Call it once more with arguments that are one."
FAULTY = "The arguments do not fit: {fault}. Call it once more with arguments that do."
TWICE = "This was called with the same arguments before: what came of it stands above. It is not called again."
TOO_MANY = f"Not called: {MOST_CALLS} calls are all that one question may take. Answer with what you have."
TOO_MANY_ASKED = f"Not called: people are asked about {MOST_ASKED} calls at once. Call it when those are done."
REFUSED = "Not called: moderation refuses the arguments."


@dataclass(frozen=True, slots=True)
class Vetting:
    """The tools that may be called, what the turn has read, and the calls that were made before.

    `granted` are those tools that somebody allowed to be called always.
    """

    tools: Mapping[str, Tool]
    trust: TurnTrust
    made: tuple[CallRecord, ...]
    is_tainted: bool
    granted: frozenset[str] = frozenset()

    def vet_calls(self, calls: Iterable[ToolCall], number: int, clean: Iterable[bool]) -> list[CallRecord]:
        """Return the calls of round `number` as they are to be kept: those that may be made are proposed.

        `clean` says of each call whether its arguments may be sent and kept.
        """
        records: list[CallRecord] = []
        for place, (call, is_clean) in enumerate(zip(calls, clean, strict=True)):
            asked = call if is_clean else replace(call, arguments="{}")
            record = CallRecord(number, place, _echo_call(asked), "proposed")
            refusal = self._refusal_of(asked, [*self.made, *records]) if is_clean else REFUSED
            kept = replace(record, state="refused", result=refusal) if refusal else self._propose_call(record)
            if kept.state == "waiting" and sum(each.state == "waiting" for each in records) >= MOST_ASKED:
                kept = replace(record, state="refused", result=TOO_MANY_ASKED)
            records.append(kept)
        return records

    def _propose_call(self, record: CallRecord) -> CallRecord:
        """Return a call that may be made, or waits to be allowed; one that may be made twice runs from now on."""
        tool = self.tools[record.call.name]
        arguments = decode_arguments(record.call.arguments) or {}
        address = str(arguments.get(tool.spec.address, ""))
        state: CallState = "running" if tool.spec.is_repeatable else "proposed"
        if self._needs_click(tool, arguments):
            state = "waiting"
        return replace(record, state=state, source=host_of(address) if address else "")

    def _needs_click(self, tool: Tool, arguments: Arguments) -> bool:
        """Whether a person has to allow a call: what was allowed for always counts only before outside content came."""
        if tool.spec.consent == "never":
            return False
        if self._is_made_up(tool, arguments):
            return True
        effect = tool.spec.effect_of(arguments)
        if tool.spec.consent == "auto" and (effect == "none" or (effect == "own" and not self.is_tainted)):
            return False
        return tool.spec.needs_consent and (self.is_tainted or tool.spec.name not in self.granted)

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
        return ""

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
    asked = (each for each in before if each.state != "refused" or each.result in DECLINED.values())
    return any((each.call.name, _canonical(each.call.arguments)) == same for each in asked)


def _canonical(arguments: str) -> str:
    return json.dumps(decode_arguments(arguments), sort_keys=True)


def _echo_call(call: ToolCall) -> ToolCall:
    """Return a call as the model is shown it again: servers refuse a name, or arguments, that are none."""
    name = UNNAMED.sub("_", call.name[:LONGEST_NAME])
    arguments = decode_arguments(call.arguments)
    if isinstance(arguments, dict) and call.arguments.lstrip().startswith("{"):
        return replace(call, name=name)
    return replace(call, name=name, arguments=json.dumps(arguments or {}))
