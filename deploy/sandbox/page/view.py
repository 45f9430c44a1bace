"""What the page is shown beside its places: the faults and the model's requests, as JSON."""

import time
from collections.abc import Iterable, Iterator

from deploy.sandbox.openai.model import Model, ModelRequest
from deploy.sandbox.openai.moderation import Checked
from deploy.sandbox.openai.stream import count
from deploy.sandbox.page.faults import PageFault
from deploy.sandbox.page.place import Json

MOST_REQUESTS = 20
UNTOLD = ("model", "messages", "stream", "stream_options")


def fault(platform: str, one: PageFault) -> Json:
    """Return a fault with its label and how it stands; `platform` is empty for the model's."""
    label = one.label
    return {
        "platform": platform,
        "name": label.name,
        "group": label.group,
        "label": label.label,
        "note": label.note,
        "kind": one.kind,
        "value": one.value,
        "choices": list(one.choices),
    }


def requests(model: Model) -> list[Json]:
    """Return the last requests that reached the stand-in, the newest first."""
    first = max(0, len(model.requests) - MOST_REQUESTS)
    recent = enumerate(model.requests[first:], start=first + 1)
    return [request(number, one) for number, one in reversed(list(recent))]


def request(number: int, one: ModelRequest) -> Json:
    """Return what one request held and what became of it; `at` in seconds since the epoch."""
    first_token = None if one.first_token_at is None else (one.first_token_at - one.at) * 1000
    return {
        "number": number,
        "at": time.time() - (time.monotonic() - one.at),
        "path": one.path,
        "model": one.body.get("model", ""),
        "messages": [prompt(message) for message in one.messages],
        "tokens": count(one.messages),
        "first_token_ms": first_token,
        "outcome": outcome(one),
        "parameters": list(parameters(one.body)),
    }


def checks(model: Model) -> list[Json]:
    """Return the last moderation requests, the newest first."""
    known = model.moderation.checked
    first = max(0, len(known) - MOST_REQUESTS)
    recent = enumerate(known[first:], start=first + 1)
    return [check(number, one, model) for number, one in reversed(list(recent))]


def check(number: int, one: Checked, model: Model) -> Json:
    """Return what one check held and found, and how long it took beside the model's call."""
    beside = [(place, each) for place, each in enumerate(model.requests, start=1) if _overlap(one, each)]
    place, call = beside[-1] if beside else (0, None)
    first = call.first_token_at - call.at if call and call.first_token_at else None
    return {
        "number": number,
        "at": time.time() - (time.monotonic() - one.at),
        "texts": list(one.texts),
        "verdict": verdict(one),
        "refused": bool(one.categories),
        "took_ms": None if one.done_at is None else (one.done_at - one.at) * 1000,
        "beside": place,
        "first_token_ms": None if first is None else first * 1000,
    }


def verdict(one: Checked) -> str:
    """Say in a few words what a check found."""
    if one.done_at is None:
        return "still checking"
    if one.status != 200:
        return f"answered {one.status}" if one.status else "the bot hung up"
    return f"refused: {', '.join(one.categories)}" if one.categories else "clean"


def _overlap(one: Checked, call: ModelRequest) -> bool:
    ends, until = one.done_at or time.monotonic(), call.done_at or time.monotonic()
    return one.at <= until and call.at <= ends


def prompt(message: Json) -> Json:
    """Return one message of a prompt with its content as text."""
    content = message.get("content") or ""
    text = content if isinstance(content, str) else "\n".join(parts(content))
    return {"role": str(message.get("role", "")), "name": message.get("name", ""), "content": text}


def parts(content: Iterable[Json]) -> Iterator[str]:
    """Give each part of a message: its text, or what it is."""
    for part in content:
        yield str(part["text"]) if part.get("type") == "text" else f"[{part.get('type')}]"


def outcome(one: ModelRequest) -> str:
    """Say in a few words what became of a request."""
    if one.aborted:
        return "the bot hung up"
    if one.done_at is None:
        return "still answering"
    if one.status != 200:
        return f"answered {one.status}"
    return f"done in {one.done_at - one.at:.1f} s"


def parameters(body: Json) -> Iterator[str]:
    """Give every other parameter that was sent, as `temperature 0.7`."""
    for name, value in body.items():
        if name not in UNTOLD:
            yield f"{name} {value}"
