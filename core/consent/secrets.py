"""What looks like a secret, hidden from those who read what would be done with it."""

from collections.abc import Mapping, Sequence
from typing import Any

import re2  # linear in time, as texts come from outside

HIDDEN = "[hidden]"
NAMED = re2.compile(
    r"(?i)pass(?:word|wd|phrase|code)|secret|token(?:$|[^s])|credential|api[_-]?key|private[_-]?key|access[_-]?key|auth"
    r"orization|\bauth\b|cookie|session[_-]?id|\bpin\b|\botp\b"
)
# Tokens by their issuers' forms, keys in PEM, and what stands behind a scheme of HTTP or before the host of an address
SHAPED = re2.compile(
    r"\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}|\bxox[a-z]-[A-Za-z0-9-]{8,}|\bxapp-[A-Za-z0-9-]{8,}|\bgh[a-z]_[A-Za-z0-9]{20,}"
    r"|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bAKIA[A-Z0-9]{12,}|\bAIza[\w-]{30,}|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?"
    r"|(?i:\b(?:bearer|basic) [A-Za-z0-9+/=._~-]{12,})"
    r"|\b[MNO][A-Za-z0-9]{23,}\.[\w-]{6}\.[\w-]{27,}"
)
IN_ADDRESS = re2.compile(r"(://[^\s/:@]*:)[^\s/@]+@")
IN_TEXT = re2.compile(
    r"(?i)\b((?:[a-z0-9]+[_-])*(?:password|passwd|passphrase|secret|token|api[_-]?key)[\"']?\s*[:=]\s*)[^\s,;&]+"
)


def hide_secrets(value: Any) -> Any:
    """Return arguments, decoded from JSON, with every value hidden that looks like a secret or is named like one."""
    match value:
        case str():
            return _hide_in_text(value)
        case Mapping():
            return {str(name): _hide_named(str(name), each) for name, each in value.items()}
        case Sequence():
            return [hide_secrets(each) for each in value]
    return value


def _hide_named(name: str, value: Any) -> Any:
    """Return the value of a name; whatever it is, it is hidden where the name says that it is a secret."""
    is_secret = value not in ("", None) and not isinstance(value, bool) and NAMED.search(name)
    return HIDDEN if is_secret else hide_secrets(value)


def _hide_in_text(text: str) -> str:
    shown = IN_ADDRESS.sub(rf"\1{HIDDEN}@", SHAPED.sub(HIDDEN, text))
    return str(IN_TEXT.sub(rf"\1{HIDDEN}", shown))
