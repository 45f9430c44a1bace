"""What the stand-in endpoint refuses, as a table: rule, status, error code, and the test that sees it refused.

The sentences follow OpenAI's API reference for chat completions and the errors that it sends; those about roles
follow the chat templates that vLLM applies for Mistral and Gemma.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.sandbox.model_replies import Fault, error
from deploy.sandbox.model_stream import count

ROLES = ("system", "assistant", "user", "function", "tool", "developer")
PARTS = ("text", "image_url", "input_audio", "file", "refusal")
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


@dataclass(frozen=True, slots=True)
class Asked:
    """A request body, with what the endpoint knows of the model that it names. `window` is in tokens."""

    body: Mapping[str, Any]
    models: Mapping[str, frozenset[str]]
    window: int | None = None

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The prompt."""
        messages: list[dict[str, Any]] = self.body["messages"]
        return messages

    @property
    def traits(self) -> frozenset[str]:
        """What is particular about the model."""
        return self.models.get(self.body.get("model", ""), frozenset())


@dataclass(frozen=True, slots=True)
class Broken:
    """How a request breaks a rule."""

    message: str
    param: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is refused, and the name of the test in tests/test_sandbox_model.py that sees it."""

    name: str
    status: int
    code: str | None
    test: str
    check: Callable[[Asked], Broken | None]

    def refuse(self, asked: Asked) -> Fault | None:
        """Return the refusal, or None where the rule is kept."""
        broken = self.check(asked)
        if broken is None:
            return None
        return Fault(self.status, error(broken.message, "invalid_request_error", self.code, broken.param))


def _no_model(asked: Asked) -> Broken | None:
    return None if asked.body.get("model") else Broken("you must provide a model parameter")


def _unknown_model(asked: Asked) -> Broken | None:
    name = asked.body["model"]
    if name in asked.models:
        return None
    return Broken(f"The model `{name}` does not exist or you do not have access to it.")


def _completions_only(asked: Asked) -> Broken | None:
    if "completions-only" not in asked.traits:
        return None
    return Broken(
        "This is not a chat model and thus not supported in the v1/chat/completions endpoint. "
        "Did you mean to use v1/completions?",
        "model",
    )


def _no_messages(asked: Asked) -> Broken | None:
    return None if "messages" in asked.body else Broken("Missing required parameter: 'messages'.", "messages")


def _empty_messages(asked: Asked) -> Broken | None:
    if isinstance(asked.body["messages"], list) and asked.messages:
        return None
    return Broken("Invalid 'messages': empty array. Expected an array with minimum length 1.", "messages")


def _role(asked: Asked) -> Broken | None:
    for index, message in enumerate(asked.messages):
        if message.get("role") not in ROLES:
            supported = ", ".join(f"'{role}'" for role in ROLES)
            return Broken(
                f"Invalid value: '{message.get('role')}'. Supported values are: {supported}.",
                f"messages[{index}].role",
            )
    return None


def _content(asked: Asked) -> Broken | None:
    for index, message in enumerate(asked.messages):
        missing = message.get("content") is None and message["role"] != "assistant"
        if missing or not isinstance(message.get("content"), str | list | None):
            where = f"messages[{index}].content"
            return Broken(f"Invalid type for '{where}': expected one of a string or array of objects.", where)
    return None


def _part(asked: Asked) -> Broken | None:
    for index, message in enumerate(asked.messages):
        parts = message["content"] if isinstance(message.get("content"), list) else []
        for place, part in enumerate(parts):
            if part.get("type") not in PARTS:
                return Broken(f"Invalid value: '{part.get('type')}'.", f"messages[{index}].content[{place}].type")
    return None


def _name(asked: Asked) -> Broken | None:
    for index, message in enumerate(asked.messages):
        if not re.fullmatch(r"[^\s<|\\/>]{1,64}", message.get("name", "name")):
            where = f"messages[{index}].name"
            return Broken(f"Invalid '{where}': string does not match pattern '^[^\\s<|\\\\/>]+$'.", where)
    return None


def _unknown_parameter(asked: Asked) -> Broken | None:
    unknown = next((name for name in asked.body if name not in PARAMETERS), None)
    return Broken(f"Unknown parameter: '{unknown}'.", unknown) if unknown else None


def _number_type(asked: Asked) -> Broken | None:
    for name in (*NUMBERS, *INTEGERS):
        value = asked.body.get(name)
        expected = int | float | None if name in NUMBERS else int | None
        if isinstance(value, bool) or not isinstance(value, expected):
            return Broken(f"Invalid type for '{name}': expected a number, but got {value!r} instead.", name)
    return None


def _too_large(asked: Asked) -> Broken | None:
    return _beyond(asked, 1, "above maximum value. Expected a value <=")


def _too_small(asked: Asked) -> Broken | None:
    return _beyond(asked, 0, "below minimum value. Expected a value >=")


def _beyond(asked: Asked, end: int, words: str) -> Broken | None:
    for name, bounds in {**NUMBERS, **INTEGERS}.items():
        value = asked.body.get(name)
        if value is not None and (value > bounds[1] if end else value < bounds[0]):
            return Broken(f"Invalid '{name}': {words} {bounds[end]}, but got {value} instead.", name)
    return None


def _stop(asked: Asked) -> Broken | None:
    stop = asked.body.get("stop")
    if not isinstance(stop, list) or len(stop) <= 4:
        return None
    return Broken("Invalid 'stop': array too long. Expected an array with maximum length 4.", "stop")


def _logit_bias(asked: Asked) -> Broken | None:
    for token, bias in (asked.body.get("logit_bias") or {}).items():
        if not token.isdecimal() or not -100 <= bias <= 100:
            return Broken(f"Invalid key or value in 'logit_bias': {token}. Values are from -100 to 100.", "logit_bias")
    return None


def _both_limits(asked: Asked) -> Broken | None:
    if not {"max_tokens", "max_completion_tokens"} <= asked.body.keys():
        return None
    return Broken("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", "max_tokens")


def _stream_options(asked: Asked) -> Broken | None:
    if "stream_options" not in asked.body or asked.body.get("stream"):
        return None
    return Broken("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")


def _old_endpoint(asked: Asked) -> Broken | None:
    if "no-stream-options" not in asked.traits or "stream_options" not in asked.body:
        return None
    return Broken("Unrecognized request argument supplied: stream_options")


def _reasoning_parameter(asked: Asked) -> Broken | None:
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


def _reasoning_value(asked: Asked) -> Broken | None:
    value = asked.body.get("temperature", 1)
    if "reasoning" not in asked.traits or value == 1:
        return None
    return Broken(
        f"Unsupported value: 'temperature' does not support {value} with this model. "
        "Only the default (1) value is supported.",
        "temperature",
    )


def _no_effort(asked: Asked) -> Broken | None:
    if "reasoning" in asked.traits or "reasoning_effort" not in asked.body:
        return None
    return Broken("Unrecognized request argument supplied: reasoning_effort")


def _system_role(asked: Asked) -> Broken | None:
    if "no-system" in asked.traits and any(message["role"] == "system" for message in asked.messages):
        return Broken("System role not supported")
    return None


def _alternate(asked: Asked) -> Broken | None:
    spoken = [message["role"] for message in asked.messages if message["role"] != "system"]
    if "alternate" not in asked.traits or all(
        role == ("user", "assistant")[index % 2] for index, role in enumerate(spoken)
    ):
        return None
    return Broken("Conversation roles must alternate user/assistant/user/assistant/...")


def _window(asked: Asked) -> Broken | None:
    length = count(asked.messages)
    if asked.window is None or length <= asked.window:
        return None
    return Broken(
        f"This model's maximum context length is {asked.window} tokens. However, your messages resulted in "
        f"{length} tokens. Please reduce the length of the messages.",
        "messages",
    )


# In the order in which they are looked at: a later rule may rely on the earlier ones.
RULES: tuple[Rule, ...] = (
    Rule("a model is named", 400, None, "test_a_body_without_a_model_is_refused", _no_model),
    Rule("the model exists", 404, "model_not_found", "test_an_unknown_model_is_refused", _unknown_model),
    Rule("the model can chat", 404, None, "test_a_completions_model_is_refused", _completions_only),
    Rule("there are messages", 400, "missing_required_parameter", "test_no_messages_are_refused", _no_messages),
    Rule("messages hold something", 400, "empty_array", "test_an_empty_prompt_is_refused", _empty_messages),
    Rule("roles are known", 400, "invalid_value", "test_an_unknown_role_is_refused", _role),
    Rule("content is text or parts", 400, "invalid_type", "test_content_that_is_a_number_is_refused", _content),
    Rule("parts are known", 400, "invalid_value", "test_an_unknown_part_is_refused", _part),
    Rule("names are plain", 400, "invalid_value", "test_a_name_with_a_space_is_refused", _name),
    Rule("parameters are known", 400, "unknown_parameter", "test_an_unknown_parameter_is_refused", _unknown_parameter),
    Rule("numbers are numbers", 400, "invalid_type", "test_a_limit_that_is_text_is_refused", _number_type),
    Rule("numbers are not too large", 400, "decimal_above_max_value", "test_a_temperature_of_3_is_refused", _too_large),
    Rule("numbers are not too small", 400, "integer_below_min_value", "test_a_limit_of_0_is_refused", _too_small),
    Rule("four stops at most", 400, "array_above_max_length", "test_five_stops_are_refused", _stop),
    Rule("biases are in range", 400, "invalid_value", "test_a_bias_of_101_is_refused", _logit_bias),
    Rule("one limit", 400, "invalid_parameter_combination", "test_two_limits_are_refused", _both_limits),
    Rule("options need a stream", 400, None, "test_stream_options_without_a_stream_are_refused", _stream_options),
    Rule("an old endpoint", 400, None, "test_an_old_endpoint_refuses_stream_options", _old_endpoint),
    Rule("reasoning: parameters", 400, "unsupported_parameter", "test_reasoning_refuses_a_limit", _reasoning_parameter),
    Rule("reasoning: values", 400, "unsupported_value", "test_reasoning_refuses_a_temperature", _reasoning_value),
    Rule("effort needs reasoning", 400, None, "test_an_effort_without_reasoning_is_refused", _no_effort),
    Rule("no system role", 400, None, "test_a_strict_template_refuses_the_system_role", _system_role),
    Rule("roles alternate", 400, None, "test_a_strict_template_refuses_two_users_in_a_row", _alternate),
    Rule("the window", 400, "context_length_exceeded", "test_a_prompt_beyond_the_window_is_refused", _window),
)


def refused(asked: Asked) -> Fault | None:
    """Return the refusal of the first rule that a request breaks, or None."""
    return next((fault for rule in RULES if (fault := rule.refuse(asked))), None)
