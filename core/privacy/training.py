"""Endpoints whose terms let them train on what they are sent, as far as that shows in an address and a model's name.

Discord's Developer Policy forbids to train on messages that its API gave.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TrainingTerms:
    """An endpoint by the end of its host, the end of its models' names that it holds for, and what its terms say."""

    host: str
    model: str
    note: str


TERMS = (
    TrainingTerms(
        "generativelanguage.googleapis.com",
        "",
        "On its free tier Google uses what it is sent to improve its products (Gemini API Additional Terms); with "
        "billing it does not",
    ),
    TrainingTerms(
        "openrouter.ai",
        ":free",
        "Providers behind OpenRouter's free models may train on what they are sent",
    ),
    TrainingTerms(
        "api.mistral.ai",
        "",
        "On its free plan Mistral may train on what it is sent, unless that is switched off in its console",
    ),
)


def training_note(host: str, model: str, extra_body: Mapping[str, Any]) -> str:
    """Return what an endpoint's terms say of training, empty where nothing is known or the request forbids it."""
    name = host.rpartition(":")[0] or host
    provider = extra_body.get("provider")
    if isinstance(provider, Mapping) and provider.get("data_collection") == "deny":  # OpenRouter, Provider Routing
        return ""
    found = (each.note for each in TERMS if f".{name}".endswith(f".{each.host}") and model.endswith(each.model))
    return next(found, "")
