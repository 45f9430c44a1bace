"""The endpoint's own word on its model's window, in the ways of those servers that tell it."""

import json
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from aiohttp import web

from bots.addresses import settings_with_versions
from bots.models import open_models
from bots.settings import Settings
from core.errors import ContextOverflow, EndpointFailing, EndpointUnreachable
from core.llm.client import OpenAI, open_client
from core.llm.http_client import open_http_client
from core.llm.models import find_versioned_address, window_of
from core.llm.settings import ModelSettings
from core.prompt.context_window import UNKNOWN, ContextWindow, ask_window
from core.spending.meter import Meter
from deploy.sandbox.wire.server import Sandbox
from tests.support.asking import served

Json = dict[str, Any]


def route(method: str, path: str, body: Any, status: int = 200) -> web.RouteDef:
    """Return a route that answers with a body."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response(body, status=status)

    return web.route(method, path, answer)


async def window(url: str, model: str = "m") -> int | None:
    """Return the window that an endpoint tells."""
    options = ModelSettings(base_url=url, model=model)
    async with open_client(options) as client:
        return await OpenAI(options, client).window()


OLLAMA = {
    "parameters": 'stop    "<|im_end|>"\nnum_ctx                        8192',
    "model_info": {"general.architecture": "qwen3", "qwen3.context_length": 40_960},
}
BARE_OLLAMA = {"parameters": "", "model_info": {"llama.context_length": 131_072}}
LM_STUDIO = {"data": [{"id": "m", "max_context_length": 32_768, "loaded_context_length": 4096}, {"id": "other"}]}


@pytest.mark.parametrize(
    ("method", "path", "body", "size"),
    [
        ("GET", "/v1/models", {"data": [{"id": "m", "max_model_len": 4096}, {"id": "x", "max_model_len": 1}]}, 4096),
        ("GET", "/v1/models", {"data": [{"id": "/models/llama.gguf", "meta": {"n_ctx": 2048}}]}, 2048),
        ("GET", "/v1/models", {"object": "list", "data": [{"id": "whatever", "context_window": "8192"}]}, 8192),
        ("GET", "/v1/models", [{"id": "m", "context_length": 65_536}, {"id": "n"}], 65_536),
        ("POST", "/api/show", OLLAMA, 8192),
        ("POST", "/api/show", BARE_OLLAMA, 131_072),
        ("GET", "/api/v0/models", LM_STUDIO, 4096),
        ("GET", "/props", {"default_generation_settings": {"n_ctx": 16_384}, "total_slots": 4}, 16_384),
        ("GET", "/v1/models", {"data": [{"id": "one"}, {"id": "two", "max_model_len": 9}]}, None),
        ("GET", "/props", {"error": "no"}, None),
    ],
)
async def test_a_server_is_asked_in_its_own_way(method: str, path: str, body: Any, size: int | None) -> None:
    """A list of one model tells of that one, whatever it is called; a list of several only of the one that is named."""
    async with served(route(method, path, body)) as url:
        assert await window(f"{url}/v1") == size


async def test_what_is_below_another_path_is_found_there() -> None:
    """The version goes, and nothing else of the path."""
    async with served(route("GET", "/llm/props", {"n_ctx": 512})) as url:
        assert await window(f"{url}/llm/v1/") == 512


@pytest.mark.parametrize("status", [500, 502, 503, 429])
async def test_a_server_that_is_loading_has_not_told_yet(status: int) -> None:
    """So has one that cannot be reached."""
    async with served(route("GET", "/v1/models", {"error": "Loading model"}, status)) as url:
        with pytest.raises(EndpointFailing):
            await window(f"{url}/v1")
    with pytest.raises(EndpointUnreachable):
        await window("http://127.0.0.1:9/v1")


async def test_a_window_that_could_not_be_asked_is_asked_again(sandbox: Sandbox) -> None:
    """Until the model is loaded."""
    sandbox.model.listing, sandbox.model.loading = {"max_model_len": 4096}, 3
    options, size = ModelSettings(base_url=sandbox.openai_base_url, api_key="sk-1", model="stand-in"), ContextWindow()
    async with open_client(options) as client:
        await ask_window(OpenAI(options, client), size, pause=0.01)
    assert size.size == 4096
    assert sandbox.model.loading == 0


async def test_an_endpoint_that_does_not_tell_is_left_alone(sandbox: Sandbox) -> None:
    """As most of them."""
    options, size = ModelSettings(base_url=sandbox.openai_base_url, api_key="sk-1", model="stand-in"), ContextWindow()
    async with open_client(options) as client:
        await ask_window(OpenAI(options, client), size, pause=0.01)
    assert size.size == UNKNOWN


async def test_each_model_has_a_window_of_its_own_which_the_first_question_waits_for(sandbox: Sandbox) -> None:
    """What one of them teaches is not believed of another, and a number that the operator set is asked of nobody."""
    sandbox.model.listing = {"max_model_len": 4096}
    given = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "OPENAI_API_KEY": "sk-1"}
    own = {"OPENAI_BASE_URL": sandbox.openai_base_url, "OPENAI_MODEL": "stand-in", "CONFAB_MODELS": "other"}
    for size, tokens in (("", 4096), ("2048", 2048)):
        settings = Settings.load({**given, **own, "CONFAB_CONTEXT_WINDOW": size})
        async with open_client(settings.model) as client, AsyncExitStack() as stack:
            opened = open_models(settings, settings.model, client, stack, Meter())
            await opened.window.wait_until_asked()
            assert opened.window.size == tokens
            opened.window.learn(ContextOverflow("", 1024), 1100)
            await opened.windows["other"].wait_until_asked()
            assert opened.windows["other"].size == int(size or UNKNOWN)
    assert opened.window.size == 2048


async def test_no_question_waits_for_a_window_longer_than_it_may() -> None:
    """An endpoint that does not answer delays nobody but those who ask at the very start."""
    window = ContextWindow()
    await window.wait_until_asked()
    window.begin_asking(longest=0.01)
    await window.wait_until_asked()
    assert window.size == UNKNOWN
    window.begin_asking(longest=3_600.0)
    window.end_asking()
    await window.wait_until_asked()


async def test_the_log_says_that_an_address_was_corrected(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """At the start, with what to write into the settings."""
    async with open_http_client(4) as client:
        await find_versioned_address(client, sandbox.openai_base_url.removesuffix("/v1"), "sk-1")
    log = capsys.readouterr().out
    assert "model_address_corrected" in log
    assert "OPENAI_BASE_URL" in log


@pytest.mark.parametrize(
    ("here", "below", "is_found"),
    [
        (404, 200, True), (404, 401, True), (405, 503, True), (200, 200, False), (401, 401, False), (404, 404, False),
        (500, 500, False), (302, 302, False),
    ],
)  # fmt: skip
async def test_an_address_without_its_version_is_known_at_the_start(here: int, below: int, is_found: bool) -> None:
    """By where the list of models is, whether or not it is told; whatever else is said, the address stays."""
    listing: Json = {"object": "list", "data": []}
    routes = route("GET", "/models", listing, here), route("GET", "/v1/models", listing, below)
    async with served(*routes) as url, open_http_client(4) as client:
        assert await find_versioned_address(client, url, "sk-1") == (f"{url}/v1" if is_found else url)
        assert await find_versioned_address(client, f"{url}/v1/", "sk-1") == f"{url}/v1/"


async def test_an_address_where_nothing_is_stays_as_it_is() -> None:
    """So does one that is not set, and one where LM Studio answers with a good status and an error in it."""
    wrong = {"error": "Unexpected endpoint or method. (GET /models)"}
    async with open_http_client(4) as client:
        for address in ("", "http://127.0.0.1:9"):
            assert await find_versioned_address(client, address, "") == address
        async with served(route("GET", "/models", wrong), route("GET", "/v1/models", {"data": []})) as url:
            assert await find_versioned_address(client, url, "") == f"{url}/v1"
        async with served(route("GET", "/models", wrong), route("GET", "/v1/models", wrong)) as url:
            assert await find_versioned_address(client, url, "") == url


async def test_every_endpoint_that_lacks_its_version_is_asked_with_it(sandbox: Sandbox) -> None:
    """The model, the transcribers and moderation; the key of each goes to its own address."""
    bare = sandbox.openai_base_url.removesuffix("/v1")
    others = json.dumps([{"model": "stand-in", "base_url": bare, "api_key": "sk-1"}])
    given = {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
        "OPENAI_API_KEY": "sk-1",
        "OPENAI_BASE_URL": bare,
    }
    own = {"CONFAB_TRANSCRIBE_BASE_URL": bare, "CONFAB_MODERATION_URL": bare, "CONFAB_TRANSCRIBERS": others}
    found = await settings_with_versions(Settings.load({**given, **own}))
    addresses = [found.model.base_url, found.transcription.base_url, found.moderation.url]
    assert {*addresses, *(each.base_url for each in found.transcription.further)} == {sandbox.openai_base_url}


@pytest.mark.parametrize("body", [b"[" * 100_000, b"\xff", b"1" * 5000, b'{"data": {"id": 1}}', b"null"])
async def test_a_list_that_cannot_be_read_tells_nothing(body: bytes) -> None:
    """Whatever it is."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    async with served(web.get("/v1/models", answer)) as url:
        assert await window(f"{url}/v1") is None


def test_an_entry_is_found_by_any_of_its_names() -> None:
    """Gemini puts `models/` before them."""
    for name in ("id", "name", "model", "key"):
        assert window_of({"data": [{name: "models/m", "max_model_len": 7}, {"id": "x"}]}, "m") == 7
    assert httpx.URL("http://x")  # an address without a path is one as well
