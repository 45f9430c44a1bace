"""One word to the bot is a command: it stops, forgets, or says what it can do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.commands import WORDS, command_of


@pytest.mark.parametrize(
    "text",
    [
        "stop",
        " Stop. ",
        "/stop",
        "STOP!",
        "**stop**",
        "_Stop_!",
        "stop \U0001f6d1",
        "stop\u2026 :octagonal_sign:",
        "Stop <:no:1>",
    ],
)
def test_a_word_alone_is_a_command(text: str) -> None:
    """However it is written."""
    assert command_of(text) == "stop"


@given(st.text())
def test_a_sentence_is_a_question_whatever_words_it_holds(text: str) -> None:
    """`Stop the presses` is for the model."""
    assert command_of(f"stop {text} please") == ""


def test_what_a_word_does_is_said_in_as_many_letters_as_a_slash_command_may_have() -> None:
    """Discord takes none of them where one has a sentence of more (Discord docs, Application command object)."""
    assert [word for word, each in WORDS.items() if len(f"{each.about}.") > 100] == []
