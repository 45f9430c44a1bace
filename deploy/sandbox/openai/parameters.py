"""How the parameters of a request can break the stand-in endpoint's rules; each check returns how, or None.

The names, the bounds and the sentences are those of OpenAI's API reference for chat completions.
"""

from collections.abc import Mapping

from deploy.sandbox.openai.checks import Asked, Broken

PARAMETERS = frozenset(
    {
        *(
            "model",
            "messages",
            "stream",
            "stream_options",
            "max_tokens",
            "max_completion_tokens",
            "temperature",
            "top_p",
        ),
        *(
            "presence_penalty",
            "frequency_penalty",
            "stop",
            "seed",
            "logit_bias",
            "logprobs",
            "top_logprobs",
            "n",
            "user",
        ),
        *("safety_identifier", "prompt_cache_key", "reasoning_effort", "verbosity", "response_format", "tools"),
        *(
            "tool_choice",
            "parallel_tool_calls",
            "metadata",
            "store",
            "service_tier",
            "modalities",
            "audio",
            "prediction",
        ),
        *("web_search_options", "functions", "function_call"),
    }
)
NUMBERS: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
}
INTEGERS: Mapping[str, tuple[int, int]] = {
    "max_tokens": (1, 1_000_000),
    "max_completion_tokens": (1, 1_000_000),
    "n": (1, 128),
    "seed": (-(2**63), 2**63 - 1),
}


def unknown_parameter(asked: Asked) -> Broken | None:
    """Every parameter is one that OpenAI knows."""
    unknown = next((name for name in asked.body if name not in PARAMETERS), None)
    return Broken(f"Unknown parameter: '{unknown}'.", unknown) if unknown else None


def number_type(asked: Asked) -> Broken | None:
    """Numbers are numbers."""
    for name in (*NUMBERS, *INTEGERS):
        value = asked.body.get(name)
        expected = int | float | None if name in NUMBERS else int | None
        if isinstance(value, bool) or not isinstance(value, expected):
            return Broken(f"Invalid type for '{name}': expected a number, but got {value!r} instead.", name)
    return None


def too_large(asked: Asked) -> Broken | None:
    """No number is above its bound."""
    return _beyond(asked, 1, "above maximum value. Expected a value <=")


def too_small(asked: Asked) -> Broken | None:
    """No number is below its bound."""
    return _beyond(asked, 0, "below minimum value. Expected a value >=")


def _beyond(asked: Asked, end: int, words: str) -> Broken | None:
    for name, bounds in {**NUMBERS, **INTEGERS}.items():
        value = asked.body.get(name)
        if value is not None and (value > bounds[1] if end else value < bounds[0]):
            return Broken(f"Invalid '{name}': {words} {bounds[end]}, but got {value} instead.", name)
    return None


def stop(asked: Asked) -> Broken | None:
    """There are four stop sequences at most."""
    stop = asked.body.get("stop")
    if not isinstance(stop, list) or len(stop) <= 4:
        return None
    return Broken("Invalid 'stop': array too long. Expected an array with maximum length 4.", "stop")


def logit_bias(asked: Asked) -> Broken | None:
    """Biases are given by a token's number, from -100 to 100."""
    for token, bias in (asked.body.get("logit_bias") or {}).items():
        if not token.isdecimal() or not -100 <= bias <= 100:
            return Broken(f"Invalid key or value in 'logit_bias': {token}. Values are from -100 to 100.", "logit_bias")
    return None


def both_limits(asked: Asked) -> Broken | None:
    """Only one limit of tokens is set."""
    if not {"max_tokens", "max_completion_tokens"} <= asked.body.keys():
        return None
    return Broken("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", "max_tokens")


def stream_options(asked: Asked) -> Broken | None:
    """Options of a stream come with a stream."""
    if "stream_options" not in asked.body or asked.body.get("stream"):
        return None
    return Broken("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")


def old_endpoint(asked: Asked) -> Broken | None:
    """An endpoint from before `stream_options` is not sent them."""
    if "no-stream-options" not in asked.traits or "stream_options" not in asked.body:
        return None
    return Broken("Unrecognized request argument supplied: stream_options")


def reasoning_parameter(asked: Asked) -> Broken | None:
    """A reasoning model is not sent what only others take."""
    if "reasoning" not in asked.traits:
        return None
    if "max_tokens" in asked.body:
        return Broken(
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            "max_tokens",
        )
    refused = ("presence_penalty", "frequency_penalty", "top_p", "logit_bias", "stop")
    name = next((name for name in refused if name in asked.body), None)
    return Broken(f"Unsupported parameter: '{name}' is not supported with this model.", name) if name else None


def reasoning_value(asked: Asked) -> Broken | None:
    """A reasoning model is left its own temperature."""
    value = asked.body.get("temperature", 1)
    if "reasoning" not in asked.traits or value == 1:
        return None
    return Broken(
        f"Unsupported value: 'temperature' does not support {value} with this model. "
        "Only the default (1) value is supported.",
        "temperature",
    )


def no_effort(asked: Asked) -> Broken | None:
    """Only a reasoning model is told how hard to think."""
    if "reasoning" in asked.traits or "reasoning_effort" not in asked.body:
        return None
    return Broken("Unrecognized request argument supplied: reasoning_effort")
