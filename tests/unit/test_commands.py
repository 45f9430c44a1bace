"""One word to the bot is a command: it stops, forgets, or says what it can do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.commands import command_of


@pytest.mark.parametrize("text", ["stop", " Stop. ", "/stop", "STOP!"])
def test_a_word_alone_is_a_command(text: str) -> None:
    """However it is written."""
    assert command_of(text) == "stop"


@given(st.text())
def test_a_sentence_is_a_question_whatever_words_it_holds(text: str) -> None:
    """`Stop the presses` is for the model."""
    assert command_of(f"stop {text} please") == ""
