"""The sentences of the error tree: what a person reads, and what an operator does."""

import re
from collections.abc import Callable

import pytest

from bots.discord import calls as discord_calls
from bots.discord import files as discord_files
from bots.discord.calls import DiscordRefusal
from bots.settings import Settings
from bots.slack import calls as slack_calls
from bots.slack import files as slack_files
from bots.slack.calls import SlackRefusal
from core import errors
from core.errors import AnswerLimitTooLarge, BotError, ModelError, PlatformError, TooManyParts, Uncertain, VoiceError
from core.moderation import errors as moderation_errors
from core.moderation.errors import ModerationError
from core.voice import errors as voice_errors

# A platform may refine these with classes of its own, which keep their sentences.
EVERYTHING = {**vars(errors), **vars(moderation_errors), **vars(voice_errors)}.values()
ERRORS = [error for error in EVERYTHING if isinstance(error, type) and issubclass(error, BotError)]
LEAVES = [error for error in ERRORS if error not in {BotError, ModelError, ModerationError, VoiceError}]
SENTENCES: dict[str, Callable[[type[BotError]], str]] = {
    "notice": lambda error: error.notice,
    "hint": lambda error: error.hint,
}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_no_two_errors_say_the_same(sentence: str) -> None:
    """A person and an operator can tell each from each."""
    said = [SENTENCES[sentence](error) for error in LEAVES]
    assert len(set(said)) == len(said) >= 18


@pytest.mark.parametrize("error", LEAVES)
def test_every_error_has_both_sentences_of_its_own(error: type[BotError]) -> None:
    """None is inherited."""
    assert {"notice", "hint"} <= vars(error).keys()


@pytest.mark.parametrize("error", [each for each in LEAVES if not issubclass(each, PlatformError | TooManyParts)])
def test_every_hint_names_a_setting_that_there_is(error: type[BotError]) -> None:
    """The hint says what to change; what a platform refuses, and how long an answer may be there, is its own."""
    named = set(re.findall(r"\b(?:OPENAI|CONFAB|SLACK)_[A-Z_]+\b", error.hint))
    assert named
    assert named <= set(Settings.names())


@pytest.mark.parametrize("error", [error for error in LEAVES if error is not AnswerLimitTooLarge])
def test_no_notice_speaks_of_what_only_an_operator_knows(error: type[BotError]) -> None:
    """A person in a channel is told no setting's name and no status.

    The one exception names what makes every question fail: whoever reads it hands it on.
    """
    assert not re.search(r"[A-Z]{2,}_|\d{3}", error.notice)
    assert error.notice.endswith(".")


def test_a_platforms_errors_name_what_is_to_be_changed_there() -> None:
    """No operator of Discord is told of Slack's token, nor the other way round."""
    slack = [SlackRefusal.hint, slack_calls.UNCERTAIN_HINT, slack_files.FILE_HINT]
    discord = [DiscordRefusal.hint, discord_calls.UNCERTAIN_HINT, discord_files.FILE_HINT]
    assert all("Slack" in hint or "SLACK_" in hint for hint in slack)
    assert not any("slack" in hint.lower() for hint in discord)
    assert Uncertain("lost", discord_calls.UNCERTAIN_HINT).hint == discord_calls.UNCERTAIN_HINT
