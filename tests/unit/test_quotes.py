"""A quotation at a text's end can be exchanged for another, and nothing else with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.quotes import replace_quote


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("why?\n\nIn reply to Grace:\n> old\n> lines", "why?\n\nIn reply to Grace:\n> new\n>\n> words"),
        ("> mine\n\nIn reply to Grace:\n> old", "> mine\n\nIn reply to Grace:\n> new\n>\n> words"),
        ("> old", "> new\n>\n> words"),
        ("no quotation", "no quotation"),
        ("> mine\nand more", "> mine\nand more"),
        ("", ""),
    ],
)
def test_the_last_lines_that_are_quoted_are_exchanged(text: str, changed: str) -> None:
    """What stands above them stays, quoted or not."""
    assert replace_quote(text, "new\n\nwords") == changed


@given(st.text(alphabet="a>\n ", max_size=30), st.text(alphabet="b>\n ", max_size=20))
def test_what_is_no_quotation_stays(own: str, quoted: str) -> None:
    """Every line before it, and nothing that is quoted can pass for one of them."""
    changed = replace_quote(f"{own}\nIn reply:\n> old", quoted)
    assert changed.startswith(f"{own}\nIn reply:\n>")
    rest = changed.removeprefix(f"{own}\nIn reply:\n")
    assert all(line.startswith(">") for line in rest.split("\n"))
    assert "old" not in rest
