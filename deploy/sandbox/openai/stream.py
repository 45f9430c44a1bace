"""Writes a reply as server-sent events or as one JSON body, at the pace that was asked for, and notes the times."""

import asyncio
import json
import secrets
import time
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from deploy.sandbox.openai.pictures import pictures
from deploy.sandbox.openai.replies import Reply, words
from deploy.sandbox.openai.wanted import Wanted

LOOK_EVERY = 0.02  # seconds


@dataclass(slots=True)
class ModelRequest:
    """One call as it was received, and what became of it. Times are in seconds of the monotonic clock."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float = field(default_factory=time.monotonic)
    status: int = 0
    first_token_at: float | None = None
    done_at: float | None = None
    aborted: bool = False

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The prompt."""
        messages: list[dict[str, Any]] = self.body.get("messages", [])
        return messages


def count(messages: list[dict[str, Any]]) -> int:
    """Return the length of a prompt in tokens, counted simply: four characters each, and four for a message."""
    texts = sum((len(_text(message.get("content"))) + len(_calls(message))) // 4 + 4 for message in messages)
    return texts + sum(each.tokens for each in pictures(messages))


def _calls(message: dict[str, Any]) -> str:
    return json.dumps(message["tool_calls"]) if message.get("tool_calls") else ""


def _text(content: Any) -> str:
    if not isinstance(content, list):
        return str(content or "")
    return "".join(str(part.get("text") or "") for part in content)


def usage(asked: ModelRequest, reply: Reply) -> dict[str, Any]:
    """Return what the call cost."""
    thought = len(words(reply.reasoning))
    prompt, answer = count(asked.messages), len(reply.deltas()) + thought
    details = {"cached_tokens": min(reply.cached, prompt)}
    return {
        "prompt_tokens": prompt,
        "completion_tokens": answer,
        "total_tokens": prompt + answer,
        "prompt_tokens_details": details,
        "completion_tokens_details": {"reasoning_tokens": thought},
        **({} if reply.cost is None else {"cost": reply.cost}),
    }


def envelope(asked: ModelRequest, kind: str) -> dict[str, Any]:
    """Return the fields that chunks and completions share."""
    return {"id": "chatcmpl-standin", "object": kind, "created": int(time.time()), "model": asked.body.get("model")}


def tier_of(reply: Reply) -> dict[str, str]:
    """Return the field that tells the tier of service, where there is one."""
    return {"service_tier": reply.tier} if reply.tier else {}


def completion(asked: ModelRequest, reply: Reply) -> dict[str, Any]:
    """Return the answer as the body of a call that was not streamed."""
    choices: list[dict[str, Any]] = [
        {"index": index, "finish_reason": reply.reason, "message": {"role": "assistant", "content": text}}
        for index, text in enumerate((reply.whole(), *reply.others))
    ]
    if reply.calls:
        choices[0]["message"]["tool_calls"] = [whole_call(each) for each in reply.calls]
    return {**envelope(asked, "chat.completion"), "choices": choices, "usage": usage(asked, reply), **tier_of(reply)}


def whole_call(wanted: Wanted) -> dict[str, Any]:
    """Return a call of a tool in the shape of OpenAI's."""
    function = {"name": wanted.name, "arguments": wanted.as_text}
    return {"id": wanted.id or f"call_{secrets.token_hex(6)}", "type": "function", "function": function}


def call_deltas(calls: tuple[Wanted, ...]) -> Iterator[dict[str, Any]]:
    """Yield the deltas in which OpenAI sends calls: id and name first, then the arguments in pieces."""
    for place, wanted in enumerate(calls):
        call = whole_call(wanted)
        function = {**call["function"], "arguments": ""}
        yield {"tool_calls": [{"index": place, **call, "function": function}]}
        for piece in words(wanted.as_text):
            yield {"tool_calls": [{"index": place, "function": {"arguments": piece}}]}


class Stream:
    """The chunks of one answer, on their way to the client."""

    def __init__(self, request: web.Request, asked: ModelRequest, reply: Reply, seconds_per_token: float) -> None:
        self._request = request
        self._asked = asked
        self._reply = reply
        self._pause = seconds_per_token
        self._response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        self._head = json.dumps(envelope(asked, "chat.completion.chunk"))[:-1] + ', "choices": ['

    async def send(self) -> web.StreamResponse:
        """Send the whole answer; ConnectionError where the client went away."""
        await self._response.prepare(self._request)
        pieces = list(self._pieces())
        self._asked.first_token_at = time.monotonic()
        if self._pause or self._reply.hold:
            await self._paced(pieces)
        else:
            await self._response.write(b"".join(pieces))
        await self._end()
        return self._response

    async def _paced(self, pieces: list[bytes]) -> None:
        for index, piece in enumerate(pieces):
            if self._reply.hold and index == self._reply.hold_after:
                await present(self._request, self._reply.hold.wait())
            await self._response.write(piece)
            await asyncio.sleep(self._pause)

    def _pieces(self) -> Iterator[bytes]:
        role = self._chunk(0, {"role": "assistant", "content": ""})
        for text in words(self._reply.reasoning):
            yield role + self._chunk(0, {"reasoning_content": text})
            role = b""
        for text in self._reply.deltas():
            yield role + self._chunk(0, {"content": text})
            role = b""
        for delta in call_deltas(self._reply.calls):
            yield role + self._chunk(0, delta)
            role = b""
        for index, text in enumerate(self._reply.others, start=1):
            yield role + self._chunk(index, {"role": "assistant", "content": text})
        if role:
            yield role

    def _chunk(self, index: int, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = json.dumps({"index": index, "delta": delta, "finish_reason": finish})
        return f"data: {self._head}{choice}]}}\n\n".encode()

    async def _end(self) -> None:
        match self._reply.ending:
            case "done":
                await self._response.write(self._last())
                await self._response.write_eof(b"data: [DONE]\n\n")
            case "no_done":
                await self._response.write_eof(self._last())
            case "cut":
                self._hang_up()
            case "stall":
                await present(self._request, asyncio.Event().wait())
            case "malformed":
                await self._response.write_eof(b'data: {"choices": [{"delta": {"content": "half\n\n')
            case "error_chunk":
                fault = {"error": {"code": 502, "message": "Provider returned error", "metadata": {}}, "choices": []}
                await self._response.write_eof(b"data: " + json.dumps(fault).encode() + b"\n\n")

    def _last(self) -> bytes:
        finish = b"".join(self._chunk(index, {}, self._reply.reason) for index in range(1 + len(self._reply.others)))
        if not (self._asked.body.get("stream_options") or {}).get("include_usage"):
            return finish
        told = json.dumps({"usage": usage(self._asked, self._reply), **tier_of(self._reply)})[1:]
        return finish + f"data: {self._head}], {told}\n\n".encode()

    def _hang_up(self) -> None:
        if self._request.transport:
            self._request.transport.close()


async def present(request: web.Request, awaited: Awaitable[object]) -> None:
    """Wait as long as the client stays; ConnectionResetError once it has gone.

    The server does not tell a handler that its client left unless something is written, so this looks.
    """
    waited = asyncio.ensure_future(awaited)
    try:
        while not waited.done():
            if request.transport is None or request.transport.is_closing():
                raise ConnectionResetError("the client went away")
            await asyncio.wait({waited}, timeout=LOOK_EVERY)
    finally:
        waited.cancel()
