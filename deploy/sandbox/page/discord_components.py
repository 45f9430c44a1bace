"""Discord's components as the page draws them: in parts, as `slack_blocks` says what those are."""

from collections.abc import Iterator, Sequence

from deploy.sandbox.discord.content import BUTTON, STRING_SELECT
from deploy.sandbox.discord.posts import Post
from deploy.sandbox.page.place import Json

# Discord docs, Component types and Button styles.
ACTION_ROW, TEXT_DISPLAY, SEPARATOR = 1, 10, 14
STYLES = {1: "main", 3: "main", 4: "bad"}


def message_parts(post: Post) -> list[Json]:
    """Return the parts of a message that holds components; none for any other, whose text is all there is."""
    parts = list(_parts_of(post.components))
    return [*([{"kind": "text", "text": post.content}] if post.content else []), *parts] if parts else []


def _parts_of(components: Sequence[Json]) -> Iterator[Json]:
    for component in components:
        kind, inner = component.get("type"), component.get("components") or []
        if kind == TEXT_DISPLAY:
            yield {"kind": "text", "text": str(component.get("content", ""))}
        elif kind == SEPARATOR:
            yield {"kind": "divider"}
        elif kind == STRING_SELECT:
            yield _select(component)
        elif kind == ACTION_ROW and (buttons := [_button(each) for each in inner if _is_pressed(each)]):
            yield {"kind": "buttons", "buttons": buttons}
        else:
            yield from _parts_of(inner)


def _is_pressed(component: Json) -> bool:
    """Whether it is a button that tells its bot when it is pressed: one to an address does not."""
    return component.get("type") == BUTTON and bool(component.get("custom_id"))


def _button(one: Json) -> Json:
    return {"id": one["custom_id"], "label": one.get("label") or "…", "style": STYLES.get(one.get("style", 0), "")}


def _select(one: Json) -> Json:
    options = [{"value": each["value"], "label": each["label"]} for each in one["options"]]
    value = next((each["value"] for each in one["options"] if each.get("default")), "")
    label = one.get("placeholder") or ""
    return {
        "kind": "select",
        "id": one["custom_id"],
        "label": label,
        "options": options,
        "value": value,
        "is_kept": False,
    }
