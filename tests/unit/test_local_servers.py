"""Models that run on this machine already: found by asking fakes of their servers, each listing in its own way."""

import asyncio
import os
import pty
import sys
from collections.abc import Sequence

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from core.llm.local_servers import LARGEST_LIST, LocalModel, count_billions, find_local_models
from deploy.model_choice import announce_model, choose_model
from tests.support.asking import served
from tests.support.model_servers import (
    list_route,
    llama_cpp,
    lm_studio,
    ollama,
    ollama_entry,
    openai_entry,
    studio_entry,
    vllm,
)

CLOSED = "http://127.0.0.1:9"
META = {"n_params": 134_515_008, "n_ctx_train": 8192}
SERVERS: Sequence[tuple[Sequence[web.RouteDef], list[tuple[str, str, float]]]] = (
    (
        ollama(
            ollama_entry("nomic-embed-text:latest", "137M", "nomic-bert"),
            ollama_entry("all-minilm:latest", "23M", "bert"),
            ollama_entry("llama3.2:1b", "1.2B"),
            ollama_entry("qwen3:8b", "8.2B", "qwen3"),
            ollama_entry("gpt-oss:120b-cloud", "116.8B", "gptoss", remote_host="https://ollama.com:443"),
        ),
        [("Ollama", "qwen3:8b", 8.2), ("Ollama", "llama3.2:1b", 1.2)],
    ),
    (
        lm_studio(
            studio_entry("text-embedding-nomic-embed-text-v1.5", "embeddings"),
            studio_entry("qwen2.5-32b-instruct", state="not-loaded"),
            studio_entry("qwen2.5-vl-7b-instruct", "vlm"),
            studio_entry("llama-3.2-1b-instruct"),
        ),
        [
            ("LM Studio", "qwen2.5-vl-7b-instruct", 7.0),
            ("LM Studio", "llama-3.2-1b-instruct", 1.0),
            ("LM Studio", "qwen2.5-32b-instruct", 32.0),
        ],
    ),
    (
        llama_cpp(openai_entry("/models/smollm2.gguf", "llamacpp", meta=META)),
        [("llama.cpp", "/models/smollm2.gguf", 0.135)],
    ),
    (
        vllm(
            openai_entry("mistralai/Mixtral-8x7B-Instruct-v0.1", "vllm", max_model_len=4096),
            openai_entry("openai/whisper-large-v3", "vllm"),
            openai_entry("BAAI/bge-reranker-v2-m3", "vllm"),
        ),
        [("vLLM", "mistralai/Mixtral-8x7B-Instruct-v0.1", 56.0)],
    ),
    (vllm(openai_entry("any", "somebody")), [("a model server", "any", 0.0)]),
    # What else listens on such ports: a shop with a list of models, a page, an error, and nonsense.
    ([list_route("/v1/models", {"data": [{"id": 7, "name": "Model T", "object": "car"}]})], []),
    ([list_route("/v1/models", ["a", 1, None]), list_route("/api/tags", {"models": [{"name": "x" * 500}]})], []),
    ([list_route("/api/tags", {"models": [None, {"details": 5, "name": 3}, {"name": "a\x1b[2J", "details": {}}]})], []),
    ([], []),
)


@pytest.mark.parametrize(("routes", "found"), SERVERS)
async def test_a_server_s_chat_models_are_found_those_that_are_loaded_first_and_then_by_size(
    routes: Sequence[web.RouteDef], found: list[tuple[str, str, float]]
) -> None:
    """Embeddings, rerankers, ears and what runs elsewhere are left out; another program there is no model."""
    async with served(*routes) as address:
        models = await find_local_models([CLOSED, address])
    assert [(model.server, model.name, round(model.billions, 3)) for model in models] == found
    assert all(model.base_url == f"{address}/v1" for model in models)


async def test_servers_are_asked_side_by_side_and_never_waited_for() -> None:
    """One that says nothing, one that says too much and one that lists without an end keep nobody up."""

    async def say_nothing(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.05)

    large = list_route("/api/tags", {"models": [ollama_entry("big:70b", padding="x" * LARGEST_LIST)]})
    whole = ollama(ollama_entry("small:1b"))
    async with (
        served(web.get("/{path:.*}", say_nothing)) as silent,
        served(web.get("/{path:.*}", drip)) as endless,
        served(large) as oversized,
        served(*whole) as well,
    ):
        models = await asyncio.wait_for(find_local_models([silent, endless, oversized, well]), 30)
    assert [model.name for model in models] == ["small:1b"]


