"""Takes the life out of links that send people elsewhere than their label says, on every platform that shows links.

An invisible word joiner parts what would make a link. What is harmless does not depend on how a platform tells code
from text.
"""

import re
from collections.abc import Iterator

from bots.markdown.blocks import pieces_of_code
from bots.markdown.link_spoofing import is_disguise

JOINER = "\u2060"
LOOK_BACK = 1_000  # code points before a link in which an open bracket is looked for

LINK = re.compile(
    r"(?:(?P<open>!?\[)(?P<label>[^\[\]]*))?\]\("
    r"(?=\s*<?(?P<target>(?:[^\s()<>]|\([^\s()<>]*\))*)(?P<end>>?\))?)"
)
CODE_LABEL = re.compile(r"(`+)[^`]+\1$")
REMOTE = re.compile(r"(?:[a-z][a-z0-9+.-]*:|//|www\.)", re.IGNORECASE)
REMOTE_DEFINITION = re.compile(r"\](?=:\s*<?(?:[a-z][a-z0-9+.-]*://|//|mailto:|www\.))", re.IGNORECASE)
DEFINITION = re.compile(r"^([ \t>*+\-\d.)]*\[(?:[^\[\]\\]|\\.)+)\](?=:)", re.MULTILINE)


def escape_links(markdown: str) -> str:
    """Return the text with disguised links made harmless: at most one code point more for each `]`.

    A link is a disguise if its label looks like an address other than its target. It is shown as `label (target)`,
    in code and where in doubt as it was written, but dead. Links by reference are always shown as written.
    """
    pieces = (_defuse_links(piece, in_code=in_code) for in_code, piece in pieces_of_code(markdown))
    return REMOTE_DEFINITION.sub(f"]{JOINER}", "".join(pieces))


def follows_bracket(link: re.Match[str]) -> bool:
    """Whether a label, once freed, could become the target of what stands before it, as in `[a][(b](c)`."""
    return link.string.endswith("]", 0, link.start())


def _defuse_links(text: str, *, in_code: bool) -> str:
    safe = "".join(_defused_pieces(text, in_code=in_code))
    return safe if in_code else DEFINITION.sub(rf"\1]{JOINER}", safe)


def _defused_pieces(text: str, *, in_code: bool) -> Iterator[str]:
    """Yield the text in pieces, with every link that is or might be a disguise made harmless.

    What CommonMark takes for a link's label depends on code spans and brackets far before it. Only a link whose
    label is beyond doubt stays one.
    """
    shown = closed = 0  # what was yielded up to, and from where on no bracket of an earlier link can be open
    for link in LINK.finditer(text):
        yield text[shown : link.start()]
        shown = link.end()
        if in_code and not REMOTE.match(link["target"]):
            yield link[0]  # an index and a call, as in `handlers[event.type](event)`
        elif not _is_plain_label(link, text, closed):
            yield _break_link(link)
        elif not is_disguise(link["label"], link["target"]):
            closed = link.end("end") if link["end"] and link["open"] == "[" else closed
            yield link[0]
        else:
            keep = in_code or follows_bracket(link) or "`" in _line_before(text, link.end())
            yield _break_link(link) if keep else f"{link['label']} ("
    yield text[shown:]


def _break_link(link: re.Match[str]) -> str:
    return f"{link[0][:-1]}{JOINER}("


def _is_plain_label(link: re.Match[str], text: str, closed: int) -> bool:
    """Whether the label must be what it seems: the bracket before it is no text, and no code reaches into it."""
    if not link["open"] or text.endswith("\\", 0, link.start()) or set("<>") & set(link["label"]):
        return False
    if "`" not in link["label"]:
        return True
    before = _paragraph_before(text, link.start(), closed)
    return bool(CODE_LABEL.match(link["label"])) and not ("[" in before and "`" in before)


def _paragraph_before(text: str, end: int, closed: int) -> str:
    begin = max(closed, end - LOOK_BACK)
    return text[max(begin, text.rfind("\n\n", begin, end)) : end]


def _line_before(text: str, end: int) -> str:
    return text[max(0, end - LOOK_BACK, text.rfind("\n", max(0, end - LOOK_BACK), end)) : end]
