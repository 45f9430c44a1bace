"""Whether a link's label pretends to be another address than the one that it leads to."""

import re
import unicodedata
from collections.abc import Iterator
from html import unescape

LONGEST_LABEL = 500  # code points; nobody writes a longer one, and looking through it must not take long
UNICODE_DOTS = str.maketrans(dict.fromkeys("\u3002\uff0e\uff61\u2024\ua4f8\u06d4\u0701", "."))
FORMATTING = str.maketrans("", "", "*_~`\\")
WORD = re.compile(r"[^\s|,;\"'()\[\]{}<>\u2026]+")
SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]{0,63}:)?//|mailto:|tel:")
HOST_IN_WORD = re.compile(r"(?:[^\s@:]{1,64}+@)?(?P<host>[\w.-]+)")
HOST_NAME = re.compile(r"(?:[\w-]+\.)+(?P<ending>[^\W\d_]{2,}|xn--[\w-]+)$")
FILE_ENDING = re.compile(
    r"(?:[jt]sx?|mjs|json|ya?ml|toml|ini|cfg|conf|env|html?|css|csv|xml|txt|pdf|png|jpe?g|gif|svg|log|lock|[ch]pp|java|sql)$"
)  # those that are no top-level domains; .py, .md, .rs, .sh and .zip are
IP_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}$|localhost$")


def is_disguise(label: str, target: str) -> bool:
    """Whether a part of the label looks like an address, and is not where the target leads.

    `bank.com` may stand for `https://www.bank.com/login`, but not for `https://bank.com@evil.com`.
    """
    if len(label) > LONGEST_LABEL:
        return True
    shown, real = _visible_text(label), _visible_text(target)
    if shown.strip() == real:
        return False
    return any(not _leads_to(address, real) for address in _addresses_in(shown))


def _visible_text(text: str) -> str:
    """Return what the eye sees: no formatting, no invisible characters, one kind of dot, small letters."""
    dotted = unicodedata.normalize("NFKC", unescape(text).translate(UNICODE_DOTS)).translate(UNICODE_DOTS)
    visible = "".join(char for char in dotted if unicodedata.category(char) not in {"Cf", "Mn", "Cc"} or char.isspace())
    return visible.translate(FORMATTING).casefold()


def _addresses_in(label: str) -> Iterator[str]:
    """Yield what looks like an address in a label."""
    for word in (match[0].rstrip(".:!?") for match in WORD.finditer(label)):
        scheme = SCHEME.search(word)
        if scheme:
            yield word[scheme.start() :]
            continue
        for piece in HOST_IN_WORD.finditer(word.lstrip("/").partition("/")[0]):
            if _is_host(piece["host"].strip(".-")):
                yield word.lstrip("/")[piece.start() :]


def _is_host(text: str) -> bool:
    name = HOST_NAME.match(text)
    return (name is not None and not FILE_ENDING.match(name["ending"])) or IP_ADDRESS.match(text) is not None


def _leads_to(address: str, target: str) -> bool:
    """Whether the address is the target, or the beginning of it up to a whole part of its path."""
    shown, real = _bare_address(address), _bare_address(target)
    if shown == real:
        return True
    has_user = "@" in re.split(r"[/?#]", real, maxsplit=1)[0]
    return not has_user and real.startswith((f"{shown}/", f"{shown}?", f"{shown}#", f"{shown}:"))


def _bare_address(address: str) -> str:
    scheme = SCHEME.match(address)
    return address[scheme.end() if scheme else 0 :].removeprefix("www.").rstrip("/")
