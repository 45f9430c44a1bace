"""An endpoint's words in the log hold nothing of what it was sent, however it writes that down."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.llm.echoes import OWN_WORDS, redact_echoes

SECRET = "\u6211\u7684\u5bc6\u7801\u662f\u79d8\u5bc6"
PRIVATE = f"My password is Heron-Winterk\u00f6nig 4711, tell nobody in M\u00fcnchen. {SECRET}"
PARTS = ("Heron-Winterk\u00f6nig", "4711", "M\u00fcnchen", "\u5bc6\u7801", PRIVATE)
OWN = "This model's maximum context length is 8192 tokens. Please reduce the length of the messages."

WAYS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in capitals": str.upper,
    "in another case": str.swapcase,
    "as JSON": json.dumps,
    "as JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "every letter escaped": lambda text: "".join(f"\\u{ord(letter):04X}" for letter in text),
    "in entities": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "in hexadecimal entities": lambda text: "".join(f"&#x{ord(letter):x};" for letter in text),
    "as HTML": html.escape,
    "as a URL": quote,
    "as a form": quote_plus,
    "with other spaces": lambda text: text.replace(" ", " \n\t\u00a0 "),
    "full-width": lambda text: "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in text),
    "between marks": lambda text: f"`{text}`!",
}


@pytest.mark.parametrize("way", WAYS)
def test_no_word_of_what_was_sent_is_left_however_it_is_written(way: str) -> None:
    """And the endpoint's own words around it stay."""
    for part in PARTS:
        said = redact_echoes(f"Bad request: {WAYS[way](part)} is invalid.", PRIVATE)
        assert said.startswith("Bad request: ")
        assert said.endswith(" is invalid.")
        for word in ("heron", "winter", "4711", "nchen", "\u5bc6", "password"):
            assert word not in said.casefold()


@pytest.mark.parametrize("text", ["Heron-Winterk\u00f6nig 4711", PRIVATE])
def test_words_in_base64_or_hexadecimal_or_spaced_out_or_run_together_are_taken_out(text: str) -> None:
    """Of more than a few letters."""
    data = text.encode()
    for coded in (
        base64.b64encode(data).decode(),
        base64.urlsafe_b64encode(data).decode().rstrip("="),
        data.hex(),
        " ".join("HeronWinter"),
        "-".join("passwordis"),
        "passwordisheronwinter",
    ):
        assert coded not in redact_echoes(f"Bad request: {coded} is invalid.", PRIVATE)


def test_what_endpoints_say_themselves_stays_even_where_somebody_has_said_such_words() -> None:
    """But five of them in a row that stand so in the prompt are a quotation."""
    assert redact_echoes(OWN, "Is the length of the tokens a maximum? Reduce please!") == OWN
    assert "context length" not in redact_echoes(OWN, f"What does it mean: {OWN}")
    assert redact_echoes(OWN, "") == OWN


@given(st.text(), st.text(), st.sampled_from(sorted(WAYS)))
def test_no_word_of_any_private_text_is_left(before: str, private: str, way: str) -> None:
    """Whatever it is; what is left is the endpoint's own."""
    said = redact_echoes(f"{before} {WAYS[way](private)}", private)
    alone = [word for word in private.casefold().split() if word.isalnum() and word.isascii()]
    left = said.casefold().replace("(text)", " ").split()
    assert not {word for word in alone if word not in OWN_WORDS} & set(left)
