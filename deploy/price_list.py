"""Makes core/spending/price_list.json anew from LiteLLM's public list: `python -m deploy.price_list FILE DATE`.

FILE is `model_prices_and_context_window.json` of github.com/BerriAI/litellm (MIT), DATE the day on which it was taken.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "core" / "spending" / "price_list.json"
NOTICE = (
    "Taken from model_prices_and_context_window.json of LiteLLM, https://github.com/BerriAI/litellm. Copyright (c) "
    "2023 Berri AI. Permission is hereby granted, free of charge, to any person obtaining a copy of this software and "
    "associated documentation files (the 'Software'), to deal in the Software without restriction, including without "
    "limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the "
    "Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions: "
    "The above copyright notice and this permission notice shall be included in all copies or substantial portions of "
    "the Software. THE SOFTWARE IS PROVIDED 'AS IS', WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT "
    "NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO "
    "EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN "
    "ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR "
    "OTHER DEALINGS IN THE SOFTWARE."
)
VENDORS = frozenset({
    "openai", "anthropic", "gemini", "groq", "mistral", "deepseek", "xai", "together_ai", "fireworks_ai", "deepinfra",
    "perplexity", "cerebras", "sambanova", "dashscope", "moonshot", "novita", "nebius", "zai",
})  # fmt: skip
MODES = frozenset({"chat", "responses", "embedding", "audio_transcription", "moderation"})
FIELDS: Mapping[str, str] = {
    "input_cost_per_token": "input",
    "cache_read_input_token_cost": "cached",
    "cache_creation_input_token_cost": "written",
    "output_cost_per_token": "output",
}
STEP = re.compile(r"_above_(\d+)k_tokens")
TIERS = ("flex", "priority")
PER_MILLION = Decimal(10) ** 15  # dollars for one token, as billionths of a dollar for a million
PER_MINUTE = 60 * Decimal(10) ** 9


def compact_price(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a model costs: billionths of a dollar for a million tokens, or for a minute of sound.

    `steps` are the prices that take the place of those by the tier of service, and above so many tokens of a prompt.
    """
    found: dict[tuple[str, int], dict[str, int]] = {}
    for name, value in entry.items():
        if known := _read_field(name):
            field, tier, above = known
            found.setdefault((tier, above), {})[field] = int(Decimal(str(value or 0)) * PER_MILLION)
    price: dict[str, Any] = found.pop(("", 0), {})
    seconds = entry.get("input_cost_per_second")
    if seconds and entry.get("mode") == "audio_transcription":
        price["minute"] = int(Decimal(str(seconds)) * PER_MINUTE)
    if entry.get("max_output_tokens") and entry.get("mode") != "embedding":
        price["longest"] = int(entry["max_output_tokens"])
    if found:
        price["steps"] = [{"tier": tier, "above": above, **rates} for (tier, above), rates in sorted(found.items())]
    return price


def _read_field(name: str) -> tuple[str, str, int] | None:
    """Return which rate a field of the list is, of which tier, and above how many tokens; None for any other."""
    tier = next((each for each in TIERS if name.endswith(f"_{each}")), "")
    rest = name.removesuffix(f"_{tier}") if tier else name
    step = STEP.search(rest)
    plain = STEP.sub("", rest, count=1)
    return (FIELDS[plain], tier, int(step[1]) * 1_000 if step else 0) if plain in FIELDS else None


def usual_prices(listed: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the models of the usual vendors that are asked for words, each with its price."""
    for name, entry in sorted(listed.items()):
        if entry.get("litellm_provider") in VENDORS and entry.get("mode") in MODES and not name.startswith("ft:"):
            price = compact_price(entry)
            if any(price.get(each) for each in ("input", "output", "minute")):  # what seems free is only not known
                yield name, price


def format_list(listed: Mapping[str, Mapping[str, Any]], taken: str) -> str:
    """Return the file's text, a model a line."""
    lines = [f"{json.dumps(name)}: {json.dumps(price, separators=(',', ':'))}" for name, price in usual_prices(listed)]
    head = f'{{"taken": {json.dumps(taken)},\n"notice": {json.dumps(NOTICE)},\n"models": {{\n'
    return head + ",\n".join(lines) + "\n}}\n"


def main() -> None:
    """Write the list anew."""
    source, taken = sys.argv[1:]
    TARGET.write_text(format_list(json.loads(Path(source).read_text()), taken))


if __name__ == "__main__":
    main()
