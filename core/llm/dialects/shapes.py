"""Where an error stands in a body, in all the shapes that are in use."""

from collections.abc import Iterator, Mapping
from typing import Any

from core.sanitize import valid_text

# Names of fields, in lower case: some write them in another (AWS, Alibaba: `Code`, `Message`).
WRAPPERS = ("error", "errors", "fault", "detail", "base_resp", "response")
# OpenAI and most; Cloudflare; Apigee; FastAPI; MiniMax; OpenAI's responses
MESSAGES = (
    "message", "detail", "msg", "error", "error_message", "error_msg", "errormessage", "status_msg", "faultstring",
    "error_description", "reason", "title", "err", "exception",
)  # fmt: skip
CODES = ("code", "error_code", "errorcode", "status_code", "statuscode", "http_status", "status")
KINDS = ("type", "error_type", "errortype", "status", "__type")
# What tells an error wherever it stands, and what does where a code stands beside it that is no success.
FAULTS = (
    "errors", "detail", "error_message", "error_msg", "errormessage", "error_type", "error_code", "errorcode", "fault",
    "err", "exception",
)  # fmt: skip
WELL = frozenset({"", "0", "200", "ok", "success", "succeeded", "in_progress", "running", "none", "null"})
SIZES = ("n_ctx", "n_prompt_tokens")  # llama.cpp
REPEATED = frozenset({"input", "ctx", "body", "url"})  # of what was sent (pydantic's errors)
DEEPEST = 12  # levels of a body whose words are read


def is_fault(body: Any) -> bool:
    """Whether a decoded body, or a chunk of a stream, is an error rather than an answer."""
    if isinstance(body, list):
        return len(body) == 1 and is_fault(body[0])
    if not isinstance(body, Mapping):
        return False
    fields = lower_names(body)
    if _says(fields.get("error")) or "error" in (fields.get("object"), fields.get("type")):
        return True
    if fields.get("choices"):
        return False
    inner = fields.get("base_resp"), fields.get("response")
    if any(_is_failure(lower_names(each)) or _says(each.get("error")) for each in inner if isinstance(each, Mapping)):
        return True
    return any(_says(fields.get(name)) for name in FAULTS) or _is_failure(fields) or fields.get("success") is False


def lower_names(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body with the names of its fields in lower case."""
    return {str(name).lower(): value for name, value in body.items()}


def _says(value: Any) -> bool:
    """Whether a field tells an error: a word, or an object with one in it, which is no success."""
    if isinstance(value, Mapping):
        return any(_says(part) for part in value.values())
    return bool(value) and str(value).lower() not in WELL


def _is_failure(fields: Mapping[str, Any]) -> bool:
    """Whether there is a code, and a message or HTTP's own error beside it, and the code is no success."""
    codes = [str(fields[name] or "").lower() for name in (*CODES, "__type") if isinstance(fields.get(name), str | int)]
    is_told = any(fields.get(name) for name in ("message", "msg", "status_msg", "title")) or status_of(fields)
    return bool(is_told) and any(code not in WELL for code in codes) and not WELL.intersection(codes) - {"", "none"}


def innermost_fault(body: Any) -> Any:
    """Return the part of a body that tells the error: an object, with its names in lower case, or its words."""
    for _ in range(4):
        if isinstance(body, list) and len(body) == 1:  # Gemini's compatible address wraps its errors in a list
            body = body[0]
        if not isinstance(body, Mapping):
            return body
        body = lower_names(body)
        inner = next((body[name] for name in WRAPPERS if body.get(name)), None)
        if isinstance(inner, list) and inner and isinstance(inner[0], Mapping):
            inner = inner[0]
        if not isinstance(inner, Mapping):
            return body
        body = inner
    return lower_names(body) if isinstance(body, Mapping) else body


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
