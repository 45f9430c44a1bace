"""A stand-in for an OpenAI-compatible endpoint: what it answers is scripted, or it talks about what reached it.

model = Model(tokens_per_second=None)        # None: everything at once
model.script += [Reply("Hello"), FAULTS["429"], Reply("Again")]
model.requests[-1].messages, model.requests[-1].aborted
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiohttp import web

from deploy.sandbox.openai import retrieval, sound, stand_in
from deploy.sandbox.openai.checks import Asked
from deploy.sandbox.openai.embeddings import Embedder
from deploy.sandbox.openai.moderation import Moderation
from deploy.sandbox.openai.replies import FAULTS, Fault, Reply, rate_limited, refusal
from deploy.sandbox.openai.rerank import Reranker
from deploy.sandbox.openai.rules import refused
from deploy.sandbox.openai.stream import ModelRequest, Stream, completion, present

__all__ = ["FAULTS", "MODELS", "Fault", "Model", "ModelRequest", "Reply", "rate_limited", "refusal", "routes"]

T = TypeVar("T")
Step = Reply | Fault
TRIAL = "Answer with this one word and nothing else: ready"  # what a bot asks to see whether there is a model

# The models that can be named, with what is particular about each.
MODELS: Mapping[str, frozenset[str]] = {
    "stand-in": frozenset(),
    "stand-in-reasoning": frozenset({"reasoning"}),
    "stand-in-completions": frozenset({"completions-only"}),
    "stand-in-strict": frozenset({"alternate", "no-system"}),
    "stand-in-old": frozenset({"no-stream-options"}),
    "stand-in-text": frozenset({"text-only"}),
    "stand-in-toolless": frozenset({"no-tools"}),
}


@dataclass(slots=True)
class Model:
    """The endpoint's state. Times are in seconds; `window` is in tokens by the stand-in's own count.

    `listing` is what `/models` tells of each, and `loading` how often that is refused first, as while a model loads.
    `script` is what the next calls answer, in order; when it is empty, `talk` makes the answer from the request's
    body. `trial` is what a bot is answered that only looks whether there is a model; it uses up no step of the script,
    and stands in `trials` in place of `requests`. `sounds` are its ears.
    `keys` are the keys that are accepted; None accepts every key that is not empty. With `is_open` none is wanted, as
    by a server on one's own machine.
    """

    delay_first: float = 0.3
    tokens_per_second: float | None = 40.0
    window: int | None = None
    models: Mapping[str, frozenset[str]] = field(default_factory=lambda: dict(MODELS))
    listing: Mapping[str, Any] = field(default_factory=dict)
    loading: int = 0
    keys: frozenset[str] | None = None
    is_open: bool = False
    script: deque[Step] = field(default_factory=deque)
    talk: Callable[[dict[str, Any]], Step] = stand_in.answer
    requests: list[ModelRequest] = field(default_factory=list)
    trial: Step = field(default_factory=lambda: Reply("ready"))
    trials: list[ModelRequest] = field(default_factory=list)
    sounds: sound.Sounds = field(default_factory=sound.Sounds)
    moderation: Moderation = field(default_factory=Moderation)
    embedder: Embedder = field(default_factory=Embedder)
    reranker: Reranker = field(default_factory=Reranker)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.moderation.on_change = self.note

    def note(self) -> None:
        """Wake whoever waits for a change."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, predicate: Callable[[], T], timeout: float = 60.0) -> T:  # noqa: ASYNC109 - every caller wants a bound
        """Return what `predicate` says once it is true; TimeoutError, which tells the requests, if it never is."""
        try:
            async with asyncio.timeout(timeout):
                while not (found := predicate()):
                    await self._changed.wait()
                return found
        except TimeoutError:
            seen = [(request.path, request.status, request.aborted) for request in self.requests]
            raise TimeoutError(f"still waiting after {timeout} s; requests (path, status, aborted): {seen}") from None

    def refuse_key(self, authorization: str) -> Fault | None:
        """Return why a request with this header is refused, or None."""
        kind, _, key = authorization.partition(" ")
        if self.is_open:
            return None
        if kind != "Bearer" or not key:
            return refusal(401, "You didn't provide an API key. You need to provide your API key in a Bearer header.")
        if self.keys is not None and key not in self.keys:
            return refusal(401, "Incorrect API key provided.", code="invalid_api_key")
        return None

    def refuse(self, asked: ModelRequest) -> Fault | None:
        """Return why a request is refused whatever is scripted, or None."""
        bearer = asked.headers.get("authorization", "")
        return self.refuse_key(bearer) or refused(Asked(asked.body, self.models, self.window))

    def step(self, asked: ModelRequest) -> Step:
        """Return what a request is answered with."""
        fault = self.refuse(asked)
        if fault:
            return fault
        if is_trial(asked):
            return self.trial
        return self.script.popleft() if self.script else self.talk(asked.body)


