"""What is kept for how long, and who gets what, told from the settings as they are. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.policy import ChannelSettings

RECORDINGS = "The recordings themselves are there only while they are listened to."
PLAIN = "Not by the bot: set CONFAB_DATABASE_KEY, or encrypt the disk."
ASK_FOR_TERMS = "Each endpoint above has terms of its own for that."


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Somebody who is sent something: for which purpose, what of it, and the host; `note` for what is to be known."""

    purpose: str
    sent: str
    host: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class PrivacyFacts:
    """What holds everywhere: who runs the bot, who gets what, and how it lies on the disk; days as they are set."""

    operator: str
    endpoints: Sequence[Endpoint]
    transcript_days: float
    is_encrypted: bool
    is_held: bool
    keeps_refused_text: bool


def format_statement(facts: PrivacyFacts, policy: ChannelSettings) -> str:
    """Return what `privacy` answers where a policy holds."""
    parts = [
        ("What I keep here", kept_lines(facts, policy)),
        ("Who gets what", [*(_endpoint_line(each) for each in facts.endpoints), *_hidden_lines(policy)]),
        ("What you can do", _rights_lines(facts)),
    ]
    return "\n\n".join("\n".join([f"**{title}**", *(f"- {line}" for line in lines)]) for title, lines in parts if lines)


def kept_lines(facts: PrivacyFacts, policy: ChannelSettings) -> list[str]:
    """Return what is kept for how long, a line each."""
    if policy.keeps_nothing:
        return [
            "Nothing of what is said: only what an answer needs while it is made is stored, and goes with it.",
            "For a day, that something was asked, where and when, so that it is not answered twice.",
        ]
    return [
        f"What you ask me and I answer, with what stood around it in the thread or channel: {_duration(policy)}.",
        f"Pictures and the text of files that come with it, and summaries of long conversations: {_duration(policy)}.",
        f"What was heard in recordings: {_days(facts.transcript_days)} at the most. {RECORDINGS}",
        f"When I answered, how long it took and what it cost: {_duration(policy)}.",
        _refusal_line(facts, policy),
        "Your settings, until you change them.",
        "It lies in one file, encrypted." if facts.is_encrypted else "It lies in one file, which I do not encrypt.",
    ]


def _duration(policy: ChannelSettings) -> str:
    days, most = policy.retention_days, policy.retention_messages
    at_most = [f"no more than the last {most} messages of a channel"] if most else []
    if days is not None:
        return " and ".join([_days(days), *at_most])
    return ", and ".join(["until somebody asks me to forget it, or deletes it in the chat", *at_most])


def _days(days: float) -> str:
    return "1 day" if days == 1 else f"{days:g} days"


def _refusal_line(facts: PrivacyFacts, policy: ChannelSettings) -> str:
    what = "with its text" if facts.keeps_refused_text else "without its text"
    return f"That moderation refused something, and whose it was, {what}: {_duration(policy)}."


def _endpoint_line(each: Endpoint) -> str:
    return f"{each.host}: {each.sent}, {each.purpose}." + (f" {each.note}" if each.note else "")


def _hidden_lines(policy: ChannelSettings) -> list[str]:
    kinds = [*policy.hide, *(["what whoever runs me has listed"] if policy.hide_patterns else [])]
    return [f"Not to the model, as far as I recognise it in text: {', '.join(kinds)}."] if kinds else []


def _rights_lines(facts: PrivacyFacts) -> list[str]:
    erased = "refused now, under a legal hold" if facts.is_held else "at once"
    return [
        f"`forget me` erases all that I keep of you, `forget this` one conversation: {erased}.",
        "`export me` gives you what I keep of you.",
        "`leave me out` stops me from reading you where others ask; `read me again` takes that back.",
        "What you edit or delete in the chat, I change or delete as well.",
        f"Ask {facts.operator}." if facts.operator else "Ask whoever runs me here.",
    ]


def fill_form(form: str, facts: PrivacyFacts, policy: ChannelSettings) -> str:
    """Return a platform's form with the answers: `{kept}`, `{encrypted}`, `{shared}` and `{training}` in it."""
    notes = [f"{each.host}: {each.note}." for each in facts.endpoints if each.note]
    return form.format(
        kept="\n".join(f"  - {line}" for line in kept_lines(facts, policy)),
        encrypted="Yes, by SQLCipher." if facts.is_encrypted else PLAIN,
        shared="\n".join(f"  - {_endpoint_line(each)}" for each in facts.endpoints),
        training=" ".join(dict.fromkeys(notes)) or ASK_FOR_TERMS,
    )
