"""The marks by which an answer names its sources: those that were given out stay, all others are dropped, code is left.

A mark is `[S1]`. What the model writes as a mark's address is dropped as well: we alone know where a source is.
"""

import re
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing

from core.errors import ModelError
from core.knowledge.lookup import Lookup
from core.model_events import ModelEvent, Replace, Text

LONGEST_CODE = 2_000  # characters that are waited for until code within a paragraph is known to be code
LONGEST_ADDRESS = 2_000

SPECIAL = re.compile(r"(?P<code>`+)|(?<![ \t])(?P<mark>[ \t]*+\[)|(?<![ \t])[ \t]++$")
MARK = re.compile(r"[ \t]*\[(S\d{1,4}(?:\s?[,;]\s?S\d{1,4}){0,9})\]")
MAYBE_MARK = re.compile(r"[ \t]*\[(?:S(?:\d{1,4}(?:\s?[,;]\s?S\d{1,4}){0,9}(?:\s?[,;]?\s?S?)?)?)?")
ADDRESS = re.compile(
    r"\((?:[^()\n]|\([^()\n]*\)){0,2000}\)|[ \t]*\(<?https?://[^)\n]{0,2000}\)|\[[^\]\n]{0,200}\]|:[ \t]*<?https?://\S*"
)
IN_PARENTHESES = r"\((?:[^()\n]|\([^()\n]*+\))*+(?:\([^()\n]*+)?"
OPEN_ADDRESS = re.compile(rf"(?:{IN_PARENTHESES}|[ \t]*(?:\((?:<?h[^)\n]*)?)?|:[ \t]*(?:<?h\S*)?|\[[^\]\n]*)$")
NAME = re.compile(r"S\d+")
MARGIN = r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?"  # code blocks stand in lists and quotations, too
FENCE = re.compile(rf"{MARGIN}(`{{3,}}|~{{3,}})")
MAYBE_FENCE = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)]?)?[ \t]*)(?:`{0,2}|~{0,2})")


class MarkFilter:
    """Takes an answer in pieces, as it is made; `cited` are the marks that it has used, in the order of their use."""

    def __init__(self, given: Collection[str]) -> None:
        self._given = given
        self._held = ""
        self._fence = ""  # of the code block that is open
        self._is_line_start = True
        self.cited: dict[str, None] = {}

    def pass_piece(self, piece: str) -> str:
        """Return what may be shown of the answer with this piece, less what was returned before."""
        self._held += piece
        return self._drain(is_whole=False)

    def pass_rest(self) -> str:
        """Return the rest of what may be shown, now that all has come."""
        return self._drain(is_whole=True)

    def _drain(self, *, is_whole: bool) -> str:
        passed: list[str] = []
        while self._held:
            size, text = self._next_step(is_whole=is_whole)
            if not size:
                break
            passed.append(text)
            self._is_line_start = self._held[size - 1] == "\n"
            self._held = self._held[size:]
        return "".join(passed)

    def _next_step(self, *, is_whole: bool) -> tuple[int, str]:
        """Return how many characters come next, and what of them may be shown; 0 where more has to come first."""
        if self._fence or self._is_line_start:
            step = self._pass_code_line(is_whole=is_whole) if self._fence else self._open_fence(is_whole=is_whole)
            if step:
                return step
        end = self._held.find("\n") + 1
        line = self._held[:end] if end else self._held
        found = SPECIAL.search(line)
        if found is None or found.start() > 0:
            size = found.start() if found else len(line)
            return size, line[:size]
        if found["code"]:
            return self._pass_code(found["code"], is_whole=is_whole)
        if found["mark"]:
            return self._pass_mark(is_whole=is_whole)
        return (found.end(), found[0]) if is_whole or end else (0, "")

    def _open_fence(self, *, is_whole: bool) -> tuple[int, str] | None:
        """Pass the line that opens a code block; None where none begins here."""
        end = self._held.find("\n") + 1
        fence = FENCE.match(self._held)
        if not end and not is_whole and (fence or MAYBE_FENCE.fullmatch(self._held)):
            return 0, ""
        line = self._held[:end] if end else self._held
        if fence is None or (fence[1][0] == "`" and "`" in line[fence.end() :]):
            return None
        self._fence = fence[1]
        return len(line), line

    def _pass_code_line(self, *, is_whole: bool) -> tuple[int, str]:
        """Pass a line of a code block as it is; the one that closes it ends that."""
        end = self._held.find("\n") + 1
        if not end and not is_whole:
            return 0, ""
        line = self._held[:end] if end else self._held
        bare = line.strip(" \t>\r\n")
        if len(bare) >= len(self._fence) and not bare.strip(self._fence[0]):
            self._fence = ""
        return len(line), line

    def _pass_code(self, ticks: str, *, is_whole: bool) -> tuple[int, str]:
        """Pass code within a paragraph as it is; backticks that nothing closes are no code (CommonMark, Code spans)."""
        closing = re.compile(rf"(?<!`)`{{{len(ticks)}}}(?!`)").search(self._held, len(ticks))
        paragraph = self._held.find("\n\n")
        if closing and (paragraph < 0 or closing.start() < paragraph):
            is_sure = is_whole or closing.end() < len(self._held)
            return (closing.end(), self._held[: closing.end()]) if is_sure else (0, "")
        if not is_whole and paragraph < 0 and len(self._held) < LONGEST_CODE:
            return 0, ""
        return len(ticks), ticks

    def _pass_mark(self, *, is_whole: bool) -> tuple[int, str]:
        mark = MARK.match(self._held)
        if mark is None:
            maybe = MAYBE_MARK.match(self._held)
            if maybe and maybe.end() == len(self._held) and not is_whole:
                return 0, ""
            size = self._held.index("[") + 1
            return size, self._held[:size]
        address, begun = ADDRESS.match(self._held, mark.end()), OPEN_ADDRESS.match(self._held, mark.end())
        if begun and not is_whole and len(self._held) < mark.end() + LONGEST_ADDRESS:
            return 0, ""
        end = mark.end()
        if address and not MARK.match(address[0]):
            end = address.end()
        elif begun and begun[0].lstrip().startswith("("):
            end = begun.end()  # an address that was cut short
        return end, self._keep_known(mark)

    def _keep_known(self, mark: re.Match[str]) -> str:
        """Return those of the marks that were given out, with the space before them."""
        known = [name for name in NAME.findall(mark[1]) if name in self._given]
        self.cited.update(dict.fromkeys(known))
        space = mark[0][: mark[0].index("[")]
        return space + "".join(f"[{name}]" for name in known) if known else ""


async def keep_known_marks(events: AsyncGenerator[ModelEvent, None], found: Lookup) -> AsyncGenerator[ModelEvent, None]:
    """Pass on what the model says without marks that were not given out; note in what was found which it has used."""
    marks = MarkFilter(found.marks)
    try:
        async with aclosing(events) as stream:
            async for event in stream:
                match event:
                    case Text(text):
                        if shown := marks.pass_piece(text):
                            yield Text(shown)
                    case Replace(text, at_once):
                        marks = MarkFilter(found.marks)
                        yield Replace(marks.pass_piece(text), at_once=at_once)
                    case _:
                        yield event
    except ModelError:
        if rest := _end_marks(marks, found):
            yield Text(rest)
        raise
    if rest := _end_marks(marks, found):
        yield Text(rest)


def _end_marks(marks: MarkFilter, found: Lookup) -> str:
    """Note what was used; return the rest of what may be shown."""
    rest = marks.pass_rest()
    found.cited[:] = found.cite_marks(marks.cited)
    return rest
