"""Cards as strangers write them: every container and version is read within bounds, and nothing unknown is lost."""

import json
import zlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.personas.card import CardFault, as_exported, find_documents, with_lorebook
from core.personas.card_files import ImportedCard, read_card_file, write_card_png
from core.personas.importing import to_record
from core.personas.png import SIGNATURE, make_blank_picture, make_chunk, read_png_chunks, read_texts
from tests.support.cards import as_charx, as_json, as_png, card_v2, card_v3

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=12,
)
BOOK = {"name": "The marsh", "entries": [{"keys": ["heron"], "content": "Herons are grey.", "odd": 1}], "odd": 2}


def only(content: bytes) -> ImportedCard:
    """Return the one card of a file."""
    [card] = read_card_file(content, "a file")
    return card


def data_of(content: bytes) -> dict[str, Any]:
    """Return what stands in the one card of a file."""
    data: dict[str, Any] = only(content).document["data"]
    return data


@pytest.mark.parametrize(
    "content",
    [
        as_json(card_v2()),
        b"\xef\xbb\xbf" + as_json(card_v3()),
        as_png({"chara": card_v2()}),
        as_png({"ccv3": card_v3()}),
        as_charx(card_v3()),
        as_json([card_v2()]),
    ],
)
def test_every_container_and_version_gives_the_same_card_with_all_that_is_not_known(content: bytes) -> None:
    """It is V3 from then on, with the fields that it lacked."""
    document = only(content).document
    assert (document["spec"], document["spec_version"], document["beside"]) == ("chara_card_v3", "3.0", True)
    data = document["data"]
    assert data["odd_field"] == [1, {"kept": None}]
    assert data["extensions"]["depth_prompt"] == {"depth": 4, "role": "system"}
    assert data["group_only_greetings"] == []
    assert (data["name"], data["first_mes"], data["tags"]) == ("Ada", "Good evening, {{user}}.", ["bird", "marsh"])


def test_of_a_picture_with_both_texts_the_newer_is_taken_and_a_damaged_one_gives_way() -> None:
    """A tool that knows V2 alone leaves an old V3 text behind at times, but the specification is clear."""
    both = {"chara": card_v2("Old"), "ccv3": card_v3("New")}
    assert data_of(as_png(both))["name"] == "New"
    broken = as_png({"chara": card_v2("Old")})
    with_broken = broken[:33] + make_chunk(b"tEXt", b"ccv3\0!!!!") + broken[33:]
    assert data_of(with_broken)["name"] == "Old"


@pytest.mark.parametrize(
    "chunk",
    [
        make_chunk(b"iTXt", b"chara\0\0\0\0\0TEXT"),
        make_chunk(b"iTXt", b"chara\0\1\0en\0\0PACKED"),
        make_chunk(b"zTXt", b"chara\0\0PACKED"),
    ],
)
def test_texts_that_are_packed_or_international_are_read(chunk: bytes) -> None:
    """As some tools write them."""
    told = as_png({"chara": card_v2("Packed")})
    text = read_texts(told, "chara")["chara"]
    kind, content = chunk[4:8], chunk[8:-4].replace(b"PACKED", zlib.compress(text)).replace(b"TEXT", text)
    blank = make_blank_picture()
    assert data_of(blank[:33] + make_chunk(kind, content) + blank[33:])["name"] == "Packed"


def test_a_plain_file_of_ours_and_a_card_of_v1_find_their_places() -> None:
    """Instructions, greeting, examples, model and parameters; what else stands there stays."""
    plain = {
        "name": "Sam",
        "description": "a cook",
        "instructions": "Be brief.",
        "greeting": "Hi",
        "mood": {"now": 1},
        "model": "big",
        "parameters": {"temperature": 0.2},
        "examples": [{"user": "a?", "assistant": "b."}],
    }
    data = data_of(as_json(plain))
    assert (data["system_prompt"], data["first_mes"], data["mood"]) == ("Be brief.", "Hi", {"now": 1})
    assert data["mes_example"] == "<START>\n{{user}}: a?\n{{char}}: b."
    assert data["extensions"]["confab"] == {"model": "big", "parameters": {"temperature": 0.2}}
    assert data_of(as_json({"name": "Old", "personality": "dry", "mes_example": "x"}))["personality"] == "dry"


