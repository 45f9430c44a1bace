"""The marks by which an answer names its sources, whatever pieces the answer comes in."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.knowledge.citations import MarkFilter

GIVEN = {"S1", "S2", "S12"}


def passed(*pieces: str) -> str:
    """Return what is shown of an answer that comes in these pieces."""
    marks = MarkFilter(GIVEN)
    return "".join([*map(marks.pass_piece, pieces), marks.pass_rest()])


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("It is open [S1].", "It is open [S1]."),
        ("It is open [S3].", "It is open."),
        ("Both [S1][S2] say so, [S9]as[S12].", "Both [S1][S2] say so,as[S12]."),
        ("Both [S1, S3; S2] say so.", "Both [S1][S2] say so."),
        ("See [S1](https://evil.example/a_(b)) there.", "See [S1] there."),
        ("See [S9](https://evil.example).", "See."),
        ("See [S1] (https://evil.example).", "See [S1]."),
        ("See [S1](https://evil.example", "See [S1]"),
        ("[S1]: https://evil.example\nmore", "[S1]\nmore"),
        ("[S1][ref] and [ref]: x", "[S1] and [ref]: x"),
        ("`x[S9]` and ``a`[S9]`` stay, [S9] goes", "`x[S9]` and ``a`[S9]`` stay, goes"),
        ("```py\na[S9]\n```\n[S9]", "```py\na[S9]\n```\n"),
        ("- item\n  ~~~~\n  [S9]\n  ~~~\n  [S9]\n  ~~~~\n[S9]x", "- item\n  ~~~~\n  [S9]\n  ~~~\n  [S9]\n  ~~~~\nx"),
        ("a lone ` and [S9] more\n\nnew ` paragraph", "a lone ` and more\n\nnew ` paragraph"),
        ("[s1] [S] [S1x] [x] a[0] [", "[s1] [S] [S1x] [x] a[0] ["),
        ("```not a fence``` [S9]", "```not a fence```"),
        ("ends in space [S1]  \nnext", "ends in space [S1]  \nnext"),
    ],
)
def test_a_mark_that_was_not_given_out_is_dropped_and_code_is_left_alone(said: str, shown: str) -> None:
    """In one piece, letter by letter, and in threes."""
    assert passed(said) == shown
    assert passed(*said) == shown
    assert passed(*(said[at : at + 3] for at in range(0, len(said), 3))) == shown


ALPHABET = st.sampled_from(
    ["[", "]", "S", "1", "9", "`", "```", "~~~", "\n", " ", "a", "(", ")", "[S1]", "[S9]", ":", "- "]
)


@settings(max_examples=200)
@given(st.lists(ALPHABET, max_size=40), st.lists(st.integers(0, 40), max_size=6))
def test_how_an_answer_is_cut_changes_nothing(letters: Sequence[str], cuts: Sequence[int]) -> None:
    """And it comes to its end, with all of the code."""
    said = "".join(letters)
    places = [0, *sorted(min(cut, len(said)) for cut in cuts), len(said)]
    pieces = [said[start:end] for start, end in pairwise(places)]
    assert passed(*pieces) == passed(said)


@given(st.text(alphabet="ab \n`~", max_size=60))
def test_what_holds_no_mark_is_shown_as_it_is(said: str) -> None:
    """To the letter."""
    assert passed(*said) == said
