"""Who is served, and where; and who is not for a while."""

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from core.messages import Author, ConversationKey, Message
from core.moderation.errors import ModerationError, NotServed, Paused

WITHIN = 3_600.0  # seconds in which violations count together


@dataclass(frozen=True, slots=True)
class AccessLists:
    """Who and where, as `user:U1`, `role:R1`, `channel:C1` and `workspace:T1`; what is denied is never allowed."""

    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()

    def allows(self, message: Message) -> bool:
        """Whether a message may be answered: its author and its place each stand on the allow list that there is."""
        who, where = _person_entries(message.author), _place_entries(message)
        if self.deny & (who | where):
            return False
        return all(self._is_listed(found, kinds) for found, kinds in ((who, ("user", "role")), (where, PLACES)))

    def _is_listed(self, found: set[str], kinds: tuple[str, ...]) -> bool:
        listed = {each for each in self.allow if each.partition(":")[0] in kinds}
        return not listed or bool(listed & found)


PLACES = ("channel", "workspace")


class AccessControl:
    """The lists, and those who are paused: `limit` violations within an hour pause a person for `pause` seconds."""

    def __init__(self, lists: AccessLists, limit: int = 3, pause: float = 600.0) -> None:
        self._lists = lists
        self._limit = limit
        self._pause = pause
        self._violations: dict[tuple[str, str], deque[float]] = {}

    def restore_violations(self, violations: Iterable[tuple[str, str, float]]) -> None:
        """Take in what an earlier process noted: platform, person and time, oldest first."""
        for platform, person, at in violations:
            self._violations_of(platform, person).append(at)

    def add_violation(self, key: ConversationKey, author: Author) -> None:
        """Learn of a violation."""
        self._violations_of(key.platform, author.id).append(time.time())

    def refusal_of(self, message: Message) -> ModerationError | None:
        """Return why a message is not answered, or None."""
        if not self._lists.allows(message):
            return NotServed(str(message.key))
        times = self._violations.get((message.key.platform, message.author.id))
        if times and len(times) == self._limit and self._is_paused(times):
            return Paused(f"{self._limit} violations within an hour")
        return None

    def _is_paused(self, times: deque[float]) -> bool:
        return times[-1] - times[0] <= WITHIN and time.time() < times[-1] + self._pause

    def _violations_of(self, platform: str, person: str) -> deque[float]:
        return self._violations.setdefault((platform, person), deque(maxlen=self._limit))


def _person_entries(author: Author) -> set[str]:
    return {f"user:{author.id}", *(f"role:{role}" for role in author.roles)}


def _place_entries(message: Message) -> set[str]:
    key, own = message.key, message.author.workspace
    return {f"channel:{key.channel}", f"workspace:{key.workspace}", *([f"workspace:{own}"] if own else [])}
