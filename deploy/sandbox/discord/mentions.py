"""Who a text mentions, and whom it may (Discord docs, Message formatting and Allowed mentions object)."""

import re
from typing import Any

from deploy.sandbox.discord.permissions import Permission
from deploy.sandbox.discord.posts import Mentions
from deploy.sandbox.discord.refused import Problem, invalid_form
from deploy.sandbox.discord.roster import Roster

# Nothing in code mentions anybody. What is left of an unclosed fence is text.
_CODE = re.compile(r"```.*?```|``.+?``|`[^`\n]+`", re.DOTALL)
_USER = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")
_EVERYONE = re.compile(r"@(?:everyone|here)\b")
MOST_NAMED = 100
KINDS = ("users", "roles", "everyone")
ANYBODY: dict[str, Any] = {"parse": list(KINDS), "replied_user": True}  # where a message says nothing else
USERS_ALONE: dict[str, Any] = {"parse": ["users"], "replied_user": True}  # the same for webhooks and interactions


def mentions_in(
    roster: Roster, author: str, channel: str, text: str, allowed: dict[str, Any], replied_to: str = ""
) -> Mentions:
    """Return whom a text mentions. `replied_to` is the author of the message that it answers, or empty."""
    plain, direct = _CODE.sub(" ", text), roster.channels[channel].is_direct
    users = _kept(_USER.findall(plain), "users", allowed)
    if replied_to and replied_to != author and allowed.get("replied_user"):
        users.append(replied_to)
    known = tuple(dict.fromkeys(user for user in users if user in roster.users))
    if direct:
        return Mentions(known)
    everyone = Permission.MENTION_EVERYONE in roster.permissions(author, channel)
    roles = [role for role in _kept(_ROLE.findall(plain), "roles", allowed) if role in roster.roles]
    reached = tuple(dict.fromkeys(role for role in roles if everyone or roster.roles[role].mentionable))
    loud = _EVERYONE.findall(plain) if everyone and "everyone" in allowed.get("parse", ()) else []
    return Mentions(known, reached, tuple(dict.fromkeys(loud)))


def named(text: str) -> list[str]:
    """Return the ids of the users that a text names, outside of code."""
    return _USER.findall(_CODE.sub(" ", text))


def _kept(found: list[str], kind: str, allowed: dict[str, Any]) -> list[str]:
    if kind in allowed.get("parse", ()):
        return found
    named = {str(each) for each in allowed.get(kind) or ()}
    return [each for each in found if each in named]


def allowance(body: dict[str, Any], default: dict[str, Any]) -> dict[str, Any]:
    """Return the allowed_mentions of a body, or `default` where it has none. Raises Refused for a bad one."""
    given = body.get("allowed_mentions")
    if given is None:
        return default
    problems: dict[str, Problem] = {}
    parse = given.get("parse", [])
    if any(kind not in KINDS for kind in parse):
        problems["parse"] = Problem("BASE_TYPE_CHOICES", f"Value must be one of {set(KINDS)}.")
    for kind in ("users", "roles"):
        if given.get(kind) and kind in parse:
            text = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            problems["parse"] = Problem("MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", text)
        if len(given.get(kind) or ()) > MOST_NAMED:
            problems[kind] = Problem("BASE_TYPE_MAX_LENGTH", f"Must be {MOST_NAMED} or fewer in length.")
    if problems:
        raise invalid_form({f"allowed_mentions.{name}": problem for name, problem in problems.items()})
    return dict(given)
