"""What an endpoint says of its models' windows, in the fields of those vendors that tell it."""

from collections.abc import Mapping
from typing import Any

FIELDS = (
    "loaded_context_length",  # LM Studio: as loaded, which may be less than the model can
    "max_model_len",  # vLLM
    "n_ctx",  # llama.cpp
    "context_length",  # OpenRouter, Together
    "context_window",  # Groq
    "max_context_length",  # Mistral, LM Studio
    "max_input_tokens",  # Anthropic
    "input_token_limit",  # Gemini
)
WITHIN = ("top_provider", "meta")  # OpenRouter: the provider that answers; llama.cpp


def window_of(listing: Any, model: str) -> int | None:
    """Return the window of a model in tokens, from the body of `/models`; None where it is not told."""
    found = listing.get("data") if isinstance(listing, Mapping) else None
    entries = [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []
    named = [entry for entry in entries if str(entry.get("id", "")).removeprefix("models/") == model]
    return next((size for entry in named if (size := _size(entry))), None)


def _size(entry: Mapping[str, Any]) -> int | None:
    inner = [entry[name] for name in WITHIN if isinstance(entry.get(name), Mapping)]
    told = (place.get(field) for place in (*inner, entry) for field in FIELDS)
    return next((size for size in told if isinstance(size, int) and size > 0), None)
