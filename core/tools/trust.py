"""What a turn has read that nobody here wrote, and what follows from it for the addresses that the model makes up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.history import History
from core.messages import Entry, Message
from core.quotes import without_quoted_lines
from core.tool_calls import CallRecord
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


def trust_of(message: Message, question: Entry, history: History, tools: Mapping[str, Tool]) -> TurnTrust:
    """Return what a message, as the entry that it is asked as, and the history before it bring along.

    What was cut from the history may have told of anything.
    """
    said = [*history.entries, question]
    called = {call.name for entry in said for call in entry.calls}
    is_tainted = (
        bool(history.begins or history.earlier or message.quotations)
        or any(_is_from_outside(entry) for entry in said)
        or any(name not in tools or not tools[name].spec.is_trusted for name in called)
    )
    by_people = (without_quoted_lines(entry.text) for entry in said if entry.author and not entry.author.is_bot)
    return TurnTrust(is_tainted, frozenset(written_addresses(by_people)))


def is_found_address(address: str, records: Iterable[CallRecord], tools: Mapping[str, Tool]) -> bool:
    """Whether a tool that gives addresses has returned one: a search engine chose it, and no page wrote it.

    What pages wrote stands further right in its results, on lines of their own.
    """
    wanted = normalize_address(address)
    given = (each.result for each in records if each.call.name in tools and tools[each.call.name].spec.gives_addresses)
    lines = (line for result in given for line in result.splitlines() if line.startswith("<") and line.endswith(">"))
    return any(wanted and normalize_address(line[1:-1]) == wanted for line in lines)


def _is_from_outside(entry: Entry) -> bool:
    is_quoting = entry.author is not None and without_quoted_lines(entry.text) != entry.text
    return is_quoting or bool(entry.files or entry.about or entry.images or (entry.author and entry.author.is_bot))
