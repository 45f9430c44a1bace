"""Who is served, and where; and who is not for a while."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from core.messages import Author, ConversationKey, Message
from core.moderation.errors import ModerationError, NotServed, Paused

WITHIN = 3_600.0  # seconds in which violations count together


@dataclass(frozen=True, slots=True)
class AccessLists:
    """Who and where, as `user:U1`, `role:R1`, `channel:C1` and `workspace:T1`; what is denied is never allowed.

    Where a role is denied, so is somebody whose roles are not known.
    """

    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()

    def allows(self, message: Message) -> bool:
        """Whether a message may be answered: its author and its place each stand on the allow list that there is."""
        who, where = _entries_of(message.author), _place_entries(message)
        if self.deny & (who | where) or self._may_be_denied(message.author):
            return False
        return self._lets_in(message) and all(
            self._is_listed(found, kinds) for found, kinds in ((who, ("user", "role")), (where, PLACES))
        )

    def denies(self, author: Author) -> bool:
        """Whether a person, a role of theirs or the workspace that they come from is denied."""
        return bool(self.deny & (_entries_of(author) | _home_of(author))) or self._may_be_denied(author)

    def _may_be_denied(self, author: Author) -> bool:
        return author.roles is None and any(each.startswith(ROLE) for each in self.deny)

    def _lets_in(self, message: Message) -> bool:
        """Whether somebody from elsewhere is: by their own workspace or their id, where any workspace is listed."""
        home, user = message.author.workspace, f"user:{message.author.id}"
        is_guest = bool(home) and home != message.key.workspace
        return not is_guest or user in self.allow or self._is_listed({f"workspace:{home}"}, ("workspace",))

    def _is_listed(self, found: set[str], kinds: tuple[str, ...]) -> bool:
        listed = {each for each in self.allow if each.partition(":")[0] in kinds}
        return not listed or bool(listed & found)


PLACES = ("channel", "workspace")
ROLE = "role:"


class AccessControl:
    """The lists, and those who are paused: `limit` violations within an hour pause a person for `pause` seconds.

    `leaves_out` tells who does not want to be read where others ask.
    """

    def __init__(
        self,
        lists: AccessLists,
        limit: int = 3,
        pause: float = 600.0,
        leaves_out: Callable[[ConversationKey, Author], bool] = lambda _, __: False,
    ) -> None:
        self._lists = lists
        self.leaves_out = leaves_out
        self._limit = limit
        self._pause = pause
        self._people: dict[tuple[str, str], PersonRecord] = {}

    def restore_record(self, rows: Iterable[tuple[str, str, str, float, bool]]) -> None:
        """Take in what an earlier process noted, oldest first.

        A row is a platform, a person, a turn's reference, a time, and whether that is a violation's or a notice's.
        """
        for platform, person, reference, at, is_violation in rows:
            record = self._record_of(platform, person)
            if is_violation:
                record.add_violation(reference, at)
            else:
                record.note_told(reference, self._pause)

    def add_violation(self, key: ConversationKey, author: Author, reference: str) -> None:
        """Learn of a violation in a turn; further ones in the same turn are the same."""
        self._record_of(key.platform, author.id).add_violation(reference, time.time())

    def refusal_of(self, message: Message) -> ModerationError | None:
        """Return why a message is not answered, or None."""
        if not self._lists.allows(message):
            return NotServed(str(message.key))
        if (left := self._pause_left(message.key, message.author)) > 0:
            return Paused(left, f"{self._limit} violations within an hour")
        return None

    def silences(self, key: ConversationKey, author: Author) -> bool:
        """Whether nothing is read of what a person says where others ask: denied, paused, or by their own wish."""
        is_not_served = self._lists.denies(author) or self._pause_left(key, author) > 0
        return is_not_served or self.leaves_out(key, author)

    def note_told(self, key: ConversationKey, author: Author, reference: str) -> bool:
        """Learn that a turn is about to tell a person of a pause; return False where another turn told them of it."""
        return self._record_of(key.platform, author.id).note_told(reference, self._pause)

    def _pause_left(self, key: ConversationKey, author: Author) -> float:
        """Return for how many seconds a person is still paused; 0 or less where they are not."""
        record = self._people.get((key.platform, author.id))
        if record is None or len(record.violations) < self._limit:
            return 0.0
        times = [at for _, at in record.violations]
        return times[-1] + self._pause - time.time() if times[-1] - times[0] <= WITHIN else 0.0

    def _record_of(self, platform: str, person: str) -> "PersonRecord":
        return self._people.setdefault((platform, person), PersonRecord(deque(maxlen=self._limit)))


@dataclass(slots=True)
class PersonRecord:
    """A person's last violations, each a turn's reference and a time, oldest first, and the pause they were told of.

    `told_by` is the reference of the turn that told, `told_until` when that pause ends; in seconds since the epoch.
    """

    violations: deque[tuple[str, float]]
    told_by: str = ""
    told_until: float = 0.0

    def add_violation(self, reference: str, at: float) -> None:
        """Note a violation, once for each turn."""
        if reference not in {known for known, _ in self.violations}:
            self.violations.append((reference, at))

    def note_told(self, reference: str, pause: float) -> bool:
        """Note which turn tells of this pause; return False where another did. A pause that grows stays one."""
        latest = self.violations[-1][1] if self.violations else 0.0
        if latest >= self.told_until:
            self.told_by = reference
        self.told_until = latest + pause
        return self.told_by == reference


def _entries_of(author: Author) -> set[str]:
    return {f"user:{author.id}", *(f"{ROLE}{role}" for role in author.roles or ())}


def _place_entries(message: Message) -> set[str]:
    key = message.key
    return {f"channel:{key.channel}", f"workspace:{key.workspace}", *_home_of(message.author)}


def _home_of(author: Author) -> set[str]:
    return {f"workspace:{author.workspace}"} if author.workspace else set()
