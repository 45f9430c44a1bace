"""Personas as Slack shows them: under a name and a picture of their own, where the workspace has granted that.

Slack docs, chat.postMessage (`username`, `icon_url`, the scope chat:write.customize). An edit leaves both as they are.
"""

import time
from typing import Any

import structlog

from bots.persona_names import fold_name, shown_name
from bots.slack.calls import SlackCalls, SlackRefusal
from bots.slack.payload_values import mapping_at, next_cursor_of, text_at
from core.face import Face

log = structlog.get_logger()

NOT_GRANTED = {"missing_scope", "not_allowed_token_type"}
AGE = 3_600.0  # seconds after which members' names are asked for again
PAGE, PAGES = 500, 40  # members of one call, and calls at the most
HINT = "Add the scope chat:write.customize, and install the app again: until then the name stands above the answer."


class PersonaFaces:
    """Whether personas may be shown so in one workspace, and under which names not."""

    def __init__(self, calls: SlackCalls) -> None:
        self._calls = calls
        self.is_granted = True  # until Slack refuses it
        self._members: frozenset[str] | None = frozenset()
        self._fresh_until = 0.0

    def note_refused(self, code: str) -> bool:
        """Take in why a post under a persona's name was refused; return whether it was because of that name."""
        if code not in NOT_GRANTED or not self.is_granted:
            return False
        self.is_granted = False
        log.warning("persona without its name", error=code, hint=HINT)
        return True

    async def face_to_show(self, face: Face | None) -> Face | None:
        """Return a persona's face, None where it has a member's name, or where members' names are not to be had."""
        if face is None or not shown_name(face):
            return None
        if time.monotonic() >= self._fresh_until:
            self._members, self._fresh_until = await self._fetch_members(), time.monotonic() + AGE
        is_free = self._members is not None and fold_name(face.name) not in self._members
        return face if is_free else None

    def arguments_of(self, face: Face) -> dict[str, str]:
        """Return what a post says of its author; nothing where that is not granted."""
        if not self.is_granted:
            return {}
        return {"username": shown_name(face), **({"icon_url": face.picture} if face.picture else {})}

    async def _fetch_members(self) -> frozenset[str] | None:
        """Return every name of a member, folded; None where Slack does not tell them, or there are too many."""
        found, cursor = set[str](), ""
        for _ in range(PAGES):
            try:
                answer = await self._calls.query("users.list", {"limit": PAGE, "cursor": cursor})
            except SlackRefusal as error:
                log.warning("members unknown", error=error.code, hint="The bot needs the scope users:read.")
                return None
            found |= {fold_name(name) for person in answer.get("members") or () for name in _names_of(person)}
            cursor = next_cursor_of(answer)
            if not cursor:
                return frozenset(found - {""})
        return None


def _names_of(person: Any) -> list[str]:
    """Return by which names a member is known, but for apps and those who have left."""
    if not isinstance(person, dict) or person.get("deleted") or person.get("is_bot"):
        return []
    profile = mapping_at(person, "profile")
    names = ((person, "name"), (person, "real_name"), (profile, "display_name"), (profile, "real_name"))
    return [text_at(owner, name) for owner, name in names]
