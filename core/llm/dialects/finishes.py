"""The words for how an answer ended, and what each of them means; one that is not here means that it was broken off."""

from collections.abc import Mapping
from typing import Any, Literal

import re2

End = Literal["done", "length", "filter", "broken"]

ENDS: dict[End, tuple[str, ...]] = {
    "done": (
        "stop", "end_turn", "end_of_turn", "stop_sequence", "eos", "eos_token", "eos_token_id", "end_of_text",
        "stop_token", "stop_str", "stop_string", "stop_word", "eos_found", "endoftext", "end_of_sequence", "im_end",
        "complete", "completed", "done", "finish", "finished", "success", "normal", "1",
        "tool_calls", "tool_call", "tool_use", "function_call",
    ),  # OpenAI; Anthropic; TGI; Cohere; AI21; Gemini's enumeration by its numbers; others
    "length": (
        "length", "max_tokens", "max_output_tokens", "max_completion_tokens", "max_length", "model_length",
        "token_limit", "model_context_window_exceeded", "context_window", "incomplete", "truncated", "limit",
        "error_limit", "cutoff", "2",
    ),  # OpenAI, Gemini and Anthropic, Mistral, watsonx, Cohere
    "filter": (
        "content_filter", "content_filtered", "safety", "recitation", "blocklist", "prohibited_content", "spii",
        "image_safety", "language", "sensitive", "refusal", "moderation", "guardrail", "guardrail_intervened",
        "guardrails", "risk", "blocked", "3", "4", "6", "7", "8",
    ),  # OpenAI, Gemini, GLM, Anthropic, Bedrock
    "broken": (
        "error", "abort", "aborted", "cancelled", "canceled", "insufficient_system_resource", "network_error",
        "timeout", "other", "unknown", "malformed_function_call", "model_error", "unexpected",
    ),  # OpenRouter, vLLM and SGLang, DeepSeek, GLM, Gemini
}  # fmt: skip
MEANINGS: dict[str, End] = {word: end for end, words in ENDS.items() for word in words}
# Of a word that is not above, each of these parts tells enough.
PARTS: dict[str, End] = {
    **dict.fromkeys(("length", "tokens", "ctx", "context", "budget", "truncation", "truncated"), "length"),
    **dict.fromkeys(
        (
            "filter", "filtered", "safety", "unsafe", "policy", "prohibited", "toxic", "jailbreak", "sensitive",
            "harmful", "moderation", "moderated", "censored", "copyright", "recitation", "risk", "violation", "flagged",
            "guardrail", "guardrails", "blocked", "refusal", "refused",
        ),
        "filter",
    ),
}  # fmt: skip
# DashScope writes "null" into every chunk before the last, watsonx "not_finished"; Gemini's enumeration begins with 0.
NOT_YET = frozenset({"", "null", "none", "unspecified", "not_finished", "in_progress", "0"})
CAMEL = re2.compile(r"([a-z])([A-Z])")
LONGEST = 60  # characters of a word
BEFORE = re2.compile(r"^finish_?reason_")  # what an enumeration puts before a word


def read_finish(value: Any) -> str:
    """Return a finish reason as a field tells it, empty where it tells none.

    It is a word, a number of Gemini's enumeration, or SGLang's own object, `{"type": "abort", "message": …}`.
    """
    if isinstance(value, Mapping):
        value = value.get("type") or value.get("reason")
    told = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return told if _word(told) not in NOT_YET else ""


def end_of(reason: str) -> End:
    """Return what a finish reason means, however it is written and whatever an enumeration puts before it."""
    word = _word(reason)
    known = [PARTS[part] for part in word.split("_") if part in PARTS]
    is_filter = "filter" in known  # a filter's word beside a length's tells more
    return MEANINGS.get(word, "filter" if is_filter else known[0] if known else "broken")


def _word(reason: str) -> str:
    letters = CAMEL.sub(r"\1_\2", reason.strip()[:LONGEST]).lower()
    parts = "".join(letter if letter.isalnum() else " " for letter in letters).split()
    return str(BEFORE.sub("", "_".join(parts)))
