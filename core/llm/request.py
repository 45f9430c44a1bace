"""What a chat completion is asked with: the options that an operator sets, and the body that they make."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.messages import Image, PromptMessage, ToolCall

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """An endpoint, a model, and every parameter of a request; None leaves a parameter out of it.

    `opening` is text that the answer begins with. `user_salt` makes the endpoint be sent a hash of who asks, for
    its abuse reports. `extra_body` is merged into the body last. All times are in seconds: `first_token_timeout`
    runs from the beginning of the call, retries included, and `retry_deadline` is when the last retry may begin.
    An answer ends after `answer_timeout`, and after `answer_characters`, thoughts included.
    """

    base_url: str
    api_key: str = field(repr=False)
    model: str
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    logit_bias: Mapping[str, float] | None = None
    n: int | None = None
    reasoning_effort: str | None = None
    opening: str = ""
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    user_salt: str = field(default="", repr=False)
    connect_timeout: float = 5.0
    first_token_timeout: float = 36.0
    silence_timeout: float = 20.0
    retry_deadline: float = 16.0
    answer_timeout: float = 900.0
    answer_characters: int = 400_000
    max_connections: int = 64


def chat_body(options: ModelOptions, prompt: Sequence[PromptMessage], user: str) -> Body:
    """Return the body of a request, with only those parameters that are set."""
    messages = [_message_body(message) for message in prompt]
    if options.opening:
        messages.append({"role": "assistant", "content": options.opening})
    return {
        "model": options.model,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        **_parameters(options),
        **({"user": hash_user(user, options.user_salt)} if options.user_salt else {}),
        **options.extra_body,
    }


def _message_body(message: PromptMessage) -> Body:
    """Return a message as the API takes it: text, parts where pictures go with it, calls, or the result of one.

    OpenAI API reference, Create chat completion: an assistant's content may be null where it calls tools.
    """
    if message.calls:
        calls = [_call_body(call) for call in message.calls]
        return {"role": message.role, "content": message.content or None, "tool_calls": calls}
    if message.call_id:
        return {"role": message.role, "content": message.content, "tool_call_id": message.call_id}
    if not message.images:
        return {"role": message.role, "content": message.content}
    text = {"type": "text", "text": message.content}
    return {"role": message.role, "content": [text, *map(_picture_part, message.images)]}


def _call_body(call: ToolCall) -> Body:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _picture_part(image: Image) -> Body:
    return {"type": "image_url", "image_url": {"url": image.url}}


def hash_user(user: str, salt: str) -> str:
    """Return who asks as 32 characters that say nothing to whoever does not have the salt."""
    return hmac.new(salt.encode(), user.encode(), hashlib.sha256).hexdigest()[:32]


def _parameters(options: ModelOptions) -> Body:
    # Reasoning models refuse `max_tokens`, and older endpoints know nothing else (OpenAI API reference).
    limit = "max_completion_tokens" if options.reasoning_effort else "max_tokens"
    values: Body = {
        limit: options.max_tokens,
        "temperature": options.temperature,
        "top_p": options.top_p,
        "presence_penalty": options.presence_penalty,
        "frequency_penalty": options.frequency_penalty,
        "stop": list(options.stop) or None,
        "seed": options.seed,
        "logit_bias": dict(options.logit_bias) if options.logit_bias else None,
        "n": options.n,
        "reasoning_effort": options.reasoning_effort,
    }
    return {name: value for name, value in values.items() if value is not None}
