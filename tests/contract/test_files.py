"""Files that people share reach the model as text, and what was not read of them is told to the person as well."""

import base64
from collections.abc import Mapping

from tests.contract.platform_room import Room, answered
from tests.support.office_files import ENCRYPTED_PDF, docx, open_document, pptx, xlsx

OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)  # in which what a password locks is put as well
KANJI = "\u4f1a\u8b70\u306f\u91d1\u66dc\u65e5\u3067\u3059\u3002"
HANZI = "\u59d3\u540d,\u91d1\u989d\n\u5f20\u4f1f,120\n"


async def asked_about(room: Room, files: Mapping[str, bytes]) -> tuple[str, str]:
    """Share files and ask about them; return the prompt and the answer."""
    said = await room.share_files(f"{room.mention('the bot')} what is in it?", files)
    answer = (await answered(room, said))[0]
    return str(room.model.requests[-1].body["messages"][-1]["content"]), answer


AS_WRITTEN = [
    ("kunden.csv", "M\u00fcller;12,50 \u20ac".encode("cp1252"), "M\u00fcller;12,50 \u20ac"),
    ("list.csv", "a;b".encode("utf-16"), "a;b"),
    ("wide.csv", "a;b".encode("utf-16-le"), "a;b"),
    ("kaigi.txt", KANJI.encode("shift_jis"), KANJI),
    ("names.csv", HANZI.encode("gbk"), HANZI.strip()),
    *((name, b"FROM debian", "FROM debian") for name in ("Dockerfile", "Makefile", "main.tf", "App.vue", "a.proto")),
    *((name, b"WEBVTT", "WEBVTT") for name in ("a.scss", "a.graphql", "a.vtt", "a.srt", "a.toml", "a.log", "a.sql")),
    (".env", b"TOKEN=xoxb-1", "TOKEN=[hidden]"),
    ("plan.docx", docx("<w:p><w:r><w:t>We ship</w:t></w:r></w:p>"), "We ship"),
    ("plan.pptx", pptx("We ship"), "[slide 1]\nWe ship"),
    ("plan.odt", open_document("<text:p>We ship</text:p>"), "We ship"),
    ("plan.xlsx", xlsx({"X": (1, 2)}), "[sheet X]\n1\t1"),
    ("plan.rtf", rb"{\rtf1 We ship}", "We ship"),
    ("plan.ipynb", b'{"cells": [{"cell_type": "code", "source": "1"}]}', "[code]\n1"),
    ("plan.eml", b"Subject: We\n\nship", "Subject: We\n\nship"),
    ("plan.html", b"<p>We <b>ship", "We ship"),
    ("plan.pdf", base64.b64decode(ENCRYPTED_PDF), "We ship on Friday"),
]


async def test_a_file_is_read_as_its_writer_sees_it(room: Room) -> None:
    """Whatever its encoding or kind, and however the platform labels it; also a PDF that opens without its password."""
    for start in range(0, len(AS_WRITTEN), 10):
        some = AS_WRITTEN[start : start + 10]
        prompt, _ = await asked_about(room, {name: content for name, content, _ in some})
        for name, _, shown in some:
            content = prompt.partition(f"\n[file {name}")[2].partition("]\n")[2]
            assert content.startswith(f"```\n{shown}\n```"), name


PARTLY = [
    ("long.txt", b"x" * 65_537, "60,000 of 65,537 characters"),
    ("long.csv", b"a;b\n" * 17_000, "59,999 of 67,999 characters; 15,000 of 17,000 lines"),
    ("long.docx", docx(f"<w:p><w:r><w:t>{'x' * 70_000}</w:t></w:r></w:p>"), "60,000 of 70,000 characters"),
    ("guess.txt", "\u0434\u0430".encode("koi8-r"), "its encoding is a guess, koi8-r: some letters may be"),
    (".env", b"TOKEN=xoxb-1", "its values are hidden, as they may be secret"),
]


async def test_what_is_left_out_or_doubtful_is_told_to_both(room: Room) -> None:
    """By what is counted, or as it is."""
    prompt, answer = await asked_about(room, {name: content for name, content, _ in PARTLY})
    for name, _, notice in PARTLY:
        assert f"`{name}`" in answer
        assert notice in answer
        assert notice in prompt


async def test_what_is_left_out_of_a_spreadsheet_is_told_to_both(room: Room) -> None:
    """With a caveat for totals."""
    prompt, answer = await asked_about(room, {"sales.xlsx": xlsx({"X": (700, 52)})})
    assert "[sheet X: 500 of 700 rows, 40 of 52 columns]" in prompt
    assert "totals over it are partial" in prompt
    assert "`sales.xlsx` only in part (sheet 1: 500 of 700 rows, 40 of 52 columns)" in answer


NOT_READ = {
    **dict.fromkeys(("parts.zip", "old.xls", "a.docx", "b.xlsb", "c.pages"), b"PK\3\4\0"),
    "a.pdf": b"%PDF-1.4",
    "core": b"\0\1",
    "mail.msg": OLD_OFFICE,
    "locked.xlsx": OLD_OFFICE,
    "empty.txt": b" ",
}


async def test_what_is_not_read_is_told_to_both(room: Room) -> None:
    """By its name and the reason: other kinds, old ones, broken ones, locked ones, empty ones."""
    prompt, answer = await asked_about(room, NOT_READ)
    for name in NOT_READ:
        assert f"[file {name}: not read, since" in prompt
        assert f"I did not read `{name}`" in answer
