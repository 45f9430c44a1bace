"""Documents and slides of Office and OpenDocument, and books: their paragraphs, lists and tables as lines of text.

Of Office's XML (ECMA-376) and OpenDocument's (ISO/IEC 26300) only those few elements are known that hold text.
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from core.files.readers.archive import Archive, attribute, children, local_name
from core.files.readers.encodings import decode_text
from core.files.readers.excerpt import Excerpt
from core.files.readers.markup import html_text

BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "line-break": "\n", "noBreakHyphen": "-"}
UNSEEN = {"Fallback", "annotation", "tracked-changes", "instrText", "delText", "forms", "sequence-decls", "pPr", "rPr"}
UNSEEN |= {"moveFrom", "note-citation"}  # where a text was before it was moved, and a note's number
HEADINGS = ("heading", "title", "berschrift", "titre")  # in the ids of Word's styles, which are in its language
NOTES = ("footnotes", "endnotes", "comments")


def read_docx(content: bytes, excerpt: Excerpt) -> None:
    """Read a Word document: its body, and then its notes and comments."""
    archive = Archive(content)
    excerpt.append_piece("\n".join(_lines(archive.xml("word/document.xml"))))
    for part in NOTES:
        if lines := [line for line in _lines(archive.xml(f"word/{part}.xml")) if line.strip()]:
            excerpt.append_piece("\n".join((f"[{part}]", *lines)))


def read_pptx(content: bytes, excerpt: Excerpt) -> None:
    """Read slides in the order in which they are shown, each with its notes."""
    archive, main = Archive(content), "ppt/presentation.xml"
    targets = archive.relationships_of(main)
    slides = [targets[each] for each in _slide_relations(archive.xml(main)) if each in targets]
    read = 0
    for number, slide in enumerate(slides, start=1):
        notes = [name for name in archive.relationships_of(slide).values() if "/notesSlides/" in f"/{name}"]
        spoken = [line for name in notes for line in _lines(archive.xml(name)) if line.strip()]
        lines = [f"[slide {number}]", *(line for line in _lines(archive.xml(slide)) if line.strip())]
        if not excerpt.append_piece("\n".join([*lines, *(["[notes]"] if spoken else []), *spoken])):
            break
        read += 1
    excerpt.leave_out_parts(read, len(slides), "slides")


def read_odt(content: bytes, excerpt: Excerpt) -> None:
    """Read a text or a presentation of OpenDocument."""
    excerpt.append_piece("\n".join(_lines(Archive(content).xml("content.xml"))))


def read_epub(content: bytes, excerpt: Excerpt) -> None:
    """Read a book's chapters by the order of their files."""
    archive = Archive(content)
    chapters, read = sorted(name for name in archive.names if name.endswith((".xhtml", ".html", ".htm"))), 0
    for name in chapters:
        if not excerpt.append_piece(html_text(decode_text(archive.bytes_of(name))[0])):
            break
        read += 1
    excerpt.leave_out_parts(read, len(chapters), "chapters")


def _slide_relations(root: Element) -> list[str]:
    """Return the slides' relationships in order; the `id` without a namespace is the slide's own."""
    attributes = [pair for slide in _below(root, "sldId") for pair in slide.attrib.items()]
    return [value for key, value in attributes if key.endswith("}id")]


def _below(root: Element, name: str) -> Iterator[Element]:
    return (element for element in root.iter() if local_name(element) == name)


def _lines(element: Element) -> Iterator[str]:
    """Yield an element's paragraphs, and its tables row by row with tabs between the cells."""
    for child in element:
        name = local_name(child)
        if name in {"p", "h"}:
            yield _paragraph(child)
            yield from (line for box in _below(child, "txbxContent") for line in _lines(box))
        elif name in {"tr", "table-row"}:
            yield "\t".join(" ".join(_lines(cell)) for cell in children(child, "tc", "table-cell"))
        elif name not in UNSEEN:
            yield from _lines(child)


def _paragraph(paragraph: Element) -> str:
    """Return a paragraph's line, with `#` before a heading and `-` before an item of a list."""
    text = "".join(_words(paragraph))
    styles = [attribute(style, "val").lower() for style in _below(paragraph, "pStyle")]
    if local_name(paragraph) == "h" or any(word in style for style in styles for word in HEADINGS):
        return f"# {text}"
    return f"- {text}" if text and any(True for _ in _below(paragraph, "numPr")) else text


def _words(element: Element) -> Iterator[str]:
    """Yield the text of an element in its order, without text boxes, which are paragraphs of their own."""
    name = local_name(element)
    if name in UNSEEN or name == "txbxContent":
        return
    if name == "note-body":
        yield f" [{' '.join(_lines(element))}]"
        return
    holds_text = name == "t" or "opendocument" in element.tag
    yield BREAKS.get(name, "")
    yield " " * min(100, int(attribute(element, "c") or 1)) if name == "s" else ""
    yield (element.text or "") if holds_text else ""
    for child in element:
        yield from _words(child)
        yield (child.tail or "") if holds_text else ""
