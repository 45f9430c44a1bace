"""The form of what can be set, as Slack's modal and App Home show it. Pure.

Slack docs: Views, Block Kit (input, static_select), Interaction payloads (view_submission).
"""

from collections.abc import Sequence
from typing import Any

from bots.slack.outgoing import escape_text
from bots.slack.payload_values import Payload, mapping_at, text_at
from core.preferences.catalogue import FormField, FormSection

View = dict[str, Any]
CALLBACK = "confab_settings"
OPEN = "confab_settings_open"
CHOICE = "choice"
LONGEST_TEXT = 3_000  # characters of a section (Slack docs, Section block)


def modal_of(form: Sequence[FormSection], channel: str) -> View:
    """Return the modal that asks what a form asks; it remembers the channel, empty for none."""
    blocks = [block for section in form for block in _blocks_of(section)]
    is_open = any(section.fields for section in form)
    submit = {"submit": _plain("Save")} if is_open else {}
    return {**_modal(blocks or [_text("Nothing can be set in the chat.")]), **submit, "private_metadata": channel}


def modal_saying(text: str) -> View:
    """Return the modal that takes the form's place once it was sent."""
    return _modal([_text(text)])


def home_of(help_text: str) -> View:
    """Return the App Home: what the bot can do, and a button that opens the modal."""
    text = _mrkdwn(help_text)
    parts = [text[at : at + LONGEST_TEXT] for at in range(0, len(text), LONGEST_TEXT)]
    button = {"type": "button", "action_id": OPEN, "text": _plain("Change my settings")}
    return {"type": "home", "blocks": [*map(_text, parts), {"type": "actions", "elements": [button]}]}


def chosen_values(view: Payload) -> dict[str, str]:
    """Return what was chosen in a modal that came back, by the fields' ids."""
    values = mapping_at(mapping_at(view, "state"), "values")
    chosen = {name: mapping_at(mapping_at(values, name), CHOICE) for name in values}
    return {name: text_at(mapping_at(each, "selected_option"), "value") for name, each in chosen.items()}


def _modal(blocks: list[View]) -> View:
    head = {"type": "modal", "callback_id": CALLBACK, "title": _plain("Confab's settings"), "close": _plain("Close")}
    return {**head, "blocks": blocks}


def _blocks_of(section: FormSection) -> list[View]:
    note = [_text(escape_text(section.note))] if section.note else []
    return [{"type": "header", "text": _plain(section.title)}, *note, *map(_input_of, section.fields)]


def _input_of(field: FormField) -> View:
    options = {value: {"text": _plain(label), "value": value} for value, label in field.options.items()}
    select = {"type": "static_select", "action_id": CHOICE, "options": list(options.values())}
    chosen = {"initial_option": options[field.value]} if field.value in options else {}
    return {"type": "input", "block_id": field.id, "label": _plain(field.title), "element": {**select, **chosen}}


def _plain(text: str) -> View:
    return {"type": "plain_text", "text": text, "emoji": False}


def _text(text: str) -> View:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _mrkdwn(markdown: str) -> str:
    """Return one of Confab's own texts as Slack's older markup writes it, which sections want."""
    return escape_text(markdown).replace("**", "*").replace("\n- ", "\n\N{BULLET} ")
