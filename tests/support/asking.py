"""A client of the stand-in endpoint, as the tests of the model's client use it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from aiohttp import web

from core.errors import ModelError
from core.llm.client import OpenAI, open_client
from core.llm.settings import ModelSettings
from core.messages import PromptMessage
from core.model_events import ModelEvent, Text
from core.spending.charge import Charge, Payer
from deploy.sandbox.openai.model import Model, routes

SECRET = "sk-secret-0123456789"
QUESTION = "what is the airspeed of an unladen swallow"
PROMPT = [PromptMessage("system", "Be kind."), PromptMessage("user", f"Ada: {QUESTION}")]
PNG = (  # of one pixel, in base64
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
ASKED = Charge("answer", Payer(person="U1"))
# What is wrong is told soon; a test that waits for silence says how long, and no other runs into it.
QUICK = ModelSettings(
    base_url="",
    api_key=SECRET,
    model="stand-in",
    first_token_timeout=60.0,
    silence_timeout=60.0,
    retry_deadline=0.05,
)


@dataclass(slots=True)
class Asking:
    """A client of the stand-in, with what it may be told differently."""

    url: str
    http: httpx.AsyncClient
    model: Model

    def client(self, **changes: Any) -> OpenAI:
        """Return a client with these options."""
        return OpenAI(QUICK.model_copy(update={"base_url": f"{self.url}/v1", **changes}), self.http)

    async def events(self, prompt: list[PromptMessage] | None = None, **changes: Any) -> list[ModelEvent]:
        """Return the events of one call."""
        return [event async for event in self.client(**changes).chat(prompt or PROMPT, ASKED)]

    async def text(self, **changes: Any) -> str:
        """Return the answer of one call."""
        return "".join(event.text for event in await self.events(**changes) if isinstance(event, Text))

    async def fault(self, **changes: Any) -> tuple[str, ModelError]:
        """Return the text that one call yields, and the error that ends it."""
        text = ""
        try:
            async for event in self.client(**changes).chat(PROMPT, ASKED):
                text += event.text if isinstance(event, Text) else ""
        except ModelError as error:
            return text, error
        pytest.fail(f"no error ended the answer {text!r}")


@asynccontextmanager
async def served(*handlers: web.AbstractRouteDef) -> AsyncIterator[str]:
    """Serve routes on loopback; return the address."""
    app = web.Application()
    app.add_routes(handlers)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@asynccontextmanager
async def stand_in() -> AsyncIterator[Asking]:
    """Return a client and the stand-in that it asks, which answers at once."""
    model = Model(delay_first=0, tokens_per_second=None)
    async with served(*routes(model)) as url, open_client(QUICK) as http:
        yield Asking(url, http, model)


def text_chunk(text: str, finish: str | None = None) -> dict[str, Any]:
    """Return one chunk of a stream."""
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}


def sse(chunks: list[dict[str, Any]], line_end: str = "\n") -> str:
    """Return a stream of chunks, with a comment before each, as some endpoints send to keep a connection open."""
    events = [f": waiting{line_end}{line_end}data: {json.dumps(chunk)}{line_end}{line_end}" for chunk in chunks]
    return "".join(events) + f"data: [DONE]{line_end}{line_end}"
