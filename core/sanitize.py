"""What people, files and machines say, as inert data: nothing in it is invisible, or can pass for what it is not."""

import re
import unicodedata
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import TypeVar, cast

T = TypeVar("T")
NAME_LENGTH = 60

# Characters that show nothing, or turn the direction of what stands beside them (Unicode, Default_Ignorable_Code_Point
# and Bidi_Control). Joiners and variation selectors are dealt with apart: scripts and emoji need them.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e"
    "\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
JOINER = re.compile(
    r"(?<![^\x00-\x7f])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\x7f])|(?<=[\u200c\u200d])[\u200c\u200d]+"
)
SELECTORS = re.compile(r"(?<![#*0-9\x80-\U0010ffff])[\ufe00-\ufe0f]+|(?<=[\ufe00-\ufe0f])[\ufe00-\ufe0f]+")
LINE_ENDS = re.compile(r"\r\n?|[\x85\u2028\u2029]")

# The words by which models' own templates tell who speaks (ChatML, Llama, Mistral, Gemma, DeepSeek, Phi); some servers
# read them in a message as if they had written them themselves.
CONTROL = re.compile(
    r"<(?=[|\uff5c])|<(?=/?(?:s|start_of_turn|end_of_turn|bos|eos|pad|unk|im_start|im_end)>)|<(?=</?SYS>>)"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\])",
    re.IGNORECASE,
)
# A colon, and what passes for one (Unicode, confusables.txt).
COLONS = (
    ":\uff1a\ufe55\ufe13\ufe30\ua789\u2236\u02d0\u02f8\u05c3"
    "\u0589\u0703\u0704\u0903\u0a83\u16ec\u1803\u1809\u205a\ua4fd"
)
SPEAKER = re.compile(rf"^[^\S\n]*+(?:[^\n{COLONS}]{{1,80}}[{COLONS}]|(?<=[^\S\n])[{COLONS}]|\[(?!…\]))", re.MULTILINE)


def valid_text(text: str) -> str:
    """Return a text that can be written anywhere: halves of a surrogate pair joined, and U+FFFD for a lone half.

    What enters from outside as JSON may hold such halves (RFC 8259, 8.2); no encoding but JSON's own can write them.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def valid_value(value: T) -> T:
    """Return a value from outside with every text in it valid: of texts, tuples, lists, mappings and dataclasses."""
    return cast(T, _valid_value(value))


def _valid_value(value: object) -> object:
    match value:
        case str():
            return valid_text(value)
        case tuple() | list():
            return type(value)(map(_valid_value, value))
        case dict():
            return {_valid_value(name): _valid_value(each) for name, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: _valid_value(getattr(value, each.name)) for each in fields(value)})
    return value


def sanitize_text(text: str) -> str:
    """Return a text without invisible and direction-changing characters, and with models' control words made inert."""
    if not text.isascii():
        text = SELECTORS.sub("", JOINER.sub("", LINE_ENDS.sub("\n", text)))
    return CONTROL.sub(lambda mark: f"{mark[0]} ", INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def format_said(name: str, text: str, *attachments: str) -> str:
    """Return what a person said as a model is told it: the name, a colon, and the text, all of it inert.

    What they attached follows; it is made inert by whoever read it.
    """
    return f"{sanitize_name(name)}: {format_unnamed(text, *attachments)}"


def format_unnamed(text: str, *attachments: str) -> str:
    """Return what was said as `format_said` does, without who said it."""
    parts = (indent_speakers(sanitize_text(text)), *attachments)
    return "\n\n".join(part for part in parts if part.strip())


def begins_like_speaker(text: str) -> bool:
    """Whether the first line of a text can pass for somebody who begins to speak, or for one of our own labels."""
    return bool(SPEAKER.match(sanitize_text(text).lstrip()))


def indent_speakers(text: str) -> str:
    """Return a text in which no line but the first can pass for the beginning of what somebody else says.

    Where one looks as if somebody began to speak there, or as one of our own labels, all of them are indented.
    """
    first, line_end, rest = text.partition("\n")
    if SPEAKER.search(rest):
        rest = "\n".join(f"  {line}" if line.strip() else line for line in rest.split("\n"))
    return f"{first}{line_end}{rest}"


@lru_cache(maxsize=1024)  # the same few names stand in every prompt
def sanitize_name(name: str) -> str:
    """Reduce a display name to one short line without control characters, brackets and colons."""
    visible = "".join(letter if unicodedata.category(letter)[0] != "C" else " " for letter in sanitize_text(name))
    return " ".join(re.sub(rf"[{COLONS}\[\]<>`]", " ", visible).split())[:NAME_LENGTH] or "Someone"
