"""The files in which cards come and go: PNG, CHARX and JSON, each told by its first bytes and read within bounds."""

import base64
import binascii
import lzma
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image as Picture

from core.personas.card import CardFault, Document, as_exported, as_v2, find_documents, read_json, write_json
from core.personas.png import SIGNATURE, PngFault, make_blank_picture, read_texts, replace_texts

MOST_BYTES = 32 * 1024 * 1024  # of a file
LARGEST_PICTURE = 16 * 1024 * 1024
MOST_PIXELS = 40_000_000
MEMBERS, UNFOLDED, RATIO = 2_000, 256 * 1024 * 1024, 200  # of a CHARX: files, bytes of all, and how far one unfolds
ICONS = 8  # that are looked at for one that is a picture
V3_TEXT, V2_TEXT = "ccv3", "chara"
EMBEDDED = ("embeded://", "embedded://")  # the first is how the specification spells it
DATA_ADDRESS = "data:"


@dataclass(frozen=True, slots=True)
class ImportedCard:
    """A card as it was taken in: V3, and its picture as a file, empty where it has none."""

    document: Document
    picture: bytes = b""


def read_card_file(content: bytes, usual_name: str) -> list[ImportedCard]:
    """Return the cards in a file; `usual_name` is for a lorebook without one. Raises CardFault with the reason."""
    if len(content) > MOST_BYTES:
        raise CardFault(f"it is larger than {MOST_BYTES // 1024 // 1024} MB")
    if content.startswith(SIGNATURE):
        return _read_png(content, usual_name)
    if content.startswith(b"PK\x03\x04"):
        return _read_charx(content, usual_name)
    found = find_documents(read_json(content), usual_name)
    return [ImportedCard(each, _picture_in(each)) for each in found]


def write_card_png(document: Document, picture: bytes) -> bytes:
    """Return a picture that carries a card for readers of V3 and of V2; raise CardFault where it is no picture."""
    texts = [(V3_TEXT, as_exported(document)), (V2_TEXT, as_v2(document))]
    try:
        encoded = [(name, base64.b64encode(write_json(each).encode())) for name, each in texts]
        return replace_texts(_as_png(picture), encoded, (V3_TEXT, V2_TEXT))
    except PngFault as fault:
        raise CardFault(f"its picture cannot be written: {fault}") from None


def media_type_of(picture: bytes) -> str:
    """Return what a picture is by its first bytes, empty where it is none that is known."""
    if picture.startswith(SIGNATURE):
        return "image/png"
    if picture.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/webp" if picture[:4] == b"RIFF" and picture[8:12] == b"WEBP" else ""


def _read_png(content: bytes, usual_name: str) -> list[ImportedCard]:
    """Read the newer of the two texts that can be read; the picture is kept without either."""
    try:
        texts = read_texts(content, V3_TEXT, V2_TEXT)
        picture = replace_texts(content, (), (V3_TEXT, V2_TEXT))
    except PngFault as fault:
        raise CardFault(str(fault)) from None
    reason = "the picture holds no card"
    for name in (V3_TEXT, V2_TEXT):
        if name in texts:
            try:
                found = find_documents(read_json(base64.b64decode(texts[name])), usual_name)
            except (binascii.Error, CardFault) as fault:
                reason = f"the card in the picture is damaged: {fault}"
            else:
                return [ImportedCard(each, picture if len(picture) <= LARGEST_PICTURE else b"") for each in found]
    raise CardFault(reason)


def _read_charx(content: bytes, usual_name: str) -> list[ImportedCard]:
    """Read a CHARX: `card.json`, and the picture that it names as its icon (SPEC_V3, CHARX)."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = _bounded_members(archive)
            if "card.json" not in members:
                raise CardFault("the archive holds no card.json")
            documents = find_documents(read_json(_read_member(archive, members["card.json"])), usual_name)
            return [ImportedCard(each, _picture_in(each, archive)) for each in documents]
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, EOFError, OSError, binascii.Error):
        raise CardFault("the archive cannot be read") from None


def _bounded_members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    members = archive.infolist()
    if len(members) > MEMBERS or sum(each.file_size for each in members) > UNFOLDED:
        raise CardFault("the archive unfolds to too much")
    if any(each.file_size > RATIO * max(each.compress_size, 1024) for each in members):
        raise CardFault("the archive unfolds to too much")
    if any(each.flag_bits & 1 for each in members):
        raise CardFault("the archive is encrypted")
    return {each.filename: each for each in members}


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Return a member's content, no more of it than a picture may have, whatever the archive's list says."""
    with archive.open(member) as file:
        return file.read(LARGEST_PICTURE + 1)


def _picture_in(document: Document, archive: zipfile.ZipFile | None = None) -> bytes:
    """Return the picture that a card names as its icon, where it came along: in its archive, or as a data address."""
    assets = document["data"].get("assets")
    icons = [each for each in assets or () if _is_icon(each)] if isinstance(assets, list) else []
    icons.sort(key=lambda each: each.get("name") != "main")
    for icon in icons[:ICONS]:
        picture = _read_address(icon["uri"], archive)
        if media_type_of(picture) and len(picture) <= LARGEST_PICTURE:
            return picture
    return b""


def _is_icon(asset: Any) -> bool:
    return isinstance(asset, dict) and asset.get("type") == "icon" and isinstance(asset.get("uri"), str)


def _read_address(address: str, archive: zipfile.ZipFile | None) -> bytes:
    if address.startswith(DATA_ADDRESS):
        try:
            return base64.b64decode(address.partition("base64,")[2])
        except ValueError:
            return b""
    name = next((address.removeprefix(each) for each in EMBEDDED if address.startswith(each)), "")
    is_there = archive is not None and name in archive.namelist()
    return _read_member(archive, archive.getinfo(name)) if archive and is_there else b""


def _as_png(picture: bytes) -> bytes:
    if not picture:
        return make_blank_picture()
    if picture.startswith(SIGNATURE):
        return picture
    try:
        with Picture.open(BytesIO(picture), formats=("JPEG", "WEBP")) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise CardFault("its picture is too large")
            written = BytesIO()
            opened.convert("RGB").save(written, "PNG")
    except (OSError, ValueError, SyntaxError):
        raise CardFault("its picture cannot be read") from None
    return written.getvalue()