async def test_nothing_is_found_where_nothing_is_looked_for() -> None:
    """And where nothing listens."""
    assert await find_local_models([]) == []
    assert await find_local_models([CLOSED]) == []


@settings(max_examples=50)
@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.none(), st.lists(st.text()))), st.text())
def test_whatever_an_entry_holds_its_size_is_a_number(entry: dict[str, object], name: str) -> None:
    """Nothing from outside ends the start."""
    size = count_billions({**entry, "name": name, "meta": entry, "details": entry})
    assert size >= 0


@pytest.mark.parametrize(
    ("name", "billions"),
    [("qwen3-30b-a3b", 30), ("gemma-3n-e4b", 4), ("phi-4-mini-4k-q4_k_m", 0), ("smollm2:135m", 0.135), ("x-3bit", 0)],
)
def test_a_size_is_read_in_a_name(name: str, billions: float) -> None:
    """Where nothing else tells it; quantisation is none."""
    assert count_billions({"id": name}) == pytest.approx(billions)


BIG, SMALL = ollama_entry("big:8b", "8B"), ollama_entry("small:1b", "1B")


async def choose(environ: dict[str, str], *entries: dict[str, object]) -> tuple[dict[str, str], str]:
    """Return what is chosen with these models on this machine: the environment, and what is said of it."""
    async with served(*ollama(*entries)) as address:
        chosen, model = await asyncio.to_thread(choose_model, environ, [address])
    return {name: value.replace(address, "ADDRESS") for name, value in chosen.items()}, announce_model(model)


async def test_without_a_setting_the_largest_is_taken_and_said() -> None:
    """With where it runs, and how to have another."""
    chosen, told = await choose({"HOME": "/"}, SMALL, BIG)
    assert chosen == {"HOME": "/", "OPENAI_BASE_URL": "ADDRESS/v1", "OPENAI_MODEL": "big:8b"}
    assert "big:8b" in told
    assert "Ollama" in told


async def test_a_name_alone_chooses_among_those_that_are_there() -> None:
    """One that is nowhere chooses nothing."""
    assert (await choose({"OPENAI_MODEL": "small:1b"}, SMALL, BIG))[0]["OPENAI_MODEL"] == "small:1b"
    assert (await choose({"OPENAI_MODEL": "gpt-5"}, SMALL, BIG))[0]["OPENAI_MODEL"] == "big:8b"


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "OPENAI_BASE_URL", "CONFAB_LOCAL_MODEL"])
async def test_a_setting_is_never_overruled(name: str) -> None:
    """Nothing is asked then."""
    assert (await choose({name: "http://mine/v1"}, BIG))[0] == {name: "http://mine/v1"}


async def test_without_any_the_stand_in_says_that_it_is_one() -> None:
    """And what to do for a real model."""
    chosen, told = await choose({})
    assert chosen == {}
    assert "stand-in" in told
    assert "OPENAI_API_KEY" in told


async def test_on_a_terminal_a_person_is_asked_which() -> None:
    """And asked again where there is no such number."""
    program = "import sys; from deploy.model_choice import choose_model; print(choose_model({}, sys.argv[1:])[1].name)"
    async with served(*ollama(SMALL, BIG)) as address:
        parent, child = pty.openpty()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, address, stdin=child, stdout=child, stderr=child
        )
        os.close(child)
        os.write(parent, b"3\n2\n")
        await asyncio.wait_for(process.wait(), 60)
        said = os.read(parent, 10_000).decode()
        os.close(parent)
    assert "1  big:8b (8 billion parameters, Ollama)" in said
    assert said.rstrip().endswith("small:1b")


def test_a_model_says_where_it_is_asked() -> None:
    """With the version that every client of OpenAI's appends."""
    assert LocalModel("Ollama", "http://127.0.0.1:11434", "m").base_url == "http://127.0.0.1:11434/v1"
