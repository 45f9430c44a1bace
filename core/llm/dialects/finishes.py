"""The words for how an answer ended, and what each of them means; one that is not here means that it was broken off."""

from typing import Any, Literal

import re2

End = Literal["done", "length", "filter", "broken"]

ENDS: dict[End, tuple[str, ...]] = {
    "done": (
        "stop", "end_turn", "end_of_turn", "stop_sequence", "eos", "eos_token", "eos_token_id", "end_of_text",
        "stop_token", "stop_str",
        "complete", "completed", "done", "finish", "finished", "success", "normal",
        "tool_calls", "tool_call", "tool_use", "function_call",
    ),  # OpenAI; Anthropic; TGI; Cohere; others
    "length": (
        "length", "max_tokens", "max_output_tokens", "max_completion_tokens", "max_length", "model_length",
        "token_limit", "model_context_window_exceeded", "context_window", "incomplete", "truncated", "limit",
    ),  # OpenAI, Gemini and Anthropic, Mistral, watsonx
    "filter": (
        "content_filter", "content_filtered", "safety", "recitation", "blocklist", "prohibited_content", "spii",
        "image_safety", "language", "sensitive", "refusal", "moderation", "guardrail", "guardrail_intervened",
        "guardrails", "risk", "blocked",
    ),  # OpenAI, Gemini, GLM, Anthropic, Bedrock
    "broken": (
        "error", "abort", "aborted", "cancelled", "canceled", "insufficient_system_resource", "network_error",
        "timeout", "other", "unknown", "malformed_function_call", "model_error", "unexpected",
    ),  # OpenRouter, vLLM and SGLang, DeepSeek, GLM, Gemini
}  # fmt: skip
MEANINGS: dict[str, End] = {word: end for end, words in ENDS.items() for word in words}
# Of a word that is not above, each of these parts tells enough.
PARTS: dict[str, End] = {
    **dict.fromkeys(("length", "tokens", "ctx"), "length"),
    **dict.fromkeys(("filter", "safety", "policy", "prohibited", "toxic", "jailbreak", "sensitive"), "filter"),
}
NOT_YET = frozenset({"", "null", "none", "unspecified"})  # DashScope writes "null" into every chunk before the last
CAMEL = re2.compile(r"([a-z])([A-Z])")
BEFORE = re2.compile(r"^finish_?reason[_.]")  # what an enumeration puts before a word


def read_finish(value: Any) -> str:
    """Return a finish reason as a field tells it, empty where it tells none."""
    return value if isinstance(value, str) and _word(value) not in NOT_YET else ""


def end_of(reason: str) -> End:
    """Return what a finish reason means, however it is written and whatever an enumeration puts before it."""
    word = _word(reason)
    known = [PARTS[part] for part in word.split("_") if part in PARTS]
    return MEANINGS.get(word, known[0] if known else "broken")


def _word(reason: str) -> str:
    word = CAMEL.sub(r"\1_\2", reason.strip()).lower().replace("-", "_").replace(" ", "_")
    return str(BEFORE.sub("", word))
