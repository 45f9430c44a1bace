"""What a person wrote in Discord, as Confab reads it.

Discord writes people, roles, channels and emoji as tokens in angle brackets (Discord docs, Message formatting). The
names of people come with the message.
"""

import re
from collections.abc import Mapping

TOKEN = re.compile(r"<(?P<kind>@[!&]?|#|a?:\w+:)(?P<id>\d+)>")
OPENING_MENTION = re.compile(r"\s*<@!?(\d+)>")


def readable(text: str, me: int, names: Mapping[str, str]) -> str:
    """Return a text without the bot's own mention, and with names in place of ids.

    `names` holds them by token without brackets, `@1`, `@&2` and `#3`; what is not named stays as it is.
    """
    own = rf"<@!?{me}>"
    addressed = re.sub(rf"^\s*(?:{own}[\s,:]*)+|[^\S\n]?{own}", "", text)
    return TOKEN.sub(lambda token: _named(token, names), addressed).strip()


def _named(token: re.Match[str], names: Mapping[str, str]) -> str:
    kind = token["kind"]
    if kind.endswith(":"):
        return kind.removeprefix("a")
    return names.get(kind.replace("!", "") + token["id"], token[0])


def opens_with_other_mention(text: str, me: int) -> bool:
    """Whether a text opens by mentioning somebody else, and is thus for them."""
    match = OPENING_MENTION.match(text)
    return match is not None and int(match[1]) != me
