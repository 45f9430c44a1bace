"""Fakes of the model servers that people run on their machines, each listing its models in its own way."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from deploy.sandbox.openai.model import Model, routes
from tests.support.asking import served

Json = Mapping[str, Any]


def ollama_entry(name: str, size: str = "", family: str = "llama", **more: Any) -> dict[str, Any]:
    """Return a model of Ollama's /api/tags (Ollama docs, API, list local models)."""
    details = {"format": "gguf", "family": family, "families": [family], "parameter_size": size}
    return {"name": name, "model": name, "size": 2_019_393_189, "digest": "a80c4f17acd5", "details": details, **more}


def openai_entry(name: str, owner: str, **more: Any) -> dict[str, Any]:
    """Return a model of OpenAI's list, as llama.cpp and vLLM have it."""
    return {"id": name, "object": "model", "created": 1_764_000_000, "owned_by": owner, **more}


def studio_entry(name: str, kind: str = "llm", state: str = "loaded") -> dict[str, Any]:
    """Return a model of LM Studio's /api/v0/models (LM Studio docs, REST API)."""
    return {"id": name, "object": "model", "type": kind, "arch": "qwen2", "state": state, "max_context_length": 32_768}


def list_route(path: str, told: Any) -> web.RouteDef:
    """Return a route that answers with a list."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response(told)

    return web.get(path, answer)


def ollama(*entries: Json) -> list[web.RouteDef]:
    """Return Ollama's lists: its own, and OpenAI's, which tells names alone."""
    names = [openai_entry(each["name"], "library") for each in entries]
    return [
        list_route("/api/tags", {"models": entries}),
        list_route("/v1/models", {"object": "list", "data": names}),
    ]


def lm_studio(*entries: Json) -> list[web.RouteDef]:
    """Return LM Studio's lists; to what it does not know, it answers with status 200 and an error."""
    error = {"error": "Unexpected endpoint or method. (GET /api/tags)"}
    return [
        list_route("/api/tags", error),
        list_route("/api/v0/models", {"object": "list", "data": entries}),
        list_route("/v1/models", {"object": "list", "data": [openai_entry(each["id"], "org") for each in entries]}),
    ]


def llama_cpp(*entries: Json) -> list[web.RouteDef]:
    """Return llama.cpp's list, which holds Ollama's form of it too, and its properties."""
    twice = {"models": [{"name": each["id"]} for each in entries], "object": "list", "data": entries}
    return [list_route("/v1/models", twice), list_route("/props", {"default_generation_settings": {"n_ctx": 8192}})]


def vllm(*entries: Json) -> list[web.RouteDef]:
    """Return vLLM's list."""
    return [list_route("/v1/models", {"object": "list", "data": entries})]


@asynccontextmanager
async def serving_model(model: Model, lists: Sequence[web.RouteDef]) -> AsyncIterator[str]:
    """Serve a server's lists with chat completions behind them, as our stand-in answers; give its address."""
    chat = [each for each in routes(model) if isinstance(each, web.RouteDef) and each.path == "/v1/chat/completions"]
    async with served(*lists, *chat) as address:
        yield address
