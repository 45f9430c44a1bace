"""What people can tell the bot to do, beside asking it something: one table for every platform."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.messages import Command


@dataclass(frozen=True, slots=True)
class CommandWord:
    """What a word does, as `help` says it.

    `is_private` says that it is about who asks or where, not about one conversation: as a slash command it is then
    answered at once, to the asker alone. `argument` names what may follow the word, if anything, which is of the form
    that `takes` says: what has another one is no command. `is_ranked` says that what it does depends on whether an
    administrator asks.
    """

    about: str
    is_private: bool = False
    argument: str = ""
    is_ranked: bool = False
    takes: str = r".*"


WORDS: Mapping[Command, CommandWord] = {
    "stop": CommandWord("ends the answer that I am writing"),
    "reset": CommandWord("makes me forget what was said in this conversation"),
    "memory": CommandWord("tells what I still know of it"),
    "persona": CommandWord(
        "tells who I am here; with a name behind it, makes me that one", argument="name", is_ranked=True
    ),
    "settings": CommandWord("tells how I am set here, and where you change that"),
    "privacy": CommandWord("tells what is kept of you, for how long, and who gets it", is_private=True),
    "export me": CommandWord("gives you all that is kept of you", is_private=True),
    "forget me": CommandWord("erases all that is kept of you", is_private=True),
    "forget this": CommandWord("erases all that is kept of this conversation"),
    "leave me out": CommandWord("stops me from reading you where others ask", is_private=True),
    "read me again": CommandWord("takes that back", is_private=True),
    "usage": CommandWord("tells what your answers cost, and what is left of your share", is_private=True),
    "uncap": CommandWord(
        "lifts the caps on spending until tomorrow, for this channel or @somebody; for administrators alone",
        is_private=True,
        argument="somebody",
    ),
    "sources": CommandWord(
        "lists what can be looked up here; `sources add https://…` adds a page, `remove 12` takes one away",
        is_private=True,
        argument="change",
        takes=r"(?:remove\s+)?#?\d{1,15}|remove\s+conversation|add\s+\S*https?://\S+",
    ),
    "reminders": CommandWord(
        "lists what I am to remind you of, and to do later; `reminders end 12` ends one",
        is_private=True,
        argument="end",
        takes=r"(?:(?:end|resume)\s+)?#?\d{1,15}",
    ),
    "ask again": CommandWord("takes back that tools may always be called in this channel", is_private=True),
    "help": CommandWord("shows this"),
}
HELP = (
    "Mention me in a channel, write to me directly, or go on in a thread that I am in. I read what you attach, and "
    "listen to voice notes. One word is a command:"
)
FULL = "_So many questions wait here that I take no more until I have answered some; please ask this again then._"
DONE: Mapping[Command, str] = {
    "stop": "_Stopped: nothing more comes here until you ask._",
    "full": FULL,
    "deleted": "",
    "reset": "_Forgotten: I no longer see what was said here before._",
}
UNADDRESSED: tuple[Command, ...] = ("stop",)
MOST_QUOTED = 1_500  # characters of a question that are shown again; the model reads all of it
STOPPED = "_(stopped)_"
QUESTION_DELETED = "_The question was deleted, so I stopped._"

# What may stand around a word: marks of emphasis, and behind it signs and emoji, also as Slack and Discord name them.
BEFORE, BEHIND = r"[\s*_~]*+/?", r"(?:<?a?:[\w+'-]+:(?:\d+>)?|[\W_])*+"
NAMES = "|".join(word.replace(" ", r"\s+") for word in WORDS)
WORD = re.compile(rf"{BEFORE}({NAMES}){BEHIND}", re.IGNORECASE)
ARGUMENT = re.compile(
    rf"\s*/?({'|'.join(word for word, each in WORDS.items() if each.argument) or '(?!)'})\s++(\S.*)",
    re.IGNORECASE | re.DOTALL,
)


def command_of(text: str, *, addressed: bool = True) -> Command:
    """Return the command that a text to the bot is, as a whole; empty where it is a question.

    In a thread that the bot takes part in, a text that is not `addressed` to it can only stop it.
    """
    match = WORD.fullmatch(text) or _match_with_argument(text)
    for command in WORDS if addressed else UNADDRESSED:
        if match and " ".join(match[1].lower().split()) == command:
            return command
    return ""


def is_ranked(command: Command) -> bool:
    """Whether what a command does depends on the rank of who gives it."""
    return command in WORDS and WORDS[command].is_ranked


def rings_author(command: Command) -> bool:
    """Whether what a command is answered with rings its author: a reminder that nobody hears is none."""
    return command == "reminder"


def argument_of(text: str) -> str:
    """Return what follows the word of a command, without the space around it; empty where nothing does."""
    match = _match_with_argument(text)
    return match[2].strip() if match else ""


def _match_with_argument(text: str) -> re.Match[str] | None:
    """Return a command's word and what follows it, where that has the form which the word takes."""
    match = ARGUMENT.fullmatch(text)
    takes = next((each.takes for word, each in WORDS.items() if match and word == match[1].lower()), "")
    return match if match and re.fullmatch(takes, match[2].strip(), re.IGNORECASE | re.DOTALL) else None


def help_text(offered: Sequence[Command], here: Sequence[str] = (), operator: str = "") -> str:
    """Return what `help` answers of the commands that are `offered`.

    `here` is a line for each thing that can be set, `operator` who runs the bot.
    """
    parts = [
        HELP,
        "\n".join(f"- **{command}** {WORDS[command].about}" for command in offered),
        *([format_settings(here)] if here else []),
        *([f"I am run by {operator}."] if operator else []),
    ]
    return "\n\n".join(parts)


def format_settings(here: Sequence[str]) -> str:
    """Return what `settings` answers: a line for each thing that can be set."""
    if not here:
        return "_Nothing can be set in the chat._"
    return "\n".join(["How I am set here, which `/confab settings` changes:", "", *(f"- {line}" for line in here)])


def format_asked(name: str, question: str, *, is_scheduled: bool = False) -> str:
    """Return what is posted for a question that stands in no message: who asked what, or wanted it asked now."""
    shown = question if len(question) <= MOST_QUOTED else f"{question[:MOST_QUOTED]}…"
    said = "wanted this done now" if is_scheduled else "asked"
    return "\n".join([f"**{name}** {said}:", *(f"> {line}" for line in shown.split("\n"))])


def format_memory(messages: int, earlier: str) -> str:
    """Return what `memory` answers: how many messages the model reads word for word, and what it is told of before."""
    if not messages and not earlier:
        return "_I remember nothing of this conversation._"
    lines = [f"_Of this conversation I read the last {messages} messages word for word._"]
    if earlier:
        quoted = "\n".join(f"> {line}" for line in earlier.splitlines())
        lines += ["_Of what came before I am told this:_", quoted]
    return "\n\n".join(lines)
