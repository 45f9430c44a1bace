"""PDFs and spreadsheets that people attach reach the model as text, and a broken one as a sentence."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook  # type: ignore[import-untyped]  # it has no annotations

from core.files.attachments import BROKEN
from core.files.documents import Documents
from core.files.readers.program import READERS
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL
from tests.support.room import answered, mention, prompt

OWNER = ("T1", "U1")


def pdf(*pages: str) -> bytes:
    """Return a PDF with a line of text on each page."""
    kids = " ".join(f"{3 + 2 * number} 0 R" for number in range(len(pages)))
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>"]
    font = "<< /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"
    for number, text in enumerate(pages):
        stream = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET"
        page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {4 + 2 * number} 0 R"
        objects += [
            f"{page} /Resources << /Font {font} >> >>",
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        ]
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    return body + f"{head}trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF".encode()


def xlsx() -> bytes:
    """Return a spreadsheet with a sheet of two rows."""
    book = Workbook()
    book.active.title = "Costs"
    book.active.append(["item", "euros"])
    book.active.append(["tuna", 12.5])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize(
    ("name", "content", "shown"),
    [
        ("plan.pdf", pdf("We ship on Friday", "and rest on Monday"), "```\nWe ship on Friday\nand rest on Monday\n```"),
        ("costs.xlsx", xlsx(), "```\n[sheet Costs]\nitem\teuros\ntuna\t12.5\n```"),
        ("broken.pdf", b"%PDF-1.4 no more than that", f"[file broken.pdf: not read, since {BROKEN}]"),
        ("broken.xlsx", b"PK no zip at all", f"[file broken.xlsx: not read, since {BROKEN}]"),
    ],
)
async def test_a_document_reaches_the_model_as_text(sandbox: Sandbox, name: str, content: bytes, shown: str) -> None:
    """In a fence, as data; or the model is told that nothing could be read."""
    file = await sandbox.workspace.upload(name, content, "application/octet-stream")
    thread = await sandbox.workspace.say(GENERAL, mention("what does it say?"), files=[file])
    await answered(sandbox, thread)
    assert prompt(sandbox.model.requests[0])[0].endswith(shown)


async def test_of_a_long_document_the_first_pages_are_read() -> None:
    """And how many of how many is counted."""
    found = await Documents().read_document(pdf(*(f"page {number}" for number in range(50))), "pdf", OWNER)
    assert found
    assert "page 39" in found.text
    assert "page 40" not in found.text
    assert found.left_out == ("40 of 50 pages",)


@given(st.binary(max_size=200), st.sampled_from(sorted(READERS)))
@settings(max_examples=settings().max_examples // 8)  # each is read by a process of its own
async def test_whatever_a_document_holds_it_is_read_or_not(content: bytes, kind: str) -> None:
    """The bot lives on."""
    found = await Documents().read_document(content, kind, OWNER)
    assert found is None or isinstance(found.text, str)
