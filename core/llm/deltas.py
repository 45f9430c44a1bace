"""What one piece of an answer holds: text, thoughts that come apart from it, and what it all cost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import re2

from core.errors import GarbledAnswer
from core.messages import Usage
from core.sanitize import valid_text

# Beside the text, in a delta or a message, whatever each server calls it: `reasoning_content` (DeepSeek, vLLM),
# `reasoning` (OpenRouter, Ollama), `reasoning_details`, `reasoning_text` (GLM), `thinking_blocks` (LiteLLM), `thought`,
# `reasoning_steps` (Perplexity), `tool_plan` (Cohere). A call of a tool is no text either, and a sign of life as well.
THOUGHTS = re2.compile(r"(?i)reason|think|thought|^tool_|^function_call$")
TEXT_PARTS = frozenset(
    {"text", "output_text", "refusal", ""}
)  # of a list of typed parts (Mistral); others are thoughts
DEEPEST = 8
NANOS = 10**9  # of a dollar
MOST_DOLLARS = 1e6  # that one call may be said to cost


@dataclass(frozen=True, slots=True)
class Delta:
    """The text that a piece adds, and how many characters of thought came with it."""

    text: str
    thought: int = 0


def read_delta(choice: Mapping[str, Any], said: Callable[[], str]) -> Delta:
    """Return what one choice of a chunk adds to what it has `said` before.

    A `message` holds all of the answer so far (Perplexity), or at its end: of that, what goes beyond. Raises
    GarbledAnswer for content that is none.
    """
    delta, message = choice.get("delta"), choice.get("message")
    found = _read(delta) if isinstance(delta, Mapping) else Delta("")
    if found.text or not isinstance(message, Mapping):
        text = choice.get("text")  # as of a completion that is no chat's
        is_plain = not found.text and not isinstance(delta, Mapping) and isinstance(text, str)
        return Delta(text or "", found.thought) if is_plain else found
    whole, before = _read(message), said()
    if not before.strip():
        return whole
    return Delta(whole.text[len(before) :] if whole.text.startswith(before) else "", found.thought)


def read_usage(chunk: Mapping[str, Any]) -> Usage | None:
    """Return what a chunk says of the costs; some endpoints tell it with every chunk, and the last one counts."""
    apart = chunk.get("x_groq")
    told = chunk.get("usage") or (apart.get("usage") if isinstance(apart, Mapping) else None)
    if not isinstance(told, Mapping):
        return None
    asked, answered = _count(told.get("prompt_tokens")), _count(told.get("completion_tokens"))
    of_prompt, of_answer = _details(told, "prompt_tokens_details"), _details(told, "completion_tokens_details")
    # DeepSeek and Moonshot name the cached ones beside the others; OpenRouter and LiteLLM tell what was written
    cached = of_prompt.get("cached_tokens") or told.get("prompt_cache_hit_tokens") or told.get("cached_tokens")
    written = of_prompt.get("cache_write_tokens") or told.get("cache_creation_input_tokens")
    reasoning = _count(of_answer.get("reasoning_tokens"))
    if reasoning and _count(told.get("total_tokens")) == asked + answered + reasoning:
        answered += reasoning  # xAI counts it beside the answer
    model, tier = (_name(chunk.get(each)) for each in ("model", "service_tier"))
    return Usage(asked, answered, _count(cached), model, reasoning, _count(written), nanos_of(told.get("cost")), tier)


def nanos_of(dollars: Any) -> int | None:
    """Return dollars, as a number of JSON tells them, in billionths of one; None for what is no price."""
    is_number = isinstance(dollars, int | float) and not isinstance(dollars, bool)
    if not is_number or not 0 <= dollars < MOST_DOLLARS:
        return None
    return round(Decimal(str(dollars)) * NANOS)


def _details(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = told.get(name)
    return found if isinstance(found, Mapping) else {}


def _name(value: Any) -> str:
    return valid_text(value) if isinstance(value, str) else ""


def _read(delta: Mapping[str, Any]) -> Delta:
    text, thought = _content(delta.get("content"))
    thought += sum(_size(value, 0) for name, value in delta.items() if value and THOUGHTS.search(name))
    refusal = delta.get("refusal")
    if not text and isinstance(refusal, str):
        text = refusal
    return Delta("", thought + len(text)) if _is_marked(delta) else Delta(text, thought)


def _is_marked(delta: Mapping[str, Any]) -> bool:
    """Whether a delta says of itself that it is a thought (Gemini's compatible address)."""
    extra = delta.get("extra_content")
    google = extra.get("google") if isinstance(extra, Mapping) else None
    return isinstance(google, Mapping) and google.get("thought") is True


def _content(content: Any) -> tuple[str, int]:
    """Return the text of a content and the size of its thoughts: it is words, a typed part, or a list of such."""
    if content is None or isinstance(content, str):
        return content or "", 0
    parts = [content] if isinstance(content, Mapping) else content
    if not isinstance(parts, list):
        raise GarbledAnswer("content that is neither a text nor parts")
    texts, thought = [], 0
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, Mapping) and (part.get("type") or "") in TEXT_PARTS and not part.get("thought"):
            texts.append(_words(part))
        else:
            thought += _size(part, 0)
    return "".join(texts), thought


def _words(part: Mapping[str, Any]) -> str:
    said = part.get("text") or part.get("refusal") or ""
    said = said.get("value") if isinstance(said, Mapping) else said
    return said if isinstance(said, str) else ""


def _size(value: Any, depth: int) -> int:
    """Return how much a thought holds, in characters; one for what holds none, so that it still is a sign of life."""
    if isinstance(value, Mapping | list) and depth < DEEPEST:
        parts = value.values() if isinstance(value, Mapping) else value
        return sum(_size(part, depth + 1) for part in parts) or 1
    return max(len(value), 1) if isinstance(value, str) else 1


def _count(value: Any) -> int:
    return value if isinstance(value, int) and 0 <= value < 1 << 53 else 0
