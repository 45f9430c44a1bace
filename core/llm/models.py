"""What an endpoint says of its model's window: in its list of models, or in the words of the server behind it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import structlog

from core.errors import EndpointFailing, EndpointUnreachable, ModelError
from core.llm.address import LACKS_VERSION, auth_headers, base_path, names_version, url_below
from core.llm.body import decode_json, fetch_response

log = structlog.get_logger()

FIELDS = (
    "loaded_context_length",  # LM Studio: as loaded, which may be less than the model can
    "max_model_len",  # vLLM
    "n_ctx",  # llama.cpp
    "num_ctx",  # Ollama: as the model's file sets it
    "context_length",  # OpenRouter, Together, Ollama
    "context_window",  # Groq
    "max_context_length",  # Mistral, LM Studio
    "max_input_tokens",  # Anthropic
    "input_token_limit",  # Gemini
)
WITHIN = ("top_provider", "meta", "default_generation_settings")  # OpenRouter: who answers; llama.cpp, in two places
NATIVE = (("GET", "/api/v0/models"), ("POST", "/api/show"), ("GET", "/props"))  # LM Studio, Ollama, llama.cpp
END_OF_VERSION = re.compile(r"/v\d\w*$")
NUM_CTX = re.compile(r"(?:^|\n)num_ctx\s+(\d{1,9})\b")  # Ollama: a model's parameters, one a line
LARGEST_LIST = 8_000_000  # bytes: OpenRouter's is about 700 KB
PATIENCE = 10.0  # seconds for each question
START_PATIENCE = 3.0  # seconds for each of the two questions that the start waits for
ABSENT = frozenset({301, 302, 307, 308, 404, 405})  # statuses of an address where there is nothing
LOADING = frozenset({429, 500, 502, 503, 504})  # statuses of a server that may tell later


async def fetch_window(
    client: httpx.AsyncClient, base: httpx.URL, headers: Mapping[bytes, bytes], model: str
) -> int | None:
    """Return a model's window in tokens as its endpoint tells it, None where it does not.

    `base` is the address that ends in /v1 as a rule. Raises EndpointFailing, or EndpointUnreachable, where it may tell
    later: it is loading, or cannot be reached.
    """
    listing = await _fetch(client, client.build_request("GET", url_below(base, "/models"), headers=headers))
    if size := window_of(listing, model):
        return size
    for method, path in NATIVE:
        url = base.copy_with(path=END_OF_VERSION.sub("", base_path(base)) + path)
        body = {"model": model} if method == "POST" else None
        try:
            told = await _fetch(client, client.build_request(method, url, headers=headers, json=body))
        except ModelError:
            continue
        if size := window_of(told, model):
            return size
    return None


async def find_versioned_address(client: httpx.AsyncClient, address: str, key: str) -> str:
    """Return an address with the `/v1` that it lacks, where a list of models lies there alone; else as it is.

    One that names a version, is empty or does not answer stays as it is.
    """
    base = httpx.URL(address)
    if not address or names_version(base) or await _has_models(client, base, key):
        return address
    versioned = url_below(base, "/v1")
    if not await _has_models(client, versioned, key):
        return address
    log.warning("model_address_corrected", host=base.host, hint=LACKS_VERSION)
    return str(versioned)


async def _has_models(client: httpx.AsyncClient, base: httpx.URL, key: str) -> bool:
    """Whether there is a list of models below an address, or something that refuses to tell it."""
    request = client.build_request("GET", url_below(base, "/models"), headers=auth_headers(base, key))
    try:
        response = await fetch_response(client, request, largest=LARGEST_LIST, seconds=START_PATIENCE)
        told = decode_json(response.content) if response.is_success else None
    except ModelError:
        return False
    except ValueError:
        return False  # a page
    is_list = isinstance(told, list) or (isinstance(told, dict) and not told.get("error"))
    return is_list if response.is_success else response.status not in ABSENT


async def fetch_model_names(client: httpx.AsyncClient, base: httpx.URL, headers: Mapping[bytes, bytes]) -> list[str]:
    """Return the names of an endpoint's models, none where it does not tell. Raises as `fetch_window`."""
    listing = await _fetch(client, client.build_request("GET", url_below(base, "/models"), headers=headers))
    named = (entry.get("id") or entry.get("name") for entry in list_entries(listing))
    return [str(name) for name in named if name]


async def _fetch(client: httpx.AsyncClient, request: httpx.Request) -> Any:
    """Return a decoded body, None where there is none; raise EndpointFailing or EndpointUnreachable."""
    try:
        response = await fetch_response(client, request, largest=LARGEST_LIST, seconds=PATIENCE)
    except EndpointUnreachable:
        raise
    except ModelError:
        return None
    if response.status in LOADING:
        raise EndpointFailing(f"{response.status} instead of a list of models")
    try:
        return decode_json(response.content) if response.is_success else None
    except ValueError:
        return None


def window_of(told: Any, model: str) -> int | None:
    """Return the window of a model in tokens, from a list of models or a description of one; None where it is not told.

    A list of one model tells of that one, whatever it is called: servers of one model answer to any name.
    """
    entries = list(list_entries(told))
    named = [entry for entry in entries if _is_named(entry, model)] or (entries if len(entries) == 1 else [])
    return next((size for entry in named if (size := _size(entry))), None)


def list_entries(told: Any) -> Iterator[Mapping[str, Any]]:
    """Yield what is told of each model: `{"data": […]}`, `{"models": […]}`, a list, or the one description itself."""
    listed = told
    if isinstance(told, Mapping):
        listed = next((told[name] for name in ("data", "models") if isinstance(told.get(name), list)), [told])
    yield from (entry for entry in listed if isinstance(entry, Mapping)) if isinstance(listed, list) else ()


def _is_named(entry: Mapping[str, Any], model: str) -> bool:
    names = (str(entry.get(field, "")).removeprefix("models/") for field in ("id", "name", "model", "key"))
    return model.removeprefix("models/") in names


def _size(entry: Mapping[str, Any]) -> int | None:
    inner = [entry[name] for name in WITHIN if isinstance(entry.get(name), Mapping)]
    told = (place.get(field) for place in (*inner, entry) for field in FIELDS)
    return next((size for size in map(_tokens, told) if size), None) or _ollama_size(entry)


def _tokens(value: Any) -> int | None:
    """Return a number of tokens, which some tell as a string; None for what is none."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _ollama_size(entry: Mapping[str, Any]) -> int | None:
    """Return what Ollama's /api/show tells: the file's own `num_ctx`, else `<architecture>.context_length`."""
    set_here = NUM_CTX.search(str(entry.get("parameters", "")))
    if set_here:
        return _tokens(set_here[1])
    info = entry.get("model_info")
    fields = info.items() if isinstance(info, Mapping) else ()
    told = (value for name, value in fields if str(name).endswith(".context_length"))
    return next(filter(None, map(_tokens, told)), None)
