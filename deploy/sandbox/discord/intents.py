"""What a session asked to hear (Discord docs, Gateway intents)."""

from enum import IntFlag
from typing import Any


class Intent(IntFlag):
    """The intents that concern this guild, each by its bit."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    GUILD_MESSAGE_TYPING = 1 << 11
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    DIRECT_MESSAGE_TYPING = 1 << 14
    MESSAGE_CONTENT = 1 << 15


EVERY_BIT = (1 << 26) - 1  # what Discord knows, with a few gaps; a higher bit is no intent
# The flags of an application that allow a privileged intent: the one of a reviewed application, and the "limited" one
# of a small application whose owner switched it on. Discord docs, Application Flags.
PRIVILEGED = {
    Intent.GUILD_PRESENCES: 1 << 12 | 1 << 13,
    Intent.GUILD_MEMBERS: 1 << 14 | 1 << 15,
    Intent.MESSAGE_CONTENT: 1 << 18 | 1 << 19,
}
LIMITED_MESSAGE_CONTENT = 1 << 19
_IN_GUILD = {"MESSAGE": Intent.GUILD_MESSAGES, "TYPING": Intent.GUILD_MESSAGE_TYPING}
_DIRECT = {"MESSAGE": Intent.DIRECT_MESSAGES, "TYPING": Intent.DIRECT_MESSAGE_TYPING}
WITHHELD = ("content", "embeds", "attachments", "components")


def needed(event: str, *, direct: bool) -> Intent:
    """Return the intent under which an event is sent; none for what is sent in any case."""
    if event.startswith("MESSAGE_REACTION"):
        return Intent.DIRECT_MESSAGE_REACTIONS if direct else Intent.GUILD_MESSAGE_REACTIONS
    subject = event.partition("_")[0]
    if subject in _IN_GUILD:
        return (_DIRECT if direct else _IN_GUILD)[subject]
    return Intent.GUILDS if subject in ("GUILD", "CHANNEL", "THREAD") and not direct else Intent(0)


def blanked(message: dict[str, Any], bot: str) -> dict[str, Any]:
    """Return a guild's message as it arrives without the message-content intent.

    Whole are only the bot's own and those that mention it; the message that one answers is judged by itself.
    """
    named = [message.get("author") or {}, *(message.get("mentions") or ())]
    own = any(user.get("id") == bot for user in named)
    shown = message if own else {**message, **{name: "" if name == "content" else [] for name in WITHHELD}}
    if not own and "message_snapshots" in shown:
        empty = {name: "" if name == "content" else [] for name in WITHHELD}
        kept = [{"message": {**each["message"], **empty}} for each in shown["message_snapshots"]]
        shown = {**shown, "message_snapshots": kept}
    answered = shown.get("referenced_message")
    return {**shown, "referenced_message": blanked(answered, bot)} if answered else shown
