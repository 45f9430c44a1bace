"""`python -m bots setup`: asks for what is missing, checks each answer at once, and ends with a message answered."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from pydantic import ValidationError

from bots.doctor.check import Check
from bots.doctor.settings import check_settings
from bots.logs import configure_logging
from bots.platforms import PLATFORMS, PlatformOffer
from bots.setup.env_file import parse_env_file, read_env_file, set_variables, write_env_file
from bots.setup.first_message import show_first_message
from bots.setup.model import SET_BY, list_choices, step_of
from bots.setup.step import Step
from bots.setup.terminal import ON, ask_answer, choose_one, say, say_checks, say_title
from core.errors import SettingsError
from core.llm.local_servers import find_local_models
from core.storage.settings import StorageSettings

MISSING = " is missing: "  # what a fault says that this walk is about to mend
EX_CONFIG = 78  # sysexits.h: settings that cannot be used


class Answers:
    """What is known: `.env` and the environment, which wins, and what was answered, which is written once checked."""

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self._path = path
        self._environ = {name: value for name, value in environ.items() if value.strip()}
        self._new: dict[str, str] = {}

    @property
    def known_values(self) -> dict[str, str]:
        """Every name and value that is known; an empty one counts as absent."""
        return {**self._file(), **self._environ, **{name: value for name, value in self._new.items() if value}}

    def check_file(self) -> list[Check]:
        """Return what is wrong with settings and lines already there, but for what is only missing yet."""
        _, checks = check_settings(self.known_values, read_env_file(self._path))
        return [check for check in checks if check.outcome != "ok" and not _is_missing(check)]

    def note_answer(self, name: str, value: str) -> None:
        """Note an answer, which is not written yet."""
        self._new[name] = value

    def save(self) -> None:
        """Write what was answered."""
        if self._new:
            write_env_file(self._path, set_variables(read_env_file(self._path), self._new))
            say(f"Written to {self._path}: {', '.join(self._new)}.")
            self._new.clear()

    def _file(self) -> dict[str, str]:
        return parse_env_file(read_env_file(self._path))


@click.command("setup")
@click.option("--env-file", type=click.Path(path_type=Path), default=".env", show_default=True, help="Write this one.")
@click.option("--no-wait", is_flag=True, help="Do not wait for a first message in the end.")
def set_up(env_file: Path, *, no_wait: bool) -> None:
    """Connect Confab, step by step: tokens, model, and a first message."""
    configure_logging("error", "text")
    answers = Answers(env_file, os.environ)
    try:
        _walk(answers)
    except (click.Abort, KeyboardInterrupt):
        say(f"\nStopped. What was checked by now is in {env_file}; run this again to go on.")
        sys.exit(1)
    except (OSError, ValueError, SettingsError) as error:
        say(f"This cannot go on: {error}")
        sys.exit(EX_CONFIG)
    given = answers.known_values
    if no_wait:
        say("All is set. Start it: make run (or: python -m bots run, with these variables in its environment).")
        return
    storage = StorageSettings.model_validate(given)
    try:
        is_well = asyncio.run(show_first_message({**os.environ, **given}, storage.path, key=_key_of(storage)))
    except KeyboardInterrupt:
        is_well = True
    say("Start it for good: make run (or: python -m bots run, with these variables in its environment).")
    sys.exit(0 if is_well else 1)


def _key_of(storage: StorageSettings) -> str:
    """Return the database's key; none where it cannot be had, which the bot says when it starts."""
    try:
        return storage.read_key()
    except SettingsError:
        return ""


def _walk(answers: Answers) -> None:
    """Go through the steps; raise click.Abort where the person leaves."""
    say("This connects Confab. What is asked is written to .env once it was checked; Ctrl-C leaves at any time.")
    if checks := answers.check_file():
        say_title("First, what stands there already")
        say_checks(checks)
        if not click.confirm("Go on all the same?", default=True):
            raise click.Abort
    for platform in _choose_platforms(answers.known_values):
        for step in platform.list_steps():
            _take(step, answers)
    _take_model(answers)


def _choose_platforms(given: Mapping[str, str]) -> Sequence[PlatformOffer]:
    """Return the platforms that are wanted already, or those that the person chooses."""
    wanted = [offer for offer in PLATFORMS if offer.section.is_wanted(given)]
    if wanted:
        return wanted
    say_title("Where is it to answer?")
    titles = [offer.section.title for offer in PLATFORMS]
    chosen = choose_one("Which one?", [*titles, " and ".join(titles)])
    return PLATFORMS if chosen == len(PLATFORMS) else PLATFORMS[chosen : chosen + 1]


def _take_model(answers: Answers) -> None:
    if any(answers.known_values.get(name) for name in SET_BY):
        _take(step_of(answers.known_values), answers)
        return
    say_title("Which model is to answer?")
    choices = list_choices(asyncio.run(find_local_models()))
    _, values, step = choices[choose_one("Which one?", [label for label, _, _ in choices])]
    for each, value in values.items():
        answers.note_answer(each, value)
    _take(step, answers)


def _take(step: Step, answers: Answers) -> None:
    """Ask what is missing in a step, look whether it is well, and ask again until it is; then write it."""
    say_title(step.title)
    missing = [question for question in step.questions if question.is_missing(answers.known_values)]
    if len(missing) < len(step.questions):  # somebody was here before: what may be left out was
        missing = [question for question in missing if question.usual is None]
    if missing and step.guide:
        say(step.guide)
    for question in missing:
        answers.note_answer(question.name, ask_answer(question, answers.known_values))
    while not _is_done(step, answers):
        pass
    answers.save()


def _is_done(step: Step, answers: Answers) -> bool:
    """Look once, and say whether the step is over; where something is to be mended, ask for other answers."""
    checks = _look(step, answers.known_values)
    say_checks(checks)
    wrong = [check for check in checks if check.outcome != "ok"]
    can_skip = all(check.outcome == "warn" or check.name.endswith(".reach") for check in wrong)
    for question in step.questions if wrong else ():
        given = answers.known_values
        answer = ask_answer(question, given, given.get(question.name, ""), can_skip=can_skip)
        if answer == ON and can_skip:
            return True
        answers.note_answer(question.name, answer)
    return not wrong


def _look(step: Step, given: Mapping[str, str]) -> list[Check]:
    try:
        return asyncio.run(step.check(given))
    except ValidationError:
        told = "A setting that stands there already cannot be used."
        return [Check("settings", "fail", told, "`python -m bots doctor` says which; correct it in .env.")]


def _is_missing(check: Check) -> bool:
    return MISSING in check.sentence or "No platform is set up" in check.sentence
