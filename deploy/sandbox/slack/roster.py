"""Who is in the workspace, and where they talk."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from deploy.sandbox.slack.posts import Post


def slack_id(kind: str, name: str) -> str:
    """Return an id in the form of Slack's that can be read: its kind's letter, and eight to ten of 0-9 and A-Z."""
    known = f"{kind}0{name.upper()}"[:11]
    return known + "1234567"[: max(0, 9 - len(known))]


TEAM = slack_id("T", "confab")
APP = slack_id("A", "confab")
BOT_USER = slack_id("U", "confab")
BOT_ID = slack_id("B", "confab")
OTHER_BOT_USER = slack_id("U", "deploy")
ADA, GRACE, LINUS = (slack_id("U", name) for name in ("ada", "grace", "linus"))
SLACKBOT = "USLACKBOT"

ChannelKind = Literal["channel", "group", "im", "mpim"]


@dataclass(frozen=True, slots=True)
class User:
    """A member of the workspace, or a guest of another `team`; `bot_id` is empty for a person.

    `is_admin` says that they administer and own their team, `is_restricted` that they are a guest there, and `deleted`
    that they are deactivated.
    """

    id: str
    name: str
    real_name: str
    is_bot: bool = False
    bot_id: str = ""
    is_admin: bool = False
    team: str = TEAM
    is_restricted: bool = False
    deleted: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the user object of users.info (Slack docs, User object)."""
        profile = {"real_name": self.real_name, "display_name": self.name, "team": self.team}
        if self.is_bot:
            profile |= {"bot_id": self.bot_id}
        return {
            "id": self.id,
            "team_id": self.team,
            "name": self.name,
            "real_name": self.real_name,
            "deleted": self.deleted,
            "is_bot": self.is_bot,
            "is_admin": self.is_admin,
            "is_owner": self.is_admin,
            "is_primary_owner": self.is_admin,
            "is_restricted": self.is_restricted,
            "is_ultra_restricted": False,
            "is_app_user": False,
            "tz": "Europe/London",
            "tz_offset": 0,
            "profile": profile,
        }


@dataclass(slots=True)
class Channel:
    """A place where posts stand; `posts` by ts, oldest first, `threads` holds the replies to each root.

    `is_shared` says that people of another workspace read there, by Slack Connect.
    """

    id: str
    name: str
    kind: ChannelKind
    members: set[str]
    posts: dict[str, Post] = field(default_factory=dict)
    threads: dict[str, dict[str, Post]] = field(default_factory=dict)
    is_archived: bool = False
    is_shared: bool = False

    def add(self, post: Post) -> None:
        """Put a post at the end, and under its root if it is a reply."""
        self.posts[post.ts] = post
        if post.is_reply:
            self.threads.setdefault(str(post.thread_ts), {})[post.ts] = post
            self.posts[str(post.thread_ts)].thread_ts = post.thread_ts

    def drop(self, post: Post) -> None:
        """Take a post away; a root that has replies must be left as a tombstone instead."""
        del self.posts[post.ts]
        if post.is_reply:
            self.threads[str(post.thread_ts)].pop(post.ts)

    def replies(self, root: str) -> list[Post]:
        """Return the replies to a root, oldest first."""
        return list(self.threads.get(root, {}).values())

    def as_json(self, viewer: str) -> dict[str, Any]:
        """Return the conversation object as `viewer`, a user id, sees it (Slack docs, Conversation object)."""
        shared = {"id": self.id, "is_archived": self.is_archived, "created": 1_700_000_000, "context_team_id": TEAM}
        if self.kind == "im":
            other = next(member for member in sorted(self.members) if member != viewer)
            return {**shared, "is_im": True, "user": other, "is_user_deleted": False}
        return {
            **shared,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": self.kind == "channel",
            "is_group": self.kind == "group",
            "is_im": False,
            "is_mpim": self.kind == "mpim",
            "is_private": self.kind != "channel",
            "is_shared": self.is_shared,
            "is_ext_shared": self.is_shared,
            "is_org_shared": False,
            "is_pending_ext_shared": False,
            "is_general": self.name == "general",
            "is_member": viewer in self.members,
            "num_members": len(self.members),
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }


def everybody() -> Iterator[User]:
    """Give the members that a new workspace has."""
    yield User(ADA, "ada", "Ada Lovelace", is_admin=True)
    yield User(GRACE, "grace", "Grace Hopper")
    yield User(LINUS, "linus", "Linus Berg")
    yield User(BOT_USER, "confab", "Confab", is_bot=True, bot_id=BOT_ID)
    yield User(OTHER_BOT_USER, "deploybot", "Deploybot", is_bot=True, bot_id=slack_id("B", "deploy"))


def rooms() -> Iterator[Channel]:
    """Give the channels that a new workspace has. Confab is a member of all but #lounge."""
    people = {ADA, GRACE, LINUS}
    for name in ("general", "engineering", "random"):
        yield Channel(slack_id("C", name), name, "channel", {*people, BOT_USER, OTHER_BOT_USER})
    yield Channel(slack_id("C", "lounge"), "lounge", "channel", set(people))
    yield Channel(slack_id("C", "budget"), "budget", "group", {ADA, GRACE, BOT_USER})
    yield Channel(
        slack_id("C", "trio"),
        "mpdm-ada--grace--confab-1",
        "mpim",
        {ADA, GRACE, BOT_USER},
    )
    for person in sorted(people):
        yield Channel(f"D{person[1:]}", "", "im", {person, BOT_USER})
