"""Files that people share reach the model as text, and what was not read of them is told to the person as well."""

import pytest

from tests.contract.platform_room import Room, answered
from tests.support.office_files import docx, xlsx

PLAIN = "application/octet-stream"


async def asked_about(room: Room, name: str, content: bytes) -> tuple[str, str]:
    """Share a file and ask about it; return the prompt and the answer."""
    said = await room.share(f"{room.mention('the bot')} what is in it?", name, content, PLAIN)
    answer = (await answered(room, said))[0]
    return str(room.model.requests[0].body["messages"][-1]["content"]), answer


@pytest.mark.parametrize(
    ("name", "content", "shown"),
    [
        ("kunden.csv", "M\u00fcller;12,50 \u20ac".encode("cp1252"), "M\u00fcller;12,50 \u20ac"),
        ("Dockerfile", b"FROM debian", "FROM debian"),
        ("list.csv", "a;b".encode("utf-16"), "a;b"),
        ("plan.docx", docx("<w:p><w:r><w:t>We ship</w:t></w:r></w:p>"), "We ship"),
        (".env", b"TOKEN=xoxb-1", "TOKEN=[hidden]"),
    ],
)
async def test_a_file_is_read_as_its_writer_sees_it(room: Room, name: str, content: bytes, shown: str) -> None:
    """Whatever its encoding or kind, and however the platform labels it."""
    prompt, _ = await asked_about(room, name, content)
    assert f"\n```\n{shown}\n```" in prompt


async def test_what_is_left_out_of_a_spreadsheet_is_told_to_both(room: Room) -> None:
    """With a caveat for totals."""
    prompt, answer = await asked_about(room, "sales.xlsx", xlsx({"X": (700, 52)}))
    assert "[sheet X: 500 of 700 rows, 40 of 52 columns]" in prompt
    assert "totals over it are partial" in prompt
    assert "`sales.xlsx` only in part (sheet 1: 500 of 700 rows, 40 of 52 columns)" in answer


@pytest.mark.parametrize(("name", "content"), [("parts.zip", b"PK"), ("a.pdf", b"%PDF-1.4"), ("core", b"\0\1")])
async def test_what_is_not_read_is_told_to_both(room: Room, name: str, content: bytes) -> None:
    """By its name and the reason."""
    prompt, answer = await asked_about(room, name, content)
    assert f"[file {name}: not read, since" in prompt
    assert f"I did not read `{name}`" in answer
