"""Which price holds for a model: the operator's own, or that of the list which comes with the project."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from core.spending.prices import NOTHING, Price, read_price

THIS_MACHINE = "this machine"  # in place of a host, for what runs here
LIST = Path(__file__).with_name("price_list.json")
# How the list calls the vendor behind a host (LiteLLM's names of providers).
VENDORS: Mapping[str, str] = {
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral",
    "api.deepseek.com": "deepseek",
    "api.x.ai": "xai",
    "generativelanguage.googleapis.com": "gemini",
    "api.together.xyz": "together_ai",
    "api.fireworks.ai": "fireworks_ai",
    "api.deepinfra.com": "deepinfra",
    "api.perplexity.ai": "perplexity",
    "api.cerebras.ai": "cerebras",
    "api.sambanova.ai": "sambanova",
    "dashscope-intl.aliyuncs.com": "dashscope",
    "api.moonshot.ai": "moonshot",
    "api.novita.ai": "novita",
    "api.studio.nebius.com": "nebius",
    "api.z.ai": "zai",
}
DATED = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8})$")  # a version behind a model's name


class PriceBook:
    """The prices of all models; the list is read when the first model is looked for that is not the operator's own."""

    def __init__(self, own: Mapping[str, Price] | None = None, local_hosts: Sequence[str] = ()) -> None:
        """`own` are the operator's prices by the model's name, `local_hosts` those whose models cost nothing."""
        self._own = own or {}
        self._local_hosts = frozenset((THIS_MACHINE, *local_hosts))

    def price_of(self, model: str, host: str) -> Price | None:
        """Return what a model costs at a host (`name:port`), None where that is not known."""
        for name in (model, DATED.sub("", model)):
            if name in self._own:
                return self._own[name]
        if {host, host.partition(":")[0]} & self._local_hosts:
            return NOTHING
        names = [name for each in (model, DATED.sub("", model)) for name in _listed_names(each, host)]
        return next((read_price(self._models[name]) for name in names if name in self._models), None)

    def is_own(self, model: str) -> bool:
        """Whether the operator said what a model costs: then it does, whatever the endpoint reports."""
        return bool({model, DATED.sub("", model)} & self._own.keys())

    @property
    def date_taken(self) -> str:
        """The day on which the list was taken, as 2026-11-30."""
        return str(self._file["taken"])

    @property
    def _models(self) -> Mapping[str, Any]:
        listed: Mapping[str, Any] = self._file["models"]
        return listed

    @property
    def _file(self) -> Mapping[str, Any]:
        return _read_list()


@cache
def _read_list() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(LIST.read_text(encoding="utf-8"))
    return found


def _listed_names(model: str, host: str) -> list[str]:
    """Return the names by which the list may have a model, the surest first."""
    name = host.partition(":")[0]
    vendor = next((each for known, each in VENDORS.items() if name == known or name.endswith(f".{known}")), "")
    names = [f"{vendor}/{model}"] if vendor else []
    own = model.partition("/")[2] if name == "openrouter.ai" else ""  # openai/gpt-4o
    return [*names, model, *([own] if own else [])]
