"""The part of a document that a model is given, and the count of what it is not."""

from dataclasses import dataclass, field

CHARACTERS = 60_000  # of one file: about as many tokens as a conversation may hold
WHOLE = 50  # times as much is read where it is only looked up later: 3 million characters, 2,000 pages
HALF_LINE = 1_000  # characters that are given up at a cut, so that no line is read by half


@dataclass(slots=True)
class Excerpt:
    """A document's text as far as there is room. `left_out` says in numbers what of the document was not read.

    `remarks` are what else is to be known of it: what may be read wrongly, and what is no text.

    `scale` is how many times a reader's own bounds hold, on pages and rows.
    """

    pieces: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    room: int = CHARACTERS
    offered: int = 0
    scale: int = 1
    is_begun: bool = False  # of the last piece there is the beginning alone

    @classmethod
    def of_whole_document(cls) -> "Excerpt":
        """Return one with room for nearly every document."""
        return cls(room=CHARACTERS * WHOLE, scale=WHOLE)

    def append_piece(self, piece: str) -> bool:
        """Append a piece, or as much of it as there is room for; return whether that was all of it."""
        self.offered += len(piece)
        shown = piece if len(piece) <= self.room else _whole_lines(piece[: self.room])
        if shown:
            self.pieces.append(shown)
        self.is_begun = 0 < len(shown) < len(piece)
        self.room = max(0, self.room - len(piece) - 1) if len(piece) <= self.room else 0  # 1 for the line break
        return len(shown) == len(piece)

    def add_lines(self, text: str) -> None:
        """Append a plain text, and count its characters and lines where there is no room for all of them."""
        lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip()
        if not self.append_piece(lines):
            shown = self.pieces[-1] if self.pieces else ""
            self.leave_out(len(shown), len(lines), "characters")
            self.leave_out(shown.count("\n") + 1, lines.count("\n") + 1, "lines")

    def leave_out(self, read: int, of: int, unit: str) -> None:
        """Note that only so many of a unit were read, where they were not all."""
        if read < of:
            self.left_out.append(f"{read:,} of {of:,} {unit}")

    def leave_out_parts(self, read: int, of: int, unit: str) -> None:
        """Note that only so many parts were read whole, where they were not all; of the next there may be some."""
        if read < of:
            self.left_out.append(
                f"{read:,} of {of:,} {unit}{' and the beginning of the next' if self.is_begun else ''}"
            )

    def note_pictures(self, number: int) -> None:
        """Note how many pictures are not looked at."""
        if number:
            self.remarks.append(
                f"{number:,} pictures in it are not read" if number > 1 else "a picture in it is not read"
            )

    def whole_text(self) -> str:
        """Return what was read, with a note of characters where nothing else says that there is more."""
        text = "\n".join(self.pieces).strip()
        if not self.left_out:
            self.leave_out(min(len(text), self.offered), self.offered if self.room <= 0 else 0, "characters")
        return text


def _whole_lines(text: str) -> str:
    """Return a text without the half line at its end, as long as that is short."""
    end = text.rfind("\n", max(0, len(text) - HALF_LINE))
    return text if end < 0 else text[:end]
