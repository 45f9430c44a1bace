"""Slack's blocks as the page draws them: in parts, of which each platform's messages and views are made.

A part is {kind, …}: `text` {text}, `heading` {text}, `note` {text}, `divider`, `buttons` {buttons: [{id, label,
style}]}, `select` {id, label, options: [{value, label}], value, is_kept}. What is kept waits in the form until that is
sent.
"""

from collections.abc import Iterator, Sequence

from deploy.sandbox.page.place import Json
from deploy.sandbox.slack.buttons import buttons_on
from deploy.sandbox.slack.posts import Post

STYLES = {"primary": "main", "danger": "bad"}


def message_parts(post: Post) -> list[Json]:
    """Return the parts of a message that holds buttons; none for any other, whose text is all there is."""
    found = buttons_on(post)
    return (
        [{"kind": "text", "text": post.shown}, {"kind": "buttons", "buttons": list(map(button, found))}]
        if found
        else []
    )


def view_parts(blocks: Sequence[Json]) -> list[Json]:
    """Return the parts of a modal or of the app's home."""
    return [part for block in blocks for part in _parts_of(block)]


def button(one: Json) -> Json:
    """Return a button: the name that its app gave it, its words, and whether it is the one to press, or a bad one."""
    return {"id": one.get("action_id", ""), "label": one["text"]["text"], "style": STYLES.get(one.get("style", ""), "")}


def _parts_of(block: Json) -> Iterator[Json]:
    kind, elements = block.get("type"), block.get("elements", [])
    if kind == "header":
        yield {"kind": "heading", "text": block["text"]["text"]}
    elif kind == "divider":
        yield {"kind": "divider"}
    elif kind == "section":
        yield from (
            {"kind": "text", "text": text["text"]} for text in (block.get("text"), *block.get("fields", [])) if text
        )
    elif kind == "context":
        yield {"kind": "note", "text": " ".join(str(each.get("text", "")) for each in elements)}
    elif kind == "actions":
        yield {"kind": "buttons", "buttons": [button(each) for each in elements if each.get("type") == "button"]}
    elif kind == "input":
        yield _field(block)


def _field(block: Json) -> Json:
    element = block["element"]
    options = [{"value": each["value"], "label": each["text"]["text"]} for each in element.get("options", [])]
    value = (element.get("initial_option") or {}).get("value", "")
    return {
        "kind": "select",
        "id": block["block_id"],
        "label": block["label"]["text"],
        "options": options,
        "value": value,
        "is_kept": True,
    }
