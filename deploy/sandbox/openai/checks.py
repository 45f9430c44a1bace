"""How a request can break the stand-in endpoint's rules; each check returns how it does, or None.

The sentences follow OpenAI's API reference for chat completions and the errors that it sends; those about roles
follow the chat templates that vLLM applies for Mistral and Gemma.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy.sandbox.openai.pictures import MOST, NoPicture, parts, picture, pictures
from deploy.sandbox.openai.stream import count

ROLES = ("system", "assistant", "user", "function", "tool", "developer")
PARTS = ("text", "image_url", "input_audio", "file", "refusal")


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


def no_model(asked: Asked) -> Broken | None:
    """A model is named."""
    return None if asked.body.get("model") else Broken("you must provide a model parameter")


def unknown_model(asked: Asked) -> Broken | None:
    """The model exists."""
    name = asked.body["model"]
    if name in asked.models:
        return None
    return Broken(f"The model `{name}` does not exist or you do not have access to it.")


def completions_only(asked: Asked) -> Broken | None:
    """The model takes chat completions."""
    if "completions-only" not in asked.traits:
        return None
    return Broken(
        "This is not a chat model and thus not supported in the v1/chat/completions endpoint. "
        "Did you mean to use v1/completions?",
        "model",
    )


def no_messages(asked: Asked) -> Broken | None:
    """There are messages."""
    return None if "messages" in asked.body else Broken("Missing required parameter: 'messages'.", "messages")


def empty_messages(asked: Asked) -> Broken | None:
    """The messages are a list that is not empty."""
    if isinstance(asked.body["messages"], list) and asked.messages:
        return None
    return Broken("Invalid 'messages': empty array. Expected an array with minimum length 1.", "messages")


def role(asked: Asked) -> Broken | None:
    """Every role is one that OpenAI knows."""
    for index, message in enumerate(asked.messages):
        said = message.get("role") if isinstance(message, dict) else message
        if said not in ROLES:
            supported = ", ".join(f"'{role}'" for role in ROLES)
            return Broken(
                f"Invalid value: '{said}'. Supported values are: {supported}.",
                f"messages[{index}].role",
            )
    return None


def content(asked: Asked) -> Broken | None:
    """Content is text or a list of parts; only an assistant may have none."""
    for index, message in enumerate(asked.messages):
        missing = message.get("content") is None and message["role"] != "assistant"
        if missing or not isinstance(message.get("content"), str | list | None):
            where = f"messages[{index}].content"
            return Broken(f"Invalid type for '{where}': expected one of a string or array of objects.", where)
    return None


def part(asked: Asked) -> Broken | None:
    """Every part has a type that OpenAI knows."""
    for index, message in enumerate(asked.messages):
        parts = message["content"] if isinstance(message.get("content"), list) else []
        for place, part in enumerate(parts):
            if part.get("type") not in PARTS:
                return Broken(f"Invalid value: '{part.get('type')}'.", f"messages[{index}].content[{place}].type")
    return None


def image_input(asked: Asked) -> Broken | None:
    """A model that reads text alone is shown no pictures."""
    place = next((place for place, _ in parts(asked.messages)), None)
    if place is None or "text-only" not in asked.traits:
        return None
    return Broken("Invalid content type. image_url is only supported by certain models.", f"{place}.type")


def image(code: str, asked: Asked) -> Broken | None:
    """Every picture can be seen; only what has this code is told."""
    for place, part in parts(asked.messages):
        try:
            picture(part)
        except NoPicture as error:
            if error.code == code:
                return Broken(str(error), place)
    return None


def image_bytes(asked: Asked) -> Broken | None:
    """All pictures together are not too large."""
    total = sum(each.size for each in pictures(asked.messages))
    return Broken("Total image size exceeds the limit of 50 MB.", "messages") if total > MOST else None


def name(asked: Asked) -> Broken | None:
    """Names hold no space, bracket or slash."""
    for index, message in enumerate(asked.messages):
        if not re.fullmatch(r"[^\s<|\\/>]{1,64}", message.get("name", "name")):
            where = f"messages[{index}].name"
            return Broken(f"Invalid '{where}': string does not match pattern '^[^\\s<|\\\\/>]+$'.", where)
    return None


def system_role(asked: Asked) -> Broken | None:
    """A template without a system role is given none."""
    if "no-system" in asked.traits and any(message["role"] == "system" for message in asked.messages):
        return Broken("System role not supported")
    return None


def alternate(asked: Asked) -> Broken | None:
    """A strict template sees user and assistant in turn."""
    spoken = [message["role"] for message in asked.messages if message["role"] != "system"]
    if "alternate" not in asked.traits or all(
        role == ("user", "assistant")[index % 2] for index, role in enumerate(spoken)
    ):
        return None
    return Broken("Conversation roles must alternate user/assistant/user/assistant/...")


def window(asked: Asked) -> Broken | None:
    """The prompt fits the model's window."""
    length = count(asked.messages)
    if asked.window is None or length <= asked.window:
        return None
    return Broken(
        f"This model's maximum context length is {asked.window} tokens. However, your messages resulted in "
        f"{length} tokens. Please reduce the length of the messages.",
        "messages",
    )
