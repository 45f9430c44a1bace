"""What Slack sends, as Bolt takes it; what Bolt would fail at is none of it."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import structlog
from slack_bolt.request.async_request import AsyncBoltRequest

log = structlog.get_logger()

ODD = "It is not in a form that Slack describes, and says nothing to us; everything else goes on."


def read_bolt_request(
    body: str | dict[str, Any], headers: Mapping[str, str | Sequence[str]], mode: Literal["http", "socket_mode"]
) -> AsyncBoltRequest | None:
    """Return what Bolt is to hear; None for what it cannot read, which is to be acknowledged: it would only come again.

    Bolt looks into an event before any listener of ours does.
    """
    try:
        request = AsyncBoltRequest(body=body, headers=dict(headers), mode=mode)
    except (TypeError, AttributeError, KeyError, ValueError) as error:
        log.warning("event set aside", error=type(error).__name__, hint=ODD)
        return None
    event = request.body.get("event", {"type": ""})
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        log.warning("event set aside", error="NoType", hint=ODD)
        return None
    return request