@pytest.mark.parametrize("document", [{"spec": "lorebook_v3", "data": BOOK}, BOOK])
def test_a_lorebook_alone_comes_in_and_goes_out_as_one(document: dict[str, Any]) -> None:
    """Without a name it bears its file's."""
    card = only(as_json(document))
    assert card.document["data"]["name"] == "The marsh"
    assert as_exported(card.document) == {"spec": "lorebook_v3", "data": BOOK}
    nameless = {"spec": "lorebook_v3", "data": {"entries": []}}
    assert data_of(as_json(nameless))["name"] == "a file"
    world = {"entries": {"0": {"key": ["heron"], "content": "Grey.", "disable": False, "order": 3, "uid": 0}}}
    [entry] = data_of(as_json(world))["character_book"]["entries"]
    assert (entry["keys"], entry["enabled"], entry["insertion_order"], entry["uid"]) == (["heron"], True, 3, 0)
    into = with_lorebook(only(as_json(card_v2())).document, BOOK)
    assert into["data"]["character_book"]["entries"] == BOOK["entries"]


def test_a_card_goes_out_as_a_picture_for_readers_of_both_versions_and_comes_back_the_same() -> None:
    """The picture is the one that it came with, a plain one where it had none; other texts of it stay."""
    came = as_png({"chara": card_v2(), "Comment": "not ours"})
    card = only(came)
    went = write_card_png(card.document, card.picture)
    assert set(read_texts(went, "chara", "ccv3", "comment")) == {"chara", "ccv3", "comment"}
    assert only(went) == card
    assert json.loads(as_json(as_exported(card.document))) == card.document
    assert only(write_card_png(card.document, b"")).document == card.document


def test_the_icon_of_an_archive_is_its_picture() -> None:
    """By the address that the specification spells with one d; a data address serves as well."""
    icon = {"type": "icon", "uri": "embeded://assets/main.png", "name": "main", "ext": "png"}
    picture = make_blank_picture()
    assert only(as_charx(card_v3(assets=[icon]), {"assets/main.png": picture})).picture == picture
    assert only(as_charx(card_v3(assets=[icon]))).picture == b""
    assert only(as_json(card_v3(assets=[{**icon, "uri": "data:image/png;base64,iVBORw0KGgo="}]))).picture == SIGNATURE


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[[" * 5_000,
        as_json("a text"),
        as_json({"name": "nothing else"}),
        as_json(card_v2(name=" ")),
        as_json({"spec": "chara_card_v2", "data": {"name": 5}}),
        b'{"name": "a", "description": NaN}',
        as_json({"name": "deep", "description": "x", "more": eval("[" * 80 + "]" * 80)}),  # noqa: S307 - our own text
        make_blank_picture(),
        make_blank_picture()[:-20],
        as_png({"chara": "a text"}),
        as_charx(card_v2())[:-30],
        as_charx(card_v2(), {"bomb": b"0" * 9_000_000}),
        b"PK\x03\x04",
        b"GIF89a",
    ],
)
def test_what_is_no_card_or_too_much_is_refused_with_a_reason(content: bytes) -> None:
    """Cut off, nested without end, packed to burst, or something else altogether."""
    with pytest.raises(CardFault, match=r"\w"):
        read_card_file(content, "a file")


@given(st.dictionaries(st.text(max_size=12), JSON, max_size=5), JSON)
@settings(max_examples=80, deadline=None)
def test_whatever_stands_in_a_card_comes_back(data: dict[str, Any], beside: Any) -> None:
    """Unknown fields, and known ones with odd values; kept, found, and given out."""
    document = {"spec": "chara_card_v3", "spec_version": "3.1", "x": beside, "data": {**data, "name": "Ada"}}
    [found] = find_documents(json.loads(json.dumps(document)), "a file")
    assert found["data"].items() >= {**data, "name": "Ada"}.items()
    assert found["spec_version"] == "3.1"
    record = to_record(ImportedCard(found))
    assert only(record.card.encode()).document == json.loads(record.card)


@given(st.binary(max_size=200), st.integers(0, 400))
@settings(max_examples=80, deadline=None)
def test_a_damaged_picture_is_read_or_refused_and_never_worse(noise: bytes, at: int) -> None:
    """Bytes put anywhere into it."""
    whole = as_png({"chara": card_v2()})
    with suppress(CardFault):
        read_card_file(whole[:at] + noise + whole[at + len(noise) :], "a file")
    assert b"".join([SIGNATURE, *(make_chunk(each.kind, each.content) for each in read_png_chunks(whole))]) == whole
