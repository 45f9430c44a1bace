"""A message as an operator names it: by its link, as its platform gives it out, by its id, or by a reference."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bots.platforms import PLATFORMS, PlatformOffer

REFERENCE = re.compile(r"[0-9a-f]{8,32}")


@dataclass(frozen=True, slots=True)
class MessageName:
    """What a name leads to: a message's id, in a channel where ids are not unique without it; perhaps a reference."""

    message_id: str
    channel: str = ""
    reference: str = ""


def parse_message_name(text: str, offers: Sequence[PlatformOffer] = PLATFORMS) -> MessageName | None:
    """Read a link to a message, a message's id, or the reference that a person was given; None for anything else."""
    text = text.strip().strip("<>")
    if "://" not in text:
        return MessageName(text, reference=text if REFERENCE.fullmatch(text) else "") if text else None
    path = urlsplit(text).path
    found = next((match for each in offers if (match := each.link.fullmatch(path))), None)
    if found is None:
        return None
    parts = found.groupdict()
    return MessageName(".".join(filter(None, (parts["id"], parts.get("fraction")))), parts.get("channel") or "")
