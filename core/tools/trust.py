"""What a turn has read that nobody here wrote, and what follows from it for the addresses that the model makes up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.messages import Entry
from core.tools.addresses import normalize_address, written_addresses
from core.tools.tool import Tool


@dataclass(frozen=True, slots=True)
class TurnTrust:
    """Whether content from outside `is_tainted` into the prompt before any call, and the addresses that people wrote.

    Outside is what came by a tool (but for those that are trusted), in a file, or as a quotation; what people write in
    the conversation is not.
    """

    is_tainted: bool
    addresses: frozenset[str]

    def knows_address(self, address: str) -> bool:
        """Whether somebody in the conversation wrote an address."""
        return normalize_address(address) in self.addresses


def trust_of(question: Entry, entries: Iterable[Entry], tools: Mapping[str, Tool]) -> TurnTrust:
    """Return what a question and the history before it bring along."""
    said = [*entries, question]
    names = {call.id: call.name for entry in said for call in entry.calls}
    is_tainted = any(_is_from_outside(entry, names, tools) for entry in said)
    return TurnTrust(is_tainted, frozenset(written_addresses(entry.text for entry in said if entry.author)))


def _is_from_outside(entry: Entry, names: Mapping[str, str], tools: Mapping[str, Tool]) -> bool:
    if not entry.call_id:
        return bool(entry.files or entry.about or entry.images)
    tool = tools.get(names.get(entry.call_id, ""))
    return tool is None or not tool.spec.is_trusted
