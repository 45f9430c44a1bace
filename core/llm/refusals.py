"""What an endpoint says when it does not answer, read into the error that it means."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import re2

from core.errors import ContextOverflow, ModelError
from core.llm.body import decode_json
from core.llm.dialects.phrases import UNTOLD, error_meant
from core.llm.dialects.shapes import (
    CODES,
    KINDS,
    first_word,
    flat_words,
    innermost_fault,
    lower_names,
    message_of,
    parameter_of,
    status_of,
)
from core.llm.dialects.waits import wait_told
from core.llm.echoes import redact_echoes
from core.llm.errors import DailyLimit
from core.llm.overflow import overflow_figures
from core.llm.quotations import redact_quotations
from core.sanitize import valid_text

DETAIL_LENGTH = 300  # characters of an endpoint's own words that are worth a line in the log
HEAD, TAIL = 3_000, 1_000  # characters of a message that are read, from its beginning and its end
PAGE = re2.compile(r"(?i)^\s*<(?:!doctype|html|\?xml|head|body)")
FRAME = re2.compile(r"\s*(?:event:[^\n]*\n)?(?:data|error):([^\n]*)")  # llama.cpp: an event for a body
KEYS = re2.compile(r"\b(?:sk|key|gsk|xai)-[\w*.-]{3,}[\w*]")


@dataclass(frozen=True, slots=True)
class Complaint:
    """An endpoint's refusal, as far as it can be read; what it did not say is empty.

    `status` is 0 where an error in a stream tells none; `wait` is in seconds, as its body asks for.
    """

    status: int
    message: str
    code: str = ""
    kind: str = ""
    param: str = ""
    wait: float | None = None

    @property
    def words(self) -> str:
        """All that was said, in lower case, to be searched."""
        wait = "" if self.wait is None else f"retry in {self.wait:g}s"
        return f"{self.code} {self.kind} {self.param} {self.message} {wait}".lower()

    def own(self, private: str) -> "Complaint":
        """Return the complaint in the endpoint's own words: without what it quotes of `private`, the prompt."""
        return replace(self, message=redact_quotations(self.message, private))

    def detail(self, private: str, key: str) -> str:
        """Return a line for the log in which nothing of `private`, as a rule the prompt, nor the key is left."""
        said = KEYS.sub("(key)", self.message)
        said = said.replace(key, "(key)") if key else said
        code, param = redact_echoes(self.code, private), redact_echoes(self.param, private)
        labels = " ".join(filter(None, (str(self.status or ""), code, param)))
        return f"{labels}: {redact_echoes(said, private)[:DETAIL_LENGTH]}"


class Refused(Exception):
    """An endpoint answered with a complaint; `retry_after` is in seconds, None where it does not say."""

    def __init__(self, complaint: Complaint, retry_after: float | None = None) -> None:
        super().__init__(complaint.status)
        self.complaint = complaint
        self.retry_after = complaint.wait if retry_after is None else retry_after


def read_complaint(status: int, text: str) -> Complaint:
    """Return what the body of a refusal says: JSON in any of the shapes in use, a web page, or plain text."""
    if PAGE.search(text[:1_000]):
        return Complaint(status, "(a web page)")
    try:
        body = decode_json(framed[1] if (framed := FRAME.match(text)) else text)
    except ValueError:
        said = _shorten_message(valid_text(text.strip()))
        return Complaint(status, said, wait=wait_told(None, said))
    return complaint_of(status, body)


def complaint_of(status: int, body: Any) -> Complaint:
    """Return what a decoded body says; where `status` is 0 or a success, the body may tell one."""
    fault = innermost_fault(body)
    if not isinstance(fault, Mapping):
        said = _shorten_message(flat_words(fault))
        return Complaint(status, said, wait=wait_told(None, said))
    told = status_of(fault) or (status_of(lower_names(body)) if isinstance(body, Mapping) else 0)
    status = status if status >= 300 else told
    said, code = _shorten_message(message_of(fault)), first_word(fault, CODES)
    code = "" if code == str(status) else code
    return Complaint(status, said, code, first_word(fault, KINDS), parameter_of(fault), wait_told(body, said))


def complaint_in_stream(chunk: Any) -> Complaint:
    """Return what an error in a chunk's place says. Its code is a status as a rule (OpenRouter, vLLM)."""
    return complaint_of(UNTOLD, chunk)


def error_of(complaint: Complaint, detail: str) -> ModelError:
    """Return the error that a refusal means, with the line for the log."""
    error = error_type(complaint)
    if error is ContextOverflow:
        return ContextOverflow(detail, *overflow_figures(complaint.message))
    return DailyLimit(detail, complaint.wait) if error is DailyLimit else error(detail)


def error_type(complaint: Complaint) -> type[ModelError]:
    """Return the error that a refusal means."""
    return error_meant(complaint.status, complaint.words)


def _shorten_message(message: str) -> str:
    return message if len(message) <= HEAD + TAIL else f"{message[:HEAD]} … {message[-TAIL:]}"
