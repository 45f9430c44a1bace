"""What an endpoint says when it does not answer, read into the error that it means.

Every endpoint has its own words. The phrases below are those of OpenAI, Azure, OpenRouter, vLLM, Ollama, LM Studio,
llama.cpp, Mistral, Groq and Gemini's OpenAI-compatible address, as their servers send them.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

import re2

from core.errors import (
    AnswerLimitTooLarge,
    ContentFiltered,
    ContextOverflow,
    EndpointFailing,
    MissingParameter,
    ModelError,
    NoQuota,
    NotAChatModel,
    RateLimited,
    RefusedRequest,
    UnknownModel,
    WrongKey,
    WrongPath,
)
from core.llm.body import decode_json
from core.llm.overflow import ANSWER_LIMIT, OVERFLOW, overflow_figures
from core.sanitize import valid_text

DETAIL_LENGTH = 300  # characters of an endpoint's own words that are worth a line in the log
PRIVATE_RUN = 16  # as many characters in a row are a quotation
FRAME = re2.compile(r"\s*(?:event:[^\n]*\n)?(?:data|error):([^\n]*)")  # llama.cpp: an event for a body


@dataclass(frozen=True, slots=True)
class Complaint:
    """An endpoint's refusal, as far as it can be read; what it did not say is empty."""

    status: int
    message: str
    code: str = ""
    kind: str = ""
    param: str = ""

    @property
    def words(self) -> str:
        """All that was said, in lower case, to be searched."""
        return f"{self.code} {self.kind} {self.param} {self.message}".lower()

    def detail(self, private: str, key: str) -> str:
        """Return a line for the log in which nothing of `private`, as a rule the prompt, nor the key is left."""
        said = re.sub(r"\b(?:sk|key|gsk|xai)-[\w*.-]{3,}[\w*]", "(key)", self.message)
        said = said.replace(key, "(key)") if key else said
        labels = " ".join(filter(None, (str(self.status), self.code, self.param)))
        return f"{labels}: {without(said, private)[:DETAIL_LENGTH]}"


class Refused(Exception):
    """An endpoint answered with a complaint; `retry_after` is in seconds, None where it does not say."""

    def __init__(self, complaint: Complaint, retry_after: float | None = None) -> None:
        super().__init__(complaint.status)
        self.complaint = complaint
        self.retry_after = retry_after


def read_complaint(status: int, text: str) -> Complaint:
    """Return what the body of a refusal says: JSON in any of the shapes in use, a web page, or plain text."""
    if re.match(r"\s*<(?:!doctype|html|\?xml|head|body)", text, re.IGNORECASE):
        return Complaint(status, "(a web page)")
    try:
        body = decode_json(framed[1] if (framed := FRAME.match(text)) else text)
    except ValueError:
        return Complaint(status, valid_text(text.strip()))
    return complaint_of(status, body)


def complaint_of(status: int, body: Any) -> Complaint:
    """Return what a decoded body says: `{"error": {…} | "…"}`, `{"object": "error", …}`, `{"detail": …}`."""
    if isinstance(body, list) and len(body) == 1:  # Gemini's compatible address wraps its errors in a list
        body = body[0]
    fault = body.get("error") or body if isinstance(body, dict) else body
    if not isinstance(fault, dict):
        return Complaint(status, _flat(fault))
    code, param = _word(fault.get("code")), _word(fault.get("param"))
    code = "" if code == str(status) else code
    message = fault.get("message") or fault.get("detail") or fault.get("msg") or ""
    more = fault.get("metadata") or {}
    sizes = " ".join(f"{name}: {fault[name]}" for name in ("n_ctx", "n_prompt_tokens") if name in fault)  # llama.cpp
    raw = more.get("raw", "") if isinstance(more, dict) else ""  # OpenRouter: what the provider behind it said
    return Complaint(status, f"{_flat(message)} {_flat(raw)} {sizes}".strip(), code, _word(fault.get("type")), param)


def complaint_in_stream(chunk: dict[str, Any]) -> Complaint:
    """Return what an error in a chunk's place says. Its code is a status as a rule (OpenRouter, vLLM).

    Where it is not, the words tell whether the request is at fault, which is 400, or the endpoint, which is 502.
    """
    complaint = complaint_of(0, chunk)
    if complaint.code.isdecimal() and 400 <= int(complaint.code) < 600:
        return replace(complaint, status=int(complaint.code), code="")
    if re.search(r"rate.?limit|quota", complaint.words):
        return replace(complaint, status=429)
    refused = replace(complaint, status=400)
    is_refused = "invalid_request" in complaint.words or error_type(refused) is not RefusedRequest
    return refused if is_refused else replace(complaint, status=502)


def _word(value: Any) -> str:
    return valid_text(str(value)) if isinstance(value, str | int) else ""


