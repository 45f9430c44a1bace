"""What a check is shown of a text: what people read of it, whatever stands between the letters."""

import asyncio
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.moderation.visible import SEEN, seams_of, start_of_last, visible_text
from core.moderation.words import WordList

BETWEEN = [
    "",
    "",
    "\u200b",
    "\u00ad",
    "\u2060",
    "\U000e0041",
    "\ufe0f",
    "\u0336",
    "*",
    "**",
    "__",
    "~~",
    "`",
    "||",
    "\\",
]
DISGUISES = [
    "b\u200ba\u200bd th\u00ading",
    "**b**a*d* ~~th~~ing",
    "b[a](https://example.com/a_(b))d thing",
    "||bad|| __thing__",
    "bad \n \t thing",
    "> bad\n> thing",
    "- bad\n- thing",
    "`bad` thing",
    "\U0001d41b\U0001d41a\U0001d41d \uff54\uff48\uff49\uff4e\uff47",
    "b\u0336a\u0336d thing",
    "\\bad \\thing",
    "[b][1]ad thing",
]


@pytest.mark.parametrize("text", DISGUISES[:-1])
def test_a_disguise_is_taken_off(text: str) -> None:
    """By invisible characters, Markdown, styles of letters, or where the lines end."""
    assert visible_text(text).startswith("bad thing")


@pytest.mark.parametrize(
    "text", [*DISGUISES[:-1], "b\u0430d th\u0456ng", "B\u0391D \u0422hing", "\u0299\u1d00\u1d05 thing"]
)
def test_the_own_list_finds_a_phrase_in_every_disguise(text: str) -> None:
    """Letters of other scripts that look like Latin ones among them; what stands around it makes no difference."""
    words = WordList(["bad thing"])
    assert words.match_now(f"so {text} it is", ended=True).is_flagged
    assert not words.match_now("a bade thing, bad things", ended=True).is_flagged


def test_a_word_of_another_script_is_found_as_it_is_written() -> None:
    """Also where its letters look like Latin ones."""
    words = WordList(["\u0432\u043e\u0434\u0430"])
    assert words.match_now("\u0412\u041e\u0414\u0410!", ended=True).is_flagged


def test_the_target_of_a_link_is_checked_as_well() -> None:
    """Behind the text, which is read without it."""
    assert visible_text("see [here](https://bad.example/thing) now") == "see here now https://bad.example/thing"


def test_what_stands_over_the_border_of_two_texts_is_checked() -> None:
    """Over several, where they are short."""
    assert list(seams_of(["", "one bad", " ", "th\u200bing"])) == ["one bad thing"]
    assert list(seams_of(["a", "b", "c"])) == ["a b", "a b c"]
    assert list(seams_of(["alone"])) == []


@given(st.text(st.sampled_from("ab*_~`[]()|\\ \n>-#\u200b\u0301\U0001d41b!"), max_size=60), st.integers(0, 20))
def test_what_is_held_back_is_as_long_as_it_reads(text: str, count: int) -> None:
    """Never shorter, unless all of the text is held."""
    place = start_of_last(text, count, _Same())
    assert place == 0 or len(visible_text(text[place:])) + 3 >= count


class _Same(dict[int, str]):
    def __missing__(self, code: int) -> str:
        return chr(code)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(BETWEEN), min_size=9, max_size=9), st.lists(st.integers(0, 60), max_size=20))
def test_nothing_of_a_disguised_phrase_is_released_before_it_is_found(between: list[str], cuts: list[int]) -> None:
    """However an answer is cut: either the phrase is found, or all of it is still held back."""
    words = WordList(["bad thing"])
    phrase = "".join(letter + mark for letter, mark in zip("bad thing", between, strict=True))
    before = "so it is a "
    answer = f"{before}{phrase} and more"
    shown = 0
    for end in sorted({*(cut for cut in cuts if cut < len(answer)), len(answer)}):
        if words.match_now(answer[:end], ended=end == len(answer)).is_flagged:
            break
        shown = max(shown, words.shown_up_to(answer[:end]))
    else:
        pytest.fail("not found")
    assert shown <= len(before)


HOSTILE = [
    "](",
    "](a)",
    "[*_",
    "> ",
    "x](y",
    "( ",
    "a ",
    "\n",
    "> \n",
    " * ",
    "\n \n",
    "](x) ",
    "a\u0301",
    "\u200b",
    "||",
    "-\t",
]


@pytest.mark.parametrize("piece", HOSTILE)
async def test_no_text_takes_long_to_be_read(piece: str) -> None:
    """Forty thousand characters of whatever the patterns look for: what is not linear takes minutes of them."""
    text = (piece * 40_000)[:40_000]
    begun = time.process_time()
    await asyncio.to_thread(visible_text, text)
    start_of_last(text, 300, SEEN)
    assert time.process_time() - begun < 8.0
