"""The text that PNG files carry beside their picture, read and written (PNG specification, third edition)."""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LONGEST_TEXT = 8 * 1024 * 1024  # bytes of one text, unfolded
SIDE = 256  # pixels of the picture of who has none
GREY = 0xC0


class PngFault(ValueError):
    """A file is no whole PNG."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk: its four letters and its content; `crc` is what the file says of both."""

    kind: bytes
    content: bytes
    crc: int

    @property
    def is_whole(self) -> bool:
        """Whether the content is what was written."""
        return zlib.crc32(self.kind + self.content) == self.crc


def read_png_chunks(content: bytes) -> Iterator[Chunk]:
    """Yield a file's chunks up to its end; raise PngFault where it is cut off or none."""
    if not content.startswith(SIGNATURE):
        raise PngFault("it is no PNG")
    at, kind = len(SIGNATURE), b""
    while kind != b"IEND":
        head = content[at : at + 8]
        if len(head) < 8:
            raise PngFault("it is cut off")
        length, kind = struct.unpack(">I4s", head)
        end = at + 8 + length
        if end + 4 > len(content):
            raise PngFault("it is cut off")
        yield Chunk(kind, content[at + 8 : end], int.from_bytes(content[end : end + 4], "big"))
        at = end + 4


def read_texts(content: bytes, *keywords: str) -> dict[str, bytes]:
    """Return the texts of these keywords, in lower case; what is damaged, too long or stands there again is left out.

    No other is unfolded: there may be thousands.
    """
    found: dict[str, bytes] = {}
    for chunk in read_png_chunks(content):
        keyword = _keyword_of(chunk)
        if keyword in keywords and keyword not in found and chunk.is_whole and (text := _text_of(chunk)) is not None:
            found[keyword] = text
    return found


def replace_texts(content: bytes, texts: Iterable[tuple[str, bytes]], gone: Iterable[str]) -> bytes:
    """Return a file without the texts of the keywords `gone`, and with others, Latin-1 each, before its picture."""
    dropped = {keyword.casefold() for keyword in gone}
    kept = [chunk for chunk in read_png_chunks(content) if _keyword_of(chunk) not in dropped]
    added = [make_chunk(b"tEXt", keyword.encode("latin-1") + b"\0" + text) for keyword, text in texts]
    return SIGNATURE + b"".join([_pack_chunk(kept[0]), *added, *map(_pack_chunk, kept[1:])]) if kept else content


def make_chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk as it is written."""
    return _pack_chunk(Chunk(kind, content, zlib.crc32(kind + content)))


def make_blank_picture() -> bytes:
    """Return a plain grey picture, for a card that has none."""
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)  # eight bits of grey
    rows = (b"\0" + bytes([GREY]) * SIDE) * SIDE
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(make_chunk(*part) for part in parts)


def _pack_chunk(chunk: Chunk) -> bytes:
    return struct.pack(">I4s", len(chunk.content), chunk.kind) + chunk.content + struct.pack(">I", chunk.crc)


def _keyword_of(chunk: Chunk) -> str:
    """Return the keyword of a text, empty for any other chunk."""
    return chunk.content.partition(b"\0")[0].decode("latin-1").casefold() if chunk.kind in TEXTS else ""


def _text_of(chunk: Chunk) -> bytes | None:
    try:
        return TEXTS[chunk.kind](chunk.content.partition(b"\0")[2])
    except (zlib.error, IndexError):
        return None


def _read_compressed(rest: bytes) -> bytes | None:
    return _unfold(rest[1:])


def _read_international(rest: bytes) -> bytes | None:
    """Read what stands behind an iTXt's keyword: two flags, a language, the keyword in it, and the text."""
    is_compressed, named = rest[0] == 1, rest[2:]
    text = named.partition(b"\0")[2].partition(b"\0")[2]
    return _unfold(text) if is_compressed else _read_plain(text)


def _read_plain(rest: bytes) -> bytes | None:
    return rest if len(rest) <= LONGEST_TEXT else None


def _unfold(packed: bytes) -> bytes | None:
    unfolding = zlib.decompressobj()
    text = unfolding.decompress(packed, LONGEST_TEXT)
    return None if unfolding.unconsumed_tail else text


TEXTS = {b"tEXt": _read_plain, b"zTXt": _read_compressed, b"iTXt": _read_international}
