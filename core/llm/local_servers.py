"""Model servers that run on this machine already, and the chat models that each of them has."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import re2

from core.errors import ModelError
from core.llm.body import decode_json, fetch_response
from core.llm.http_client import open_http_client
from core.llm.models import list_entries

Entry = Mapping[str, Any]

# Where they listen unless they are told otherwise: Ollama, LM Studio, llama.cpp, vLLM (their own documentation).
ADDRESSES = tuple(f"http://127.0.0.1:{port}" for port in (11434, 1234, 8080, 8000))
# How models are listed: Ollama's way, LM Studio's, and OpenAI's, which both have too and in which they tell less.
LISTS = (("/api/tags", "models", "Ollama"), ("/api/v0/models", "data", "LM Studio"), ("/v1/models", "data", ""))
OWNERS = {"llamacpp": "llama.cpp", "vllm": "vLLM"}  # `owned_by` in OpenAI's list
PATIENCE = 0.5  # seconds for each question, all of them at once
LARGEST_LIST = 1_000_000  # bytes
MOST_MODELS = 1_000
LONGEST_NAME = 200  # characters
MOST_PARAMETERS = 1 << 53  # of a model: a larger figure is none

# What is no chat model, by words of its name, type, family or abilities; and what its server has elsewhere.
OTHER_KINDS = re2.compile(
    r"(?i)embed|rerank|whisper|minilm|\bbert\b|nomic-bert|\b(?:bge|gte|e5|clip|tts|asr|sdxl|flux)\b|speech|diffusion"
    r"|parakeet|guard"
)
ELSEWHERE = re2.compile(r"[:-]cloud$")
# A number of parameters: 3.2B, 135M, 8x7B, also in the midst of a name.
PARAMETERS = re2.compile(r"(?i)(?:(\d{1,3})x)?(\d{1,5}(?:\.\d{1,5})?)([bmt])(?:$|[^a-z0-9])")
BILLIONS = {"m": 1e-3, "b": 1.0, "t": 1e3}


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A chat model that a server on this machine has; `billions` of parameters, 0 where nothing tells them.

    `is_loaded` is whether it answers without being loaded first; None where the server does not tell.
    """

    server: str
    address: str
    name: str
    billions: float = 0.0
    is_loaded: bool | None = None

    @property
    def base_url(self) -> str:
        """The value for OPENAI_BASE_URL."""
        return f"{self.address}/v1"


async def find_local_models(addresses: Sequence[str] = ADDRESSES) -> list[LocalModel]:
    """Return the chat models that are there, none where nothing listens: those that are loaded first, then by size.

    Takes half a second at the most. Nothing is sent but the question which models there are.
    """
    async with open_http_client(len(addresses) * len(LISTS) or 1) as client:
        found = await asyncio.gather(*(_ask_server(client, address) for address in addresses))
    models = [model for each in found for model in each]
    return sorted(models, key=lambda model: (bool(model.is_loaded), model.billions), reverse=True)


async def _ask_server(client: httpx.AsyncClient, address: str) -> list[LocalModel]:
    """Return a server's chat models, as the first of its lists has them."""
    listings = await asyncio.gather(*(_fetch_list(client, f"{address}{path}", key) for path, key, _ in LISTS))
    for (_, _, server), listing in zip(LISTS, listings, strict=True):
        if listing:
            return list(_read_list(listing, server, address))
    return []


async def _fetch_list(client: httpx.AsyncClient, url: str, key: str) -> list[Entry]:
    """Return a list's entries, none where something else answers than a server of models."""
    try:
        response = await fetch_response(
            client, client.build_request("GET", url), largest=LARGEST_LIST, seconds=PATIENCE
        )
        told = decode_json(response.content) if response.is_success else None
    except (ModelError, ValueError):
        return []
    if not isinstance(told, Mapping) or not isinstance(told.get(key), list):
        return []
    return [entry for entry in list_entries({key: told[key][:MOST_MODELS]}) if _is_model(entry)]


def _is_model(entry: Entry) -> bool:
    """Whether an entry is a model, and not what another program on that port has a list of."""
    return bool(_name_of(entry)) and ("details" in entry or entry.get("object") == "model")


def _read_list(listing: Sequence[Entry], server: str, address: str) -> Iterator[LocalModel]:
    for entry in listing:
        if _is_chat_model(entry) and _is_here(entry):
            loaded = entry["state"] == "loaded" if "state" in entry else None
            known = server or OWNERS.get(str(entry.get("owned_by")), "a model server")
            yield LocalModel(known, address, _name_of(entry), count_billions(entry), loaded)


def _name_of(entry: Entry) -> str:
    name = entry.get("id") or entry.get("name") or ""
    return name if isinstance(name, str) and len(name) <= LONGEST_NAME and name.isprintable() else ""


def _details_of(entry: Entry) -> Entry:
    details = entry.get("details")
    return details if isinstance(details, Mapping) else {}


def _is_chat_model(entry: Entry) -> bool:
    details = _details_of(entry)
    words = (_name_of(entry), entry.get("type"), entry.get("arch"), details.get("family"), details.get("families"))
    return not any(OTHER_KINDS.search(str(word)[:LONGEST_NAME]) for word in words)


def _is_here(entry: Entry) -> bool:
    """Whether the model runs on this machine: Ollama lists some that run at its maker's."""
    return not entry.get("remote_host") and not ELSEWHERE.search(_name_of(entry))


def count_billions(entry: Entry) -> float:
    """Return how many billions of parameters a model has, by what its server tells or by its name; 0 for unknown."""
    meta = entry.get("meta")
    number = meta.get("n_params") if isinstance(meta, Mapping) else None
    if isinstance(number, int) and 0 < number < MOST_PARAMETERS:
        return number / 1e9
    texts = (str(_details_of(entry).get("parameter_size", ""))[:LONGEST_NAME], _name_of(entry))
    found = ([_billions(match) for match in PARAMETERS.finditer(text)] for text in texts)
    return next((max(sizes) for sizes in found if sizes), 0.0)


def _billions(match: re2._Match) -> float:
    times, figure, unit = match.groups()
    return float(times or 1) * float(figure) * BILLIONS[unit.lower()]
