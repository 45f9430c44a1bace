"""Where an error stands in a body, in all the shapes that are in use."""

from collections.abc import Iterator, Mapping
from typing import Any

from core.sanitize import valid_text

WRAPPERS = ("error", "errors", "fault", "detail", "base_resp")  # OpenAI and most; Cloudflare; Apigee; FastAPI; MiniMax
MESSAGES = (
    "message", "detail", "msg", "error", "error_message", "error_msg", "errorMessage", "status_msg", "faultstring",
    "error_description", "reason", "title",
)  # fmt: skip
CODES = ("code", "error_code", "errorCode", "status_code", "statusCode", "http_status", "status")
KINDS = ("type", "error_type", "errorType", "status")
SIZES = ("n_ctx", "n_prompt_tokens")  # llama.cpp
REPEATED = frozenset({"input", "ctx", "body", "url"})  # of what was sent (pydantic's errors)
DEEPEST = 12  # levels of a body whose words are read


def is_fault(body: Any) -> bool:
    """Whether a decoded body, or a chunk of a stream, is an error rather than an answer."""
    if isinstance(body, list):
        return len(body) == 1 and is_fault(body[0])
    if not isinstance(body, Mapping):
        return False
    if body.get("error") or body.get("object") == "error" or body.get("type") == "error":
        return True
    if body.get("choices"):
        return False
    base = body.get("base_resp")
    if isinstance(base, Mapping) and base.get("status_code"):
        return True
    told = ("errors", "detail", "error_message", "error_msg", "errorMessage", "error_type", "error_code", "fault")
    is_message = bool(body.get("message") or body.get("msg")) and ("code" in body or "status" in body)
    return any(body.get(name) for name in told) or is_message or body.get("success") is False


def innermost_fault(body: Any) -> Any:
    """Return the part of a body that tells the error: an object, or its words."""
    for _ in range(3):
        if isinstance(body, list) and len(body) == 1:  # Gemini's compatible address wraps its errors in a list
            body = body[0]
        inner = next((body[name] for name in WRAPPERS if body.get(name)), None) if isinstance(body, Mapping) else None
        if isinstance(inner, list) and inner and isinstance(inner[0], Mapping):
            inner = inner[0]
        if not isinstance(inner, Mapping):
            return body
        body = inner
    return body


def message_of(fault: Mapping[str, Any]) -> str:
    """Return all that a fault says in words, with what a server behind this one said, and details that it lists."""
    said = next((fault[name] for name in MESSAGES if fault.get(name)), "")
    more = fault.get("metadata")
    raw = more.get("raw", "") if isinstance(more, Mapping) else ""  # OpenRouter: what the provider behind it said
    sizes = " ".join(f"{name}: {fault[name]}" for name in SIZES if name in fault)
    details = fault.get("details")  # Google's
    return " ".join(filter(None, (flat_words(said), flat_words(raw), sizes, flat_words(details)))).strip()


def first_word(fault: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """Return the first of these fields that holds a word or a number; nothing where none does."""
    found = (fault.get(name) for name in names)
    return next((valid_text(str(value)) for value in found if value and isinstance(value, str | int)), "")


def parameter_of(fault: Mapping[str, Any]) -> str:
    """Return the parameter that a fault names in a field: OpenAI's `param`, or the end of pydantic's `loc`."""
    place = fault.get("loc")
    last = {"param": place[-1]} if isinstance(place, list) and place else {}
    return first_word({**last, **fault}, ("param",))


def status_of(fault: Mapping[str, Any]) -> int:
    """Return the HTTP status that a fault tells in one of its fields, 0 where it tells none."""
    told = (str(fault.get(name) or "") for name in CODES)
    return next((int(code) for code in told if code.isdecimal() and len(code) == 3 and code[0] in "45"), 0)


def flat_words(value: Any) -> str:
    """Return the words of a nested value, without what it repeats of the request."""
    return " ".join(_words(value, 0))


def _words(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, Mapping):
        inner = [part for name, part in value.items() if name not in REPEATED]
    elif isinstance(value, list):
        inner = value
    else:
        if value is not None:
            yield valid_text(str(value))
        return
    if depth < DEEPEST:
        for part in inner:
            yield from _words(part, depth + 1)
