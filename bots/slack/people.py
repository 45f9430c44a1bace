"""Display names and time zones, asked of Slack once in a while and never in the way of an event."""

import time
from collections import OrderedDict

import structlog

from bots.slack.calls import SlackCalls, SlackRefusal
from bots.slack.payload_values import mapping_at, next_cursor_of
from core.messages import Author

log = structlog.get_logger()

MOST = 5_000  # names that are remembered at a time
AGE = 3_600.0  # seconds after which a name is asked for again: people rename themselves
AGAIN = 60.0  # seconds after which one is that Slack did not tell
NO_RIGHT = {"missing_scope", "no_permission", "not_allowed_token_type"}  # Slack docs, errors of users.info

NOBODY = {"user_not_found", "users_not_found", "user_not_visible"}  # the same
PAGE, PAGES = 1_000, 20  # members of one page of conversations.members, and pages that are read


class DisplayNames:
    """The names of one workspace's people, and their time zones, which come with them."""

    def __init__(self, calls: SlackCalls) -> None:
        self._calls = calls
        self._people: OrderedDict[str, tuple[str, str, float]] = OrderedDict()  # with when each is asked for again

    async def name_of(self, user: str) -> str:
        """Return a person's display name, or their id where Slack does not tell it."""
        return (await self._find_person(user))[0]

    async def zone_of(self, user: str) -> str:
        """Return a person's time zone by its IANA name, empty where Slack does not tell it (Slack docs, users.info)."""
        return (await self._find_person(user))[1]

    async def _find_person(self, user: str) -> tuple[str, str, float]:
        known = self._people.get(user)
        if known and time.monotonic() < known[2]:
            return known
        name, zone = await self._fetch_person(user)
        known = self._people[user] = (name or user, zone, time.monotonic() + (AGE if name else AGAIN))
        self._people.move_to_end(user)
        if len(self._people) > MOST:
            self._people.popitem(last=False)
        return known

    async def is_administrator(self, user: str, workspace: str) -> bool:
        """Whether a person is an admin or owner of a workspace at this moment; no guest from another one is.

        Slack docs, User object: `is_admin`, `is_owner`; in a shared channel others bring their own workspace's rank.
        """
        try:
            answer = await self._calls.query("users.info", {"user": user})
        except SlackRefusal as error:
            log.warning("rank unknown", error=error.code, hint="The bot needs the scope users:read.")
            return False
        person = answer["user"]
        is_own = person.get("team_id") == workspace
        return is_own and bool(person.get("is_admin") or person.get("is_owner"))

    async def find_in_channel(self, author: Author, channel: str) -> Author | None:
        """Return a person where they are still in a channel, None where they are not, or no more in the workspace.

        Slack docs: users.info (`deleted`), conversations.members. Raises SlackRefusal where Slack does not tell it.
        """
        try:
            answer = await self._calls.query("users.info", {"user": author.id})
        except SlackRefusal as error:
            if error.code in NOBODY:
                return None
            raise
        if mapping_at(answer, "user").get("deleted"):
            return None
        return author if channel.startswith("D") or await self._is_member(author.id, channel) else None

    async def _is_member(self, user: str, channel: str) -> bool:
        """Whether a person is among a channel's members, as far as those are read."""
        cursor = ""
        for _ in range(PAGES):
            page = {"channel": channel, "limit": PAGE, "cursor": cursor}
            answer = await self._calls.query("conversations.members", page)
            if user in answer.get("members", ()):
                return True
            cursor = next_cursor_of(answer)
            if not cursor:
                return False
        return True

    async def _fetch_person(self, user: str) -> tuple[str, str]:
        """Return a name and a time zone; empty where Slack tells none, which is logged of the name for what it is."""
        try:
            answer = await self._calls.query("users.info", {"user": user})
        except SlackRefusal as error:
            hint = (
                "The bot needs the scope users:read." if error.code in NO_RIGHT else "Their id stands for their name."
            )
            log.warning("name unknown", error=error.code, hint=hint)
            return "", ""
        who = answer.get("user")
        profile = who.get("profile") if isinstance(who, dict) else None
        given = [profile.get("display_name"), profile.get("real_name")] if isinstance(profile, dict) else []
        names, zone = ([*given, who.get("name")], who.get("tz")) if isinstance(who, dict) else (given, None)
        name = next((name for name in names if isinstance(name, str) and name), "")
        return name, zone if isinstance(zone, str) else ""