def _flat(value: Any) -> str:
    """Return the words of a nested body, without what it repeats of the request (`input`, `ctx`, `body`)."""
    if isinstance(value, dict):
        return " ".join(_flat(part) for name, part in value.items() if name not in {"input", "ctx", "body", "url"})
    if isinstance(value, list):
        return " ".join(_flat(part) for part in value)
    return "" if value is None else valid_text(str(value))


def without(text: str, private: str) -> str:
    """Return `text` with what it quotes of `private` taken out: whole lines of it, and runs of 16 characters."""
    lines = {line.strip() for line in private.splitlines()}
    for line in sorted(lines, key=len, reverse=True):
        text = text.replace(line, "(text)") if len(line) > 3 else text
    shown, place = [], 0
    while place < len(text):
        end = place + PRIVATE_RUN
        if end > len(text) or text[place:end] not in private:
            shown.append(text[place])
            place += 1
            continue
        while end < len(text) and text[place : end + 1] in private:
            end += 1
        shown.append("(text)")
        place = end
    return "".join(shown)


NOT_CHAT = re.compile(
    r"not a chat model|does not support chat|use v1/completions|only supported in v1/responses"
    r"|must provide a chat template|chat template is no longer allowed"
)
TOO_LARGE_AT_ONCE = re.compile(r"request too large for")  # OpenAI and Groq: more tokens than fit into one minute
FILTERED = re.compile(
    r"content_filter|content_policy|responsibleai|content management policy|\bflagged\b|moderation|safety system"
    r"|usage polic"
)
QUOTA = re.compile(
    r"insufficient_quota|exceeded your current quota|insufficient (?:credit|balance|funds|quota)|credit balance"
    r"|(?:out of|no|more) credits?\b|billing_hard_limit|hard limit|spend(?:ing)? limit|payment required|in arrears"
)
KEY = re.compile(
    r"invalid_api_key|(?:api[ _-]?key|access token|credentials?)\b.{0,60}\b(?:invalid|not valid|incorrect|expired"
    r"|missing|required|revoked|disabled)"
    r"|\b(?:invalid|incorrect|missing|no|expired) (?:api[ _-]?key|access token|credentials?)"
)
MODEL = re.compile(
    r"model_not_found|invalid_model|model_decommissioned|deploymentnotfound|no endpoints found|access to (?:the )?model"
    r"|(?:unknown|invalid|no such|supported) model\b|not a valid model|no models? (?:is |are )?(?:loaded|found)"
    r"|(?:model|deployment)s?\b.{0,100}?(?:not found|not exist|n't exist|not available|not loaded|is unknown"
    r"|decommissioned|no longer available|deprecated|shut down|been removed|failed to load)"
)
MISSING = re.compile(r"missing_required|missing required|you must provide|field required|is required|required paramet")
NO_PATH = re.compile(r"invalid url|to an https server|to https port|unknown request url|no route|cannot post")
REGION = re.compile(r"country|region|territory")

# In this order: what is more particular stands before what is more general.
PHRASES: tuple[tuple[type[ModelError], frozenset[int], re.Pattern[str]], ...] = (
    (WrongPath, frozenset({400, 404, 405}), NO_PATH),
    (NotAChatModel, frozenset({400, 404, 422, 500}), NOT_CHAT),
    (ContextOverflow, frozenset({400, 403, 404, 413, 422, 500}), OVERFLOW),
    (ContextOverflow, frozenset({413, 429}), TOO_LARGE_AT_ONCE),
    (AnswerLimitTooLarge, frozenset({400, 422}), ANSWER_LIMIT),
    (ContentFiltered, frozenset({400, 403, 422, 451}), FILTERED),
    (NoQuota, frozenset({400, 402, 403, 429}), QUOTA),
    (WrongKey, frozenset({400, 403}), KEY),
    (UnknownModel, frozenset({400, 403, 404, 410, 422}), MODEL),
    (UnknownModel, frozenset({404}), re.compile(r"\bmodel\b|\bdeployment\b")),
    (RefusedRequest, frozenset({403}), REGION),
    (MissingParameter, frozenset({400, 422}), MISSING),
)
STATUSES: dict[int, type[ModelError]] = {
    401: WrongKey,
    402: NoQuota,
    403: WrongKey,
    404: WrongPath,
    405: WrongPath,
    408: EndpointFailing,
    413: ContextOverflow,
    429: RateLimited,
}


def error_of(complaint: Complaint, detail: str) -> ModelError:
    """Return the error that a refusal means, with the line for the log."""
    error = error_type(complaint)
    return ContextOverflow(detail, *overflow_figures(complaint.message)) if error is ContextOverflow else error(detail)


def error_type(complaint: Complaint) -> type[ModelError]:
    """Return the error that a refusal means, by its words first and by its status where they say nothing."""
    said = complaint.words
    for error, statuses, phrase in PHRASES:
        if complaint.status in statuses and phrase.search(said):
            return error
    if complaint.status >= 500:
        return EndpointFailing
    if 300 <= complaint.status < 400:
        return WrongPath
    return STATUSES.get(complaint.status, RefusedRequest)