def routes(model: Model) -> list[web.AbstractRouteDef]:
    """Return the endpoint's routes, below `/v1`; anything else there is a 404 in OpenAI's shape."""

    async def chat(request: web.Request) -> web.StreamResponse:
        return await _chat(model, request)

    async def models(request: web.Request) -> web.StreamResponse:
        fault = model.refuse_key(request.headers.get("Authorization", ""))
        if fault:
            return _refuse(fault)
        if model.loading:
            model.loading -= 1
            return _refuse(refusal(503, "Loading model", "unavailable_error"))
        told = {"object": "model", "created": 0, "owned_by": "sandbox", **model.listing}
        known = [{"id": name, **told} for name in model.models]
        return web.json_response({"object": "list", "data": known})

    async def moderations(request: web.Request) -> web.StreamResponse:
        fault = model.refuse_key(request.headers.get("Authorization", ""))
        return _refuse(fault) if fault else await model.moderation.answer(request)

    async def nothing(request: web.Request) -> web.StreamResponse:
        return _refuse(refusal(404, f"Invalid URL ({request.method} {request.path})"))

    async def not_the_api(_: web.Request) -> web.StreamResponse:
        return web.Response(status=404, text="404 page not found")  # Ollama's answer to an address without /v1

    return [
        web.post("/v1/chat/completions", chat),
        web.get("/v1/models", models),
        *sound.routes(sound.VoiceNotes(model.sounds, model.refuse_key, _refuse, model.note)),
        *retrieval.routes(model.embedder, model.reranker, model.refuse_key, _refuse, model.note),
        web.post("/v1/moderations", moderations),
        web.route("*", "/v1/{rest:.*}", nothing),
        web.post("/chat/completions", not_the_api),
    ]


async def _chat(model: Model, request: web.Request) -> web.StreamResponse:
    headers = {name.lower(): value for name, value in request.headers.items()}
    asked = ModelRequest(request.path_qs, headers, await _body(request))
    (model.trials if is_trial(asked) else model.requests).append(asked)
    model.note()
    try:
        response = await _answer(model, request, asked)
        asked.status = response.status
    except ConnectionError:
        asked.aborted = True
        return web.Response(status=499)  # nobody reads it; an exception would be logged as the sandbox's fault
    except asyncio.CancelledError:
        asked.aborted = True
        raise
    finally:
        asked.done_at = time.monotonic()
        model.note()
    return response


def is_trial(asked: ModelRequest) -> bool:
    """Whether a bot only looks whether there is a model."""
    return [message.get("content") for message in asked.messages if isinstance(message, dict)] == [TRIAL]


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body: Any = await request.json()
    except ValueError:  # neither JSON nor text
        body = None
    if isinstance(body, dict):
        return body
    text = json.dumps(refusal(400, "We could not parse the JSON body of your request.").body)
    raise web.HTTPBadRequest(text=text, content_type="application/json")


async def _answer(model: Model, request: web.Request, asked: ModelRequest) -> web.StreamResponse:
    step = model.step(asked)
    if isinstance(step, Fault):
        await present(request, asyncio.Event().wait() if step.status == 0 else asyncio.sleep(step.delay))
        return _refuse(step)
    delay = model.delay_first if step.delay_first is None else step.delay_first
    if delay:
        await present(request, asyncio.sleep(delay))
    if not (step.streamed and asked.body.get("stream")):
        return web.json_response(completion(asked, step))
    pace = model.tokens_per_second if step.tokens_per_second is None else step.tokens_per_second
    return await Stream(request, asked, step, 1 / pace if pace else 0.0).send()


def _refuse(fault: Fault) -> web.Response:
    text = fault.body if isinstance(fault.body, str) else json.dumps(fault.body)
    return web.Response(status=fault.status, text=text, headers=dict(fault.headers), content_type=fault.media_type)
