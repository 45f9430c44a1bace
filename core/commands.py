"""What people can tell the bot to do, beside asking it something: one table for every platform."""

import re
from collections.abc import Mapping, Sequence

from core.messages import Command

ABOUT: Mapping[Command, str] = {
    "stop": "ends the answer that I am writing",
    "reset": "makes me forget what was said in this conversation",
    "memory": "tells what I still know of it",
    "settings": "tells how I am set here, and where you change that",
    "help": "shows this",
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

WORD = re.compile(r"\s*/?(stop|reset|memory|settings|help)\s*+[.!?]*+\s*+", re.IGNORECASE)


def command_of(text: str, *, addressed: bool = True) -> Command:
    """Return the command that a text to the bot is, as a whole; empty where it is a question.

    In a thread that the bot takes part in, a text that is not `addressed` to it can only stop it.
    """
    match = WORD.fullmatch(text)
    for command in ABOUT if addressed else UNADDRESSED:
        if match and match[1].lower() == command:
            return command
    return ""


def help_text(here: Sequence[str] = (), operator: str = "") -> str:
    """Return what `help` answers; `here` is a line for each thing that can be set, `operator` who runs the bot."""
    parts = [
        HELP,
        "\n".join(f"- **{command}** {about}" for command, about in ABOUT.items()),
        *([format_settings(here)] if here else []),
        *([f"I am run by {operator}."] if operator else []),
    ]
    return "\n\n".join(parts)


def format_settings(here: Sequence[str]) -> str:
    """Return what `settings` answers: a line for each thing that can be set."""
    if not here:
        return "_Nothing can be set in the chat._"
    return "\n".join(["How I am set here, which `/confab settings` changes:", "", *(f"- {line}" for line in here)])


def format_asked(name: str, question: str) -> str:
    """Return what is posted for a question that stands in no message: who asked what."""
    shown = question if len(question) <= MOST_QUOTED else f"{question[:MOST_QUOTED]}…"
    return "\n".join([f"**{name}** asked:", *(f"> {line}" for line in shown.split("\n"))])


def format_memory(messages: int, earlier: str) -> str:
    """Return what `memory` answers: how many messages the model reads word for word, and what it is told of before."""
    if not messages and not earlier:
        return "_I remember nothing of this conversation._"
    lines = [f"_Of this conversation I read the last {messages} messages word for word._"]
    if earlier:
        quoted = "\n".join(f"> {line}" for line in earlier.splitlines())
        lines += ["_Of what came before I am told this:_", quoted]
    return "\n\n".join(lines)
