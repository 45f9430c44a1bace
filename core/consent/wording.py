"""What people read of a question for consent: what would be done, who decides, and how it ended."""

import json
from collections.abc import Mapping, Sequence

from core.cards import Card, CardEnd
from core.consent.secrets import hide_secrets
from core.consent.settings import ASKER
from core.files.attachments import fence_text
from core.sanitize import INVISIBLE
from core.storage.consents import Consent
from core.tool_calls import CallRecord

LONGEST = 1_100  # characters of all arguments on a card: it is one message on every platform
LEFT_OUT = "\n… {count} characters more …\n"
ASKED = "**May I?** This waits for {who}."
TAINTED = "_What was read here comes from outside, so I ask whatever was allowed before._"
ENDED: Mapping[str, str] = {
    "allow": "Allowed",
    "always": "Allowed, and always here",
    "no": "Refused",
    "late": "Nobody decided in time, so I did not do it",
    "edited": "The question was changed, so I did not do it",
    "stopped": "Stopped, so I did not do it",
    "unasked": "Nobody could be asked",
}
TOLD: Mapping[str, str] = {
    "allow": "_Allowed: I go on._",
    "always": "_Allowed, and in this channel from now on without asking._",
    "no": "_Refused: I leave it._",
}
TAKEN_BACK = "_From now on I ask again here before I use_ {tools}."
NONE_ALLOWED = "_Nothing was always allowed here: I ask each time._"
OVER = "_This is decided already: the card says how it ended._"
NOT_YOURS = "_Your click changed nothing: this waits for {who}._"


def card_of(consent: Consent, calls: Sequence[CallRecord], deciders: Sequence[str]) -> Card:
    """Return the card for calls that wait, or that waited until a consent ended."""
    asked = ASKED.format(who=name_deciders(deciders))
    parts = [asked, *([TAINTED] if consent.is_tainted else []), *_format_calls(calls)]
    end = CardEnd(ENDED[consent.choice], consent.decided_by, consent.decided_at) if consent.choice else None
    return Card(consent.id, "\n\n".join(parts[1:] if end else parts), end)


def name_deciders(deciders: Sequence[str]) -> str:
    """Return whose click is waited for, as people read it; nobody is named, as that would ring them."""
    asker = ["whoever asked"] if ASKER in deciders else []
    listed = ["somebody whom the operator has named"] if set(deciders) - {ASKER} else []
    return " or ".join((*asker, *listed))


def _format_calls(calls: Sequence[CallRecord]) -> list[str]:
    most = LONGEST // max(len(calls), 1)
    shown = [(each.call.name, _shorten(_format_arguments(each.call.arguments), most)) for each in calls]
    return [f"`{name}`\n{fence_text(arguments)}" for name, arguments in shown]


def _format_arguments(text: str) -> str:
    """Return arguments as they would be sent, secrets hidden, and letters that nobody sees as their numbers."""
    try:
        shown = json.dumps(hide_secrets(json.loads(text or "{}")), ensure_ascii=False, indent=2)
    except ValueError:
        shown = str(hide_secrets(text))
    return INVISIBLE.sub(lambda letter: f"\\u{ord(letter[0]):04x}", shown)


def _shorten(text: str, most: int) -> str:
    """Return a text in at most about so many characters, its beginning and its end, and how much is between them."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]}{LEFT_OUT.format(count=f'{len(text) - 2 * half:,}')}{text[-half:]}"
