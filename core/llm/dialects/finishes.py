"""The words for how an answer ended, and what each of them means; one that is not here means that it was broken off."""

from typing import Literal

End = Literal["done", "length", "filter", "broken"]

ENDS: dict[End, tuple[str, ...]] = {
    "done": (
        "stop", "end_turn", "stop_sequence", "eos", "eos_token", "end_of_text", "stop_token", "stop_str",
        "complete", "completed", "done", "finish", "finished", "success", "normal",
        "tool_calls", "tool_use", "function_call",
    ),  # OpenAI; Anthropic; TGI; Cohere; others
    "length": (
        "length", "max_tokens", "max_output_tokens", "max_completion_tokens", "max_length", "model_length",
        "token_limit", "model_context_window_exceeded", "context_length_exceeded", "incomplete", "truncated",
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


def end_of(reason: str) -> End:
    """Return what a finish reason means, whatever its case and whatever an enumeration puts before it."""
    word = reason.strip().lower().replace("-", "_").replace(" ", "_").removeprefix("finish_reason_")
    return MEANINGS.get(word, "broken")
