"""What the stand-in endpoint can be told to answer: an answer in pieces, or a refusal."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from deploy.sandbox.openai.wanted import Wanted

Ending = Literal["done", "no_done", "cut", "stall", "malformed", "error_chunk"]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with status 200.

    `pieces` are sent as exactly these deltas; without them `text` is cut into words. Times are in seconds; None
    takes what the `Model` says. `ending` happens after the last piece, in place of the proper end. With `hold`,
    the rest waits after `hold_after` pieces until the event is set. `others` are the choices after the first. `calls`
    are of tools, behind the text; with them the answer ends for that reason. `cached` is how many tokens of the
    prompt it says came from a cache, `cost` the dollars that it says it took, as OpenRouter does, and `tier` its tier.
    """

    text: str = ""
    pieces: tuple[str, ...] = ()
    reasoning: str = ""
    finish: str = "stop"
    ending: Ending = "done"
    delay_first: float | None = None
    tokens_per_second: float | None = None
    hold: asyncio.Event | None = None
    hold_after: int = 1
    others: tuple[str, ...] = ()
    streamed: bool = True
    calls: tuple[Wanted, ...] = ()
    cached: int = 0
    cost: float | None = None
    tier: str = ""

    @property
    def reason(self) -> str:
        """Why it ends, as the endpoint tells it."""
        return "tool_calls" if self.calls and self.finish == "stop" else self.finish

    def deltas(self) -> tuple[str, ...]:
        """Return the texts to send one by one; joined they are the answer."""
        return self.pieces or tuple(words(self.text))

    def whole(self) -> str:
        """Return the answer as one text."""
        return "".join(self.pieces) or self.text


@dataclass(frozen=True, slots=True)
class Fault:
    """A refusal: `body` goes out as JSON, or as it is where it is a string. Status 0 is silence without an end."""

    status: int
    body: Mapping[str, Any] | str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"
    delay: float = 0.0


def words(text: str) -> list[str]:
    """Return `text` in pieces of about a token each; joined they are `text` again."""
    return re.findall(r"\s*\S{1,8}|\s+", text)


def error(
    message: str, kind: str = "invalid_request_error", code: str | None = None, param: str | None = None
) -> dict[str, Any]:
    """Return a body in the shape of OpenAI's errors."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def refusal(status: int, message: str, kind: str = "invalid_request_error", code: str | None = None) -> Fault:
    """Return a refusal with a body in the shape of OpenAI's errors."""
    return Fault(status, error(message, kind, code))


def rate_limited(retry_after: str | None = None, header: str = "Retry-After") -> Fault:
    """Return a 429 about speed; `retry_after` is the header's value: seconds, an HTTP date, or milliseconds."""
    headers = {} if retry_after is None else {header: retry_after}
    message = "Rate limit reached for requests per min (RPM): Limit 3, Used 3, Requested 1."
    return Fault(429, error(message, "requests", "rate_limit_exceeded"), headers)


# Asked for by name, from a test or by a person who writes `fail <name>` on the page.
FAULTS: Mapping[str, Reply | Fault] = {
    "401": refusal(401, "Incorrect API key provided: sk-stand**in.", code="invalid_api_key"),
    "429": rate_limited(),
    "429 retry": rate_limited("1"),
    "quota": refusal(
        429,
        "You exceeded your current quota, please check your plan and billing details.",
        "insufficient_quota",
        "insufficient_quota",
    ),
    "500": refusal(500, "The server had an error while processing your request. Sorry about that!", "server_error"),
    "503": refusal(503, "The engine is currently overloaded, please try again later.", "service_unavailable"),
    "slow": Reply("This answer took its time to begin.", delay_first=5.0, tokens_per_second=5.0),
    "silent": Fault(0),
    "stall": Reply("This answer stops in the middle of", ending="stall"),
    "cut": Reply("This answer is cut off in the middle of", ending="cut"),
    "malformed": Reply("After this comes a chunk that nobody can read.", ending="malformed"),
    "error chunk": Reply("After this comes an error inside the stream.", ending="error_chunk"),
    "html": Fault(200, "<!DOCTYPE html><html><body>Sign in to continue</body></html>", media_type="text/html"),
    "empty": Reply(),
    "length": Reply("This answer reached its limit of tokens right", finish="length"),
    "filter": Reply(finish="content_filter"),
    "overflow": refusal(
        400,
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens. "
        "Please reduce the length of the messages.",
        code="context_length_exceeded",
    ),
    "path": refusal(404, "Invalid URL (POST /chat/completions)"),
    "model": refusal(404, "The model `gone-4` does not exist or you do not have access to it.", code="model_not_found"),
    "completions": refusal(
        404,
        "This is not a chat model and thus not supported in the v1/chat/completions endpoint. "
        "Did you mean to use v1/completions?",
    ),
    "parameter": refusal(400, "Missing required parameter: 'tier'.", code="missing_required_parameter"),
}
