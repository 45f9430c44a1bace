"""Server-sent events as servers really send them: everything that can be understood is, and nothing without a bound."""

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass

from core.errors import GarbledAnswer
from core.llm.body import decode_json

LARGEST_EVENT = 1_000_000  # bytes of one event, or of one line
DONE = "[DONE]"
OVER = frozenset({"done", "end", "complete", "completed", "message_stop"})  # types of an event that says no more
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """What one event says. `is_error` where its type says so; `status` is the HTTP status in it, 0 where none is."""

    data: str
    is_error: bool = False
    status: int = 0


class EventParser:
    """Takes a stream of events apart, however the network cuts it.

    Beside the standard (HTML, 9.2) it takes lines of bare JSON, events without the blank line behind them, a status in
    a comment (`:HTTP_STATUS/400`, DashScope), `error:` for a field (llama.cpp), and `data:` that a proxy has put twice.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._after_return = False
        self._data: list[str] = []
        self._size = 0
        self._kind = ""
        self._status = 0

    def feed(self, block: bytes) -> list[ServerEvent]:
        """Return the events that end in a block; raise GarbledAnswer for a line or an event without an end."""
        if self._after_return and block.startswith(b"\n"):
            block = block[1:]
        self._after_return = block.endswith(b"\r")
        end = max(block.rfind(b"\n"), block.rfind(b"\r")) + 1
        if not end:
            self._keep(block)
            return []
        whole = bytes(self._held) + block[:end]
        self._held.clear()
        self._keep(block[end:])
        return [event for line in whole.splitlines() for event in self._line(line)]

    def parse_rest(self) -> list[ServerEvent]:
        """Return what stands behind the last blank line."""
        last = bytes(self._held)
        self._held.clear()
        return [*self._line(last), *self._dispatch_event()] if last else list(self._dispatch_event())

    def _keep(self, rest: bytes) -> None:
        self._held += rest
        if len(self._held) > LARGEST_EVENT:
            raise GarbledAnswer("a line of the stream has no end")

    def _line(self, line: bytes) -> Iterator[ServerEvent]:
        text = line.decode(errors="replace").removeprefix("\ufeff").replace("\x00", "")
        if not text.strip():
            yield from self._dispatch_event()
        elif text.lstrip().startswith(("{", "[{", "[DONE]")):
            yield from self._dispatch_event()
            yield ServerEvent(text.strip())
        else:
            self._field(text)

    def _field(self, text: str) -> None:
        name, _, value = text.partition(":")
        value, name = value.removeprefix(" "), name.strip().lower()
        if name in {"data", "error"}:
            self._kind = "error" if name == "error" else self._kind
            value = value.removeprefix("data:")
            self._size += len(value)
            if self._size > LARGEST_EVENT:
                raise GarbledAnswer("an event of the stream has no end")
            self._data.append(value)
        elif name == "event":
            self._kind = value.strip().lower()
        elif not name and value.startswith("HTTP_STATUS/"):
            status = value.removeprefix("HTTP_STATUS/").strip()
            self._status = int(status) if status.isdecimal() and len(status) == 3 else 0

    def _dispatch_event(self) -> Iterator[ServerEvent]:
        """Yield the event that a blank line ends: as one, or where that is not JSON and its lines are, one for each."""
        lines, kind, status = self._data, self._kind, self._status
        self._data, self._size, self._kind, self._status = [], 0, "", 0
        whole = "\n".join(lines).strip()
        parts = lines if len(lines) > 1 and not _is_json(whole) else [whole]
        for part in parts:
            if part.strip():
                yield ServerEvent(_without_quotes(part.strip()), kind == "error", status)
        if kind in OVER:
            yield ServerEvent(DONE)


def _without_quotes(data: str) -> str:
    """Return an event's data, with the mark of the end as it should be: some quote it, or write it small."""
    return DONE if data.strip("\"' ").upper() == DONE else data


async def read_events(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[list[ServerEvent], None]:
    """Yield a stream's events, those that arrived together as one list, which is never empty."""
    parser = EventParser()
    async for piece in pieces:
        if events := parser.feed(piece):
            yield events
    if events := parser.parse_rest():
        yield events


def _is_json(text: str) -> bool:
    try:
        decode_json(text)
    except ValueError:
        return False
    return True
