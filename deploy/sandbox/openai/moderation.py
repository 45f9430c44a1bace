"""A stand-in for `/v1/moderations`: it flags a documented phrase, and keeps to OpenAI's rules for requests.

Facts: OpenAI API reference, Create moderation; one image a request (`too_many_images`); 32,768 tokens of text.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from deploy.sandbox.openai.replies import Fault, error, refusal
from deploy.sandbox.openai.stream import present

TRIGGER = "flag me"
THREAT = "kill you"
MODELS = frozenset({"omni-moderation-latest", "omni-moderation-2024-09-26", "text-moderation-latest", "stand-in"})
CATEGORIES = (
    *("harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm"),
    *("self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors", "violence", "violence/graphic"),
)
MOST_CHARACTERS = 4 * 32_768  # by the stand-in's own count of tokens
HIGH, LOW = 0.97, 0.0001

Json = dict[str, Any]


@dataclass(slots=True)
class Checked:
    """One request as it was received, with what it held, and what became of it; times by the monotonic clock."""

    texts: tuple[str, ...]
    body: Json
    at: float = field(default_factory=time.monotonic)
    done_at: float | None = None
    status: int = 0
    categories: tuple[str, ...] = ()


def flagged(text: str) -> Mapping[str, float]:
    """Return the scores of a text: `flag me` is harassment, and followed by a category's name that one.

    `kill you` is violence, so that a client can tell this endpoint from one that flags nothing.
    """
    scores = dict.fromkeys(CATEGORIES, LOW)
    said = " ".join(text.lower().split())
    _, found, behind = said.partition(TRIGGER)
    if found:
        named = [name for name in CATEGORIES if behind.strip().startswith(name)]
        scores[max(named, key=len, default="harassment")] = HIGH
    if THREAT in said:
        scores["violence"] = HIGH
    return scores


@dataclass(slots=True)
class Moderation:
    """The endpoint's state. `delay` is in seconds; `script` is what the next requests are refused with, `fault` all.

    With `hold`, a request is answered once that is set. `shape` makes of the results what another server would send.
    """

    delay: float = 0.0
    hold: asyncio.Event | None = None
    fault: Fault | None = None
    script: deque[Fault] = field(default_factory=deque)
    scores: Callable[[str], Mapping[str, float]] = flagged
    shape: Callable[[list[Json]], list[Json]] = list
    checked: list[Checked] = field(default_factory=list)
    on_change: Callable[[], None] = lambda: None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        try:
            body = await request.json()
        except ValueError:
            body = None
        asked = Checked(tuple(_texts(body)), body if isinstance(body, dict) else {})
        self.checked.append(asked)
        self.on_change()
        try:
            response = await self._answer(request, asked, body)
        except ConnectionError:
            response = web.Response(status=499)
        finally:
            asked.done_at = time.monotonic()
            self.on_change()
        asked.status = response.status
        return response

    async def _answer(self, request: web.Request, asked: Checked, body: object) -> web.StreamResponse:
        fault = refused(body) or (self.script.popleft() if self.script else self.fault)
        if fault:
            await present(request, asyncio.Event().wait() if fault.status == 0 else asyncio.sleep(fault.delay))
            text = fault.body if isinstance(fault.body, str) else json.dumps(fault.body)
            return web.Response(status=fault.status, text=text, headers=fault.headers, content_type=fault.media_type)
        if self.delay:
            await present(request, asyncio.sleep(self.delay))
        if self.hold:
            await present(request, self.hold.wait())
        results = [_result(self.scores(text)) for text in asked.texts]
        asked.categories = tuple(
            sorted({name for each in results for name, flag in each["categories"].items() if flag})
        )
        model = asked.body.get("model") or "omni-moderation-latest"
        return web.json_response({"id": "modr-standin", "model": model, "results": self.shape(results)})


def _texts(body: object) -> list[str]:
    given = body.get("input") if isinstance(body, dict) else None
    if isinstance(given, str):
        return [given]
    if not isinstance(given, list):
        return []
    if all(isinstance(each, str) for each in given):
        return list(given)
    parts = [each for each in given if isinstance(each, dict)]
    return [" ".join(str(part.get("text") or (part.get("image_url") or {}).get("url", "")) for part in parts)]


def _result(scores: Mapping[str, float]) -> Json:
    flags = {name: score >= 0.5 for name, score in scores.items()}
    kinds = {name: ["text"] for name in scores}
    return {
        "flagged": any(flags.values()),
        "categories": flags,
        "category_scores": dict(scores),
        "category_applied_input_types": kinds,
    }


def refused(body: object) -> Fault | None:
    """Return why a request is refused, or None."""
    if not isinstance(body, dict):
        return refusal(400, "We could not parse the JSON body of your request.")
    broken = _broken(body)
    return Fault(400, error(broken[0], code=broken[1], param=broken[2])) if broken else None


def _broken(body: Json) -> tuple[str, str | None, str] | None:
    """Return the sentence, the code and the parameter of the first rule that a request breaks."""
    given, images = body.get("input"), 0
    if isinstance(given, list):
        images = sum(isinstance(each, dict) and each.get("type") == "image_url" for each in given)
    rules = (
        (given is None, "Missing required parameter: 'input'.", "missing_required_parameter", "input"),
        (not isinstance(given, str | list) or not given, "'$.input' is invalid.", None, "input"),
        (
            body.get("model", "stand-in") not in MODELS,
            f"Invalid value for 'model' = {body.get('model')}.",
            None,
            "model",
        ),
        (images > 1, f"Number of images ({images}) exceeds maximum of 1", "too_many_images", "input"),
        (_is_long(body), "This model's maximum context length is 32768 tokens.", None, "input"),
    )
    return next(((said, code, param) for is_broken, said, code, param in rules if is_broken), None)


def _is_long(body: Json) -> bool:
    return any(len(text) > MOST_CHARACTERS for text in _texts(body))
