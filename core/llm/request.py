"""The body of a request for a chat completion, made from what an operator sets."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from core.llm.settings import ModelSettings
from core.messages import Image, PromptMessage, ToolCall

Body = dict[str, Any]

OPENAI = (".openai.com", ".openai.azure.com")  # hosts that know `safety_identifier` for `user`, and `prompt_cache_key`


@dataclass(frozen=True, slots=True)
class OfferedTools:
    """The tools that go with a request, as the API takes them; with `is_last` none of them may be called any more."""

    schemas: tuple[Mapping[str, Any], ...] = ()
    is_last: bool = False

    @property
    def may_call(self) -> bool:
        """Whether the model may call a tool."""
        return bool(self.schemas) and not self.is_last

    def parameters(self) -> Body:
        """Return the parameters of a request that offer them (OpenAI API reference, Create chat completion)."""
        if not self.schemas:
            return {}
        return {"tools": list(self.schemas), **({"tool_choice": "none"} if self.is_last else {})}


NOTHING_OFFERED = OfferedTools()


def chat_body(
    options: ModelSettings, prompt: Sequence[PromptMessage], user: str, offered: OfferedTools = NOTHING_OFFERED
) -> Body:
    """Return the body of a request, with only those parameters that are set.

    Where no tool is offered, what was called before is told in words: some servers refuse calls without a list of
    tools beside them (Anthropic's and Bedrock's compatible addresses).
    """
    messages = [_message_body(message) for message in prompt]
    if not offered.schemas and "tools" not in options.extra_body:
        messages = word_calls(messages)
    if options.opening:
        messages.append({"role": "assistant", "content": options.opening})
    return {
        "model": options.model,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        **_parameters(options),
        **offered.parameters(),
        **_own_parameters(options, user, messages),
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
    own = json.loads(call.extra) if call.extra else {}
    return {**own, "id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def word_calls(messages: Sequence[Body]) -> list[Body]:
    """Return messages in which calls and their results are text, for a model that knows no tools.

    A result stays what it is, data in the user's role: it says of itself that it is one.
    """
    return [_word_call(message) for message in messages]


def _word_call(message: Body) -> Body:
    if message["role"] == "tool":
        return {"role": "user", "content": message["content"]}
    if not message.get("tool_calls"):
        return message
    names = ", ".join(call["function"]["name"] for call in message["tool_calls"])
    return {"role": message["role"], "content": message["content"] or f"(I looked this up with {names}.)"}


def _picture_part(image: Image) -> Body:
    return {"type": "image_url", "image_url": {"url": image.url}}


def _own_parameters(options: ModelSettings, user: str, messages: Sequence[Body]) -> Body:
    """Return what tells OpenAI whose request it is and of which conversation, and others the former in its older name.

    Requests of one key and one beginning are sent to where that is cached (OpenAI docs, Prompt caching); the beginning
    of a conversation makes the key, so that it says nothing that the request does not.
    """
    asker = {"user": hash_user(user, options.user_salt)} if options.user_salt else {}
    host = urlsplit(options.base_url).hostname or ""
    if not f".{host}".endswith(OPENAI):
        return asker
    beginning = json.dumps([options.model, *messages[:2]], sort_keys=True).encode()
    key = {"prompt_cache_key": hashlib.sha256(beginning).hexdigest()[:32]}
    return {**key, **({"safety_identifier": asker["user"]} if asker else {})}


def hash_user(user: str, salt: str) -> str:
    """Return who asks as 32 characters that say nothing to whoever does not have the salt."""
    return hmac.new(salt.encode(), user.encode(), hashlib.sha256).hexdigest()[:32]


def _parameters(options: ModelSettings) -> Body:
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
