"""How calls of tools and their results can break the stand-in endpoint's rules; each check returns how, or None.

The sentences, slip of the pen and all, are those that OpenAI sends.
"""

import re
from typing import Any

from deploy.sandbox.openai.checks import Asked, Broken

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
MOST = 128  # tools of one request (OpenAI API reference, `tools`)


def offered(asked: Asked) -> Broken | None:
    """Tools are functions with a name and a schema."""
    tools = asked.body.get("tools", [])
    if not isinstance(tools, list) or len(tools) > MOST:
        return Broken(f"Invalid 'tools': array too long. Expected an array with maximum length {MOST}.", "tools")
    for place, each in enumerate(tools):
        function = each.get("function") if isinstance(each, dict) and each.get("type") == "function" else None
        if not isinstance(function, dict) or not isinstance(function.get("parameters", {}), dict):
            return Broken(f"Missing required parameter: 'tools[{place}].function'.", f"tools[{place}].function")
        if not NAME.fullmatch(str(function.get("name"))):
            where = f"tools[{place}].function.name"
            return Broken(f"Invalid '{where}': string does not match pattern '^[a-zA-Z0-9_-]+$'.", where)
    return None


def choice(asked: Asked) -> Broken | None:
    """How tools are chosen is said where there are tools."""
    if "tool_choice" in asked.body and not asked.body.get("tools"):
        return Broken("Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.")
    return None


def no_tools(asked: Asked) -> Broken | None:
    """A model that takes no tools is offered none; Ollama's sentence."""
    if "tools" in asked.body and "no-tools" in asked.traits:
        return Broken(f"registry.ollama.ai/library/{asked.body['model']} does not support tools")
    return None


def calls(asked: Asked) -> Broken | None:
    """A call has an id, and a function with a name and arguments as text."""
    for index, message in enumerate(asked.messages):
        for place, call in enumerate(message.get("tool_calls") or []):
            function = call.get("function") or {}
            texts = (call.get("id"), function.get("name"), function.get("arguments"))
            if call.get("type") != "function" or not all(isinstance(text, str) for text in texts):
                where = f"messages[{index}].tool_calls[{place}]"
                return Broken(f"Missing required parameter: '{where}.function'.", where)
    return None


def results(asked: Asked) -> Broken | None:
    """A result answers a call of the assistant's message before it."""
    open_calls: set[str] = set()
    for index, message in enumerate(asked.messages):
        if message["role"] != "tool":
            open_calls = called(message)
        elif message.get("tool_call_id") not in open_calls:
            return Broken(
                "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
                "'tool_calls'.",
                f"messages.[{index}].role",
            )
    return None


def missing_results(asked: Asked) -> Broken | None:
    """Every call is followed by its result, before anything else is said."""
    for index, message in enumerate(asked.messages):
        missing = called(message)
        for after in asked.messages[index + 1 :]:
            if after["role"] != "tool":
                break
            missing.discard(after.get("tool_call_id", ""))
        if missing:
            return Broken(
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
                f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(missing)}",
                f"messages.[{index}].role",
            )
    return None


def called(message: dict[str, Any]) -> set[str]:
    """Return the ids of what a message calls."""
    return {call["id"] for call in message.get("tool_calls") or []}
