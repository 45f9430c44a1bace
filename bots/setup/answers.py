"""What an answer is that a person pasted: a token of which kind, an id, an address; and whether it was asked for."""

from dataclasses import dataclass

import re2

LONGEST = 4_000  # characters of an answer


@dataclass(frozen=True, slots=True)
class AnswerKind:
    """Something that is copied from one of the pages; `is_certain` where no maker's key looks like it."""

    name: str
    pattern: "re2._Regexp"
    is_certain: bool = True


SLACK_BOT = "Slack's bot token"
SLACK_APP = "Slack's app-level token"
SLACK_CONFIGURATION = "a Slack configuration token"
DISCORD_BOT = "Discord's bot token"
ADDRESS = "an address"
KINDS = (
    AnswerKind(SLACK_BOT, re2.compile(r"xoxb-[A-Za-z0-9-]+")),
    AnswerKind(SLACK_APP, re2.compile(r"xapp-[A-Za-z0-9-]+")),
    AnswerKind("a Slack bot token that expires (token rotation is on)", re2.compile(r"xoxe\.xoxb-[A-Za-z0-9-]+")),
    AnswerKind(SLACK_CONFIGURATION, re2.compile(r"xoxe\.xoxp-[A-Za-z0-9-]+")),
    AnswerKind("a Slack refresh token", re2.compile(r"xoxe-[A-Za-z0-9-]+")),
    AnswerKind("a Slack user's token", re2.compile(r"xoxp-[A-Za-z0-9-]+")),
    AnswerKind("a Slack token of another kind", re2.compile(r"xox[a-z][.-][A-Za-z0-9.-]+")),
    AnswerKind("a Slack client id", re2.compile(r"[0-9]{9,14}\.[0-9]{9,14}")),
    AnswerKind("Slack's signing secret or client secret", re2.compile(r"[0-9a-f]{32}"), is_certain=False),
    AnswerKind("a Slack app's id", re2.compile(r"A[0-9A-Z]{8,12}")),
    AnswerKind(DISCORD_BOT, re2.compile(r"[A-Za-z0-9_-]{20,32}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{25,45}")),
    AnswerKind("a Discord application's public key", re2.compile(r"[0-9a-f]{64}"), is_certain=False),
    AnswerKind("a Discord id", re2.compile(r"[0-9]{17,20}"), is_certain=False),
    AnswerKind(
        "a webhook's address", re2.compile(r"https://(?:discord(?:app)?\.com/api/webhooks|hooks\.slack\.com)/.+")
    ),
    AnswerKind("a Discord client secret", re2.compile(r"[A-Za-z0-9_-]{32}"), is_certain=False),
    AnswerKind("a key for OpenAI", re2.compile(r"sk-[A-Za-z0-9_-]{16,}"), is_certain=False),
    AnswerKind(ADDRESS, re2.compile(r"https?://\S+")),
    AnswerKind("an e-mail address", re2.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")),
)
OF_SHELL = re2.compile(r"(?i)^(?:export\s+)?[A-Z][A-Z0-9_]+=")
BLANKS = " \t'\"`\u201c\u201d"
SCHEME = re2.compile(r"(?i)^(?:bot|bearer)\s+")


def clean_answer(text: str) -> str:
    """Return what was meant by a pasted answer: without blanks, quotes, `NAME=`, `Bot` and `Bearer` around it."""
    bare = OF_SHELL.sub("", text[:LONGEST].strip()).strip(BLANKS)
    return str(SCHEME.sub("", bare)).strip(BLANKS)


def find_answer_fault(answer: str, kind: str) -> str:
    """Return what is wrong with an answer, by its form alone; empty where nothing is.

    `kind` is the name of what was asked for; empty for what has no form of its own, as a key of any maker's.
    """
    if any(character.isspace() or not character.isprintable() for character in answer):
        return "It has a space or another character in it that it cannot have: copy it once more, and nothing else."
    found = next((each for each in KINDS if each.pattern.fullmatch(answer)), None)
    if found and found.name != kind and (kind or found.is_certain):
        return f"This is {found.name}, not {kind or 'what is asked for'}."
    if kind and not found:
        return f"This does not look like {kind}: copy it whole."
    return ""
