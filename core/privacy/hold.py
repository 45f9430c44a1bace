"""The legal hold: whom and what nothing may be erased of. Pure."""

from collections.abc import Iterable, Sequence

from core.messages import ConversationKey
from core.storage.erase_everywhere import Person

EVERYTHING = "true"
PEOPLE = frozenset({"user", "person"})
PLACES = frozenset({"workspace", "channel"})


class LegalHold:
    """Scopes as an operator writes them: `true`, `workspace:T1`, `channel:C1`, `user:U1`, or `slack:T1:U1`."""

    def __init__(self, scopes: Sequence[str] = ()) -> None:
        self._is_all = any(scope.lower() == EVERYTHING for scope in scopes)
        self._scopes = [tuple(scope.split(":")) for scope in scopes]

    @property
    def is_held(self) -> bool:
        """Whether anything is held."""
        return bool(self._scopes)

    @property
    def is_of_people(self) -> bool:
        """Whether somebody is held wherever they wrote, so that nothing old may go anywhere."""
        return self._is_all or any(parts[0] in PEOPLE or len(parts) > 2 for parts in self._scopes)

    def holds_person(self, whom: Person) -> bool:
        """Whether nothing may be erased of a person."""
        return self._holds(whom.platform, workspace=whom.workspace, user=whom.person, person=whom.person)

    def holds_place(self, key: ConversationKey) -> bool:
        """Whether nothing may be erased of a channel."""
        return self._holds(key.platform, workspace=key.workspace, channel=key.channel)

    def holds_any(self, keys: Iterable[ConversationKey]) -> bool:
        """Whether nothing may be erased of one of several channels."""
        return self.is_held and any(self.holds_place(key) for key in keys)

    def _holds(self, platform: str, **ids: str) -> bool:
        known = {platform, *ids.values()} - {""}
        for first, *others in self._scopes:
            if first in PEOPLE | PLACES and others:
                if ids.get(first) == others[-1]:
                    return True
            elif {first, *others} <= known:
                return True
        return self._is_all
