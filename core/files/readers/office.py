"""Documents and slides of Office and OpenDocument, and books: their paragraphs, lists and tables as lines of text.

Of Office's XML (ECMA-376) and OpenDocument's (ISO/IEC 26300) only those few elements are known that hold text.
"""

import posixpath
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from core.files.readers.archive import Archive, attribute, children, local_name
from core.files.readers.encodings import decode_text
from core.files.readers.excerpt import Excerpt
from core.files.readers.pages import html_text

DOCUMENT = "word/document.xml"
BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "line-break": "\n", "noBreakHyphen": "-"}
UNSEEN = {"Fallback", "annotation", "tracked-changes", "instrText", "delText", "forms", "sequence-decls", "pPr", "rPr"}
UNSEEN |= {"moveFrom", "note-citation"}  # where a text was before it was moved, and a note's number
PAGES = (".xhtml", ".html", ".htm")
HEADINGS = ("heading", "title", "berschrift", "titre")  # in the ids of Word's styles, which are in its language
NOTES = ("header", "footer", "footnotes", "endnotes", "comments")
PICTURES = {"blip", "image"}


def read_docx(content: bytes, excerpt: Excerpt) -> None:
    """Read a Word document: its body, and then what stands at the edges of its pages, its notes and comments."""
    archive = Archive(content)
    main = next((name for name in archive.relationships_of("").values() if name.startswith("word/document")), DOCUMENT)
    body = archive.xml(main)
    excerpt.append_piece("\n".join(_lines(body)))
    for part in NOTES:
        roots = [archive.xml(name) for name in sorted(archive.names) if _is_part(name, part)]
        if lines := dict.fromkeys(line for root in roots for line in _lines(root) if line.strip()):
            excerpt.append_piece("\n".join((f"[{part}]", *lines)))
    excerpt.note_pictures(_count_pictures(body))


def _is_part(name: str, part: str) -> bool:
    folder, _, file = name.rpartition("/")
    return folder == "word" and file.removesuffix(".xml").rstrip("0123456789") == part


def read_pptx(content: bytes, excerpt: Excerpt) -> None:
    """Read slides in the order in which they are shown, each with its notes."""
    archive, main = Archive(content), "ppt/presentation.xml"
    targets = archive.relationships_of(main)
    slides = [targets[each] for each in _slide_relations(archive.xml(main)) if each in targets]
    read = pictures = 0
    for number, slide in enumerate(slides, start=1):
        notes = [name for name in archive.relationships_of(slide).values() if "/notesSlides/" in f"/{name}"]
        spoken = [line for name in notes for line in _lines(archive.xml(name)) if line.strip()]
        root = archive.xml(slide)
        lines = [f"[slide {number}]", *(line for line in _lines(root) if line.strip())]
        if not excerpt.append_piece("\n".join([*lines, *(["[notes]"] if spoken else []), *spoken])):
            break
        read, pictures = read + 1, pictures + _count_pictures(root)
    excerpt.leave_out_parts(read, len(slides), "slides")
    excerpt.note_pictures(pictures)


def read_odt(content: bytes, excerpt: Excerpt) -> None:
    """Read a text or a presentation of OpenDocument."""
    root = Archive(content).xml("content.xml")
    excerpt.append_piece("\n".join(_lines(root)))
    excerpt.note_pictures(_count_pictures(root))


def read_epub(content: bytes, excerpt: Excerpt) -> None:
    """Read a book's chapters in their order; where it tells none, in that of their files."""
    archive = Archive(content)
    chapters, read = _spine_of(archive) or sorted(name for name in archive.names if name.endswith(PAGES)), 0
    for name in chapters:
        if not excerpt.append_piece(html_text(decode_text(archive.bytes_of(name))[0])):
            break
        read += 1
    excerpt.leave_out_parts(read, len(chapters), "chapters")


def _spine_of(archive: Archive) -> list[str]:
    """Return a book's chapters in the order in which it is read (EPUB 3.3, Package document)."""
    container = archive.xml("META-INF/container.xml")
    package = next((attribute(file, "full-path") for file in _below(container, "rootfile")), "")
    root, folder = archive.xml(package), posixpath.dirname(package)
    files = {attribute(item, "id"): posixpath.join(folder, attribute(item, "href")) for item in _below(root, "item")}
    chapters = [files.get(attribute(item, "idref"), "") for item in _below(root, "itemref")]
    return [name for name in chapters if name in archive.names]


def _count_pictures(root: Element) -> int:
    return sum(local_name(element) in PICTURES for element in root.iter())


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


def _is_hidden(run: Element) -> bool:
    """Whether a run of Word's letters is marked as hidden (ECMA-376, 17.3.2.41)."""
    marks = [mark for properties in children(run, "rPr") for mark in children(properties, "vanish")]
    return any(attribute(mark, "val") not in {"0", "false", "off"} for mark in marks)


def _words(element: Element) -> Iterator[str]:
    """Yield the text of an element in its order, without text boxes, which are paragraphs of their own."""
    name = local_name(element)
    if name in UNSEEN or name == "txbxContent" or (name == "r" and _is_hidden(element)):
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
