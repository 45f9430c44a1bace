"""Tokens are counted offline, in time that grows with the length, whatever the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from splintr import Tokenizer

from core.prompt.tokens import PIECE, by_script, by_vocabulary, counter_for
from tests.bench.context import mixed, reference

count = by_vocabulary("o200k_base")


@pytest.mark.parametrize(
    ("model", "exact"),
    [("gpt-5-mini", True), ("gpt-4", True), ("qwen3:8b", True), ("meta-llama/llama-3.1-8b", True), ("new-one", False)],
)
def test_a_model_is_counted_by_its_own_vocabulary_where_that_is_on_board(model: str, exact: bool) -> None:
    """Any other is counted too."""
    counter = counter_for(model)
    assert counter.exact == exact
    assert counter.count("hello world") in range(2, 4)


def test_known_counts() -> None:
    """As OpenAI's own library counts them."""
    assert count("hello world") == 2
    assert count("") == 0
    assert count("<|endoftext|>") > 1


def test_texts_are_cut_as_the_reference_cuts_them() -> None:
    """In several languages, code and figures, token by token."""
    ours, theirs, text = Tokenizer.from_pretrained("o200k_base"), reference(), mixed(20_000)
    assert ours.encode_ordinary(text) == theirs.encode_ordinary(text)


@given(st.text(alphabet=st.characters(), max_size=500))
def test_every_text_has_a_count(text: str) -> None:
    """Lone surrogates and all; never more tokens than bytes."""
    assert 0 <= count(text) <= len(text.encode(errors="surrogatepass"))
    assert by_script(text) >= 0


@pytest.mark.parametrize("text", ["We ship on Friday. ", "Größe 你好 ", "def f(x):\n    return x\n", "a"])
def test_counting_in_pieces_changes_little(text: str) -> None:
    """A long text is cut into pieces, and each cut costs a token or two at the most."""
    long = text * (3 * PIECE // len(text))
    exact = len(Tokenizer.from_pretrained("o200k_base").encode_ordinary(long))
    assert exact <= count(long) <= exact + 2 * (len(long) // PIECE + 1)


def test_the_table_of_scripts_is_near_the_count() -> None:
    """It takes over where no vocabulary can be loaded."""
    for text in (
        "The quick brown fox jumps over the lazy dog. " * 20,
        "Быстрая лиса прыгает. " * 20,
        "你好世界。" * 40,
    ):
        assert 0.8 * count(text) < by_script(text) < 2.2 * count(text)
