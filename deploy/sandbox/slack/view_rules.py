"""What a view may hold (Slack docs, View objects, Block Kit reference)."""

import json
from collections.abc import Iterator
from typing import Any

from deploy.sandbox.slack.content import MOST_ACTION_ID, check_blocks
from deploy.sandbox.slack.refused import Refused

MOST_BYTES = 250_000
MOST_BLOCKS = 100
MOST_TITLE = 24  # characters, of submit and close as well
MOST_METADATA = 3_000
MOST_CALLBACK = 255
MOST_OPTIONS = 100
MOST_OPTION_TEXT = 75
MOST_OPTION_VALUE = 150
MOST_LABEL = 2_000

Block = dict[str, Any]


def check_view(view: Any, kind: str) -> None:
    """Hold a view of one kind, `modal` or `home`, to its limits."""
    if not isinstance(view, dict) or view.get("type") != kind or not isinstance(view.get("blocks"), list):
        raise Refused("invalid_arguments")
    if len(json.dumps(view)) > MOST_BYTES:
        raise Refused("view_too_large")
    faults = [*_frame_faults(view, kind), *(fault for block in view["blocks"] for fault in _input_faults(block))]
    if faults:
        raise Refused("invalid_arguments", {"response_metadata": {"messages": [f"[ERROR] {each}" for each in faults]}})
    others = [block for block in view["blocks"] if block.get("type") != "input"]
    for at in range(0, len(others), MOST_BLOCKS // 2):
        check_blocks(others[at : at + MOST_BLOCKS // 2])


def _frame_faults(view: Block, kind: str) -> Iterator[str]:
    if not 1 <= len(view["blocks"]) <= MOST_BLOCKS:
        yield f"must have 1 to {MOST_BLOCKS} items: /view/blocks"
    if len(str(view.get("private_metadata", ""))) > MOST_METADATA:
        yield f"must be up to {MOST_METADATA} characters: /view/private_metadata"
    if len(str(view.get("callback_id", ""))) > MOST_CALLBACK:
        yield f"must be up to {MOST_CALLBACK} characters: /view/callback_id"
    if kind == "home":
        return
    has_inputs = any(block.get("type") == "input" for block in view["blocks"])
    for name, is_needed in (("title", True), ("submit", has_inputs), ("close", False)):
        text = (view.get(name) or {}).get("text", "")
        if (is_needed and not text) or len(text) > MOST_TITLE:
            yield f"must be from 1 to {MOST_TITLE} characters: /view/{name}"


def _input_faults(block: Block) -> Iterator[str]:
    if block.get("type") != "input":
        return
    label, element = (block.get("label") or {}).get("text", ""), block.get("element") or {}
    if not 1 <= len(label) <= MOST_LABEL:
        yield f"must be from 1 to {MOST_LABEL} characters: label"
    if not 1 <= len(str(element.get("action_id", ""))) <= MOST_ACTION_ID:
        yield f"must be from 1 to {MOST_ACTION_ID} characters: action_id"
    if element.get("type") == "static_select":
        yield from _select_faults(element)


def _select_faults(element: Block) -> Iterator[str]:
    options = element.get("options") or []
    if not 1 <= len(options) <= MOST_OPTIONS:
        yield f"must have 1 to {MOST_OPTIONS} items: options"
    for option in options:
        text, value = (option.get("text") or {}).get("text", ""), option.get("value", "")
        if not 1 <= len(text) <= MOST_OPTION_TEXT or not 1 <= len(value) <= MOST_OPTION_VALUE:
            yield "an option's text has 1 to 75 characters, its value 1 to 150"
    if "initial_option" in element and element["initial_option"] not in options:
        yield "initial_option must be one of the options"
