"""What the walk says and asks on the terminal."""

import asyncio
import sys
from collections.abc import Mapping, Sequence

import click

from bots.doctor.check import Check
from bots.doctor.examination import format_checks
from bots.setup.answers import clean_answer, find_answer_fault
from bots.setup.step import Question

ON = "skip"  # goes on although something is to be mended


def say(text: str) -> None:
    """Print a paragraph."""
    click.echo(f"{text}\n")


def say_title(text: str) -> None:
    """Print where in the walk we are."""
    say(f"== {text}")


def ask_answer(question: Question, given: Mapping[str, str], known: str = "", *, can_skip: bool = False) -> str:
    """Return the answer to a question, asked again until it has the form of one.

    Enter gives what is `known`, or the usual; `skip` is an answer where that is offered. `given` is what its shortcut
    may need. Raises click.Abort at the end of input, and for Ctrl-C.
    """
    usual = known or question.usual
    hints = ["Enter keeps it, and looks again"] if known else []
    hints += [f"Enter for {question.usual}"] if question.usual and not known else []
    hints += [f"{ON} goes on as it is"] if can_skip else []
    text = f"{question.text} ({'; '.join(hints)})" if hints else question.text
    while True:
        answer = clean_answer(_prompt(text, is_secret=question.is_secret))
        if can_skip and answer == ON:
            return ON
        if not answer and usual is not None:
            return usual
        if question.shortcut and not find_answer_fault(answer, question.shortcut.kind):
            say(asyncio.run(question.shortcut.use(answer, given)))
            continue
        fault = find_answer_fault(answer, question.kind) if answer else f"{question.name} is needed to go on."
        if not fault:
            return answer
        say(fault)


def choose_one(text: str, choices: Sequence[str]) -> int:
    """Return the place of the chosen line, the first where Enter is pressed; raises click.Abort."""
    for number, choice in enumerate(choices, 1):
        click.echo(f"  {number}  {choice}")
    chosen = click.prompt(text, type=click.IntRange(1, len(choices)), default=1)
    return int(chosen) - 1


def say_checks(checks: Sequence[Check]) -> None:
    """Print what was found, and what mends it."""
    say(format_checks(checks, as_json=False))


def _prompt(text: str, *, is_secret: bool) -> str:
    """Return a line; a secret is not shown while it is typed on a terminal."""
    hide = is_secret and sys.stdin.isatty()
    return str(click.prompt(text, default="", show_default=False, hide_input=hide))
