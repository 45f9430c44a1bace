"""What a model thinks is never shown, however it is marked and cut; what only speaks of a mark stays."""

import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import EmptyAnswer
from core.llm.completion import CompletionReader, strip_thoughts
from core.llm.dialects.thoughts import MARKS, PAIRS, ThoughtFilter
from core.model_events import Replace, Text

HARMONY = "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Yes.<|return|>"
CLEAN = [
    ("<think>Hm.</think>\n\nYes.", "Yes."),
    ("\n<think>\n\n</think>\n\nYes.", "Yes."),
    ("Hm, hm.\n</think>\n\nYes.", "Yes."),
    ("Hm. </think> Yes.", "Yes."),
    (HARMONY, "Yes."),
    ("<|channel|>analysis<|message|>Hm.<|channel|>final<|message|>Yes.", "Yes."),
    ("<|channel|>commentary to=look<|message|>{}<|call|><|start|>assistant<|channel|>final<|message|>Yes.", "Yes."),
    ("analysisWe need to say yes.assistantfinalYes.", "Yes."),
    ("[THINK]Hm.[/THINK]Yes.", "Yes."),
    ("<Thinking>Hm.</Thinking>Yes.", "Yes."),
    ("<seed:think>Hm.</seed:think>Yes.", "Yes."),
    ("\u25c1think\u25b7Hm.\u25c1/think\u25b7Yes.", "Yes."),
    ("<|channel>thought\nHm hm.\n<channel|>Yes.<turn|>", "Yes."),
    ("<think>Hm.</think>\n<answer>\nYes.\n</answer>", "Yes.\n"),
    ("<think>Hm.</think>\n\n<response>\nYes.\n</response>\n", "Yes.\n\n"),
    ("<answer>Yes.</answer>", "<answer>Yes.</answer>"),
    ("<|inner_prefix|>Hm.<|inner_suffix|>Yes.", "Yes."),
    ("<|think|>Hm.<|end|><|begin|>assistant<|content|>Yes.<|end|>", "Yes."),
    ("<|START_THINKING|>Hm.<|END_THINKING|><|START_TEXT|>Yes.<|END_TEXT|>", "Yes."),
    ('<details type="reasoning" done="true">\n<summary>Thought</summary>\n> Hm.\n</details>\nYes.', "Yes."),
    ("<details>\nNo thought.\n</details>", "<details>\nNo thought.\n</details>"),
    ("Here is my thought process:\nHm hm.\nHere is my response:\nYes.", "Yes."),
    ("Here are my reasoning steps:\nHm.\n[BEGIN FINAL RESPONSE]\nYes.\n[END FINAL RESPONSE]\n<|end|>", "Yes.\n\n"),
    ("<|begin_of_box|>Yes.<|end_of_box|>", "Yes."),
    ("<ctrl94>thought\nHm.\n<ctrl95>Yes.<|eot|>", "Yes."),
    ("<internal_monologue>Hm.</internal_monologue>Yes.", "Yes."),
    ("So here is my thought process: add them.", "So here is my thought process: add them."),
    ("<scratchpad>Hm.</scratchpad>Yes.<|im_end|>", "Yes."),
    ("One.\n<think>Hm.</think>\nTwo.", "One.\n\nTwo."),
    ("<think>The mark `</think>` ends it.</think>Yes.", "Yes."),
    ("<think>never ended", ""),
    ("Use `<think>` and `</think>`.", "Use `<think>` and `</think>`."),
    ("```\n<think>Hm.</think>\n```\nSo.", "```\n<think>Hm.</think>\n```\nSo."),
    ("The \"<think>\" mark, and '[THINK]', too.", "The \"<think>\" mark, and '[THINK]', too."),
    ("It ends with </think>.", "It ends with </think>."),
    ("Analysis of it: a < b, [a], `x", "Analysis of it: a < b, [a], `x"),
    ("<think>Hm <think>hm</think> hm.</think>Yes.", "Yes."),
    ("<think>Hm.</think>Yes.</think>", "Yes."),
    ("<think>Hm.</think>Use </think> to end it.", "Use </think> to end it."),
    ("<think>Hm.</thinking>Yes.", "Yes."),
    ('<think time="3">Hm.</think>Yes.', "Yes."),
    ("<think />Yes.", "Yes."),
    ("<think>Hm.</think>\n`<think>` it.", "`<think>` it."),
    ("<analysis>Hm.</analysis><final>Yes.</final>", "Yes."),
    ("<reasoning_content>Hm.</reasoning_content>Yes.", "Yes."),
    ("<|thought|>Hm.<|/thought|>Yes.", "Yes."),
    ("<|reasoning_start|>Hm.<|reasoning_end|>Yes.", "Yes."),
    ("<|begin_of_reasoning|>Hm.<|end_of_reasoning|>Yes.", "Yes."),
    ("[REASONING]Hm.[/REASONING]Yes.", "Yes."),
    ("assistantanalysisWe need yes.assistantfinalYes.", "Yes."),
    ("Thinking...\nHm.\n...done thinking.\n\nYes.", "Yes."),
    ("<|im_start|>think\nHm.<|im_end|>\n<|im_start|>answer\nYes.<|im_end|>", "Yes."),
    ("<details>\n<summary>Thought for 3 seconds</summary>\n> Hm.\n</details>\nYes.", "Yes."),
    ("analysis\nIt is a plan.", "analysis\nIt is a plan."),
]


def filtered(text: str, size: int, *, is_cut: bool = False) -> str:
    """Return what is left of an answer that comes in pieces of a size."""
    thoughts, shown = ThoughtFilter(), ""
    for start in range(0, len(text), size):
        piece = thoughts.filter_piece(text[start : start + size])
        shown = piece if thoughts.is_taken_back else shown + piece
        thoughts.is_taken_back = False
    return shown + thoughts.filter_rest(is_cut=is_cut)


@pytest.mark.parametrize(("said", "shown"), CLEAN)
def test_an_answer_is_shown_without_its_thoughts(said: str, shown: str) -> None:
    """In pieces of any size."""
    for size in (1, 2, 3, 7, 1000):
        assert filtered(said, size) == shown


def test_a_thought_that_is_cut_by_length_is_no_answer() -> None:
    """Wherever the limit falls, whatever marks it."""
    for opener, cut in product(PAIRS, range(1, 30, 4)):
        said = f"{opener}a secret thought of it"[: len(opener) + cut]
        assert filtered(said, 3, is_cut=True) == "", said


def test_an_opening_that_begins_a_thought_is_not_shown() -> None:
    """An operator primes it so; what the model says next is the thought's rest."""
    reader = CompletionReader("<think>\n")
    reader.take({"choices": [{"delta": {"content": "Hm.</think>Yes."}, "finish_reason": "stop"}]})
    assert [event for event in reader.finish_answer() if isinstance(event, Text)] == [Text("Yes.")]


def test_what_was_shown_of_a_thought_is_taken_back() -> None:
    """Where only its end is marked, and nothing was known of the model."""
    reader = CompletionReader()
    events = []
    for content in ("Hm, ", "hm.", "</think>\n", "\nYes."):
        reader.take({"choices": [{"delta": {"content": content}}]})
        events += reader.read_events([])[0]
    assert events == [Text("Hm, "), Text("hm."), Replace(""), Text("Yes.")]
    assert reader.is_primed


def test_nothing_is_left_of_an_answer_that_was_a_thought_to_its_end() -> None:
    """And nobody takes that for an answer."""
    reader = CompletionReader()
    reader.take({"choices": [{"delta": {"content": "Hm, hm."}}]})
    assert reader.read_events([])[0] == [Text("Hm, hm.")]
    reader.take({"choices": [{"delta": {"content": "</think>"}, "finish_reason": "stop"}]})
    with pytest.raises(EmptyAnswer):
        assert [*reader.finish_answer()] == [Replace("")]


def test_a_model_that_is_known_to_think_first_shows_nothing_before() -> None:
    """And where it did not think this time, it all comes at the end."""
    for contents, shown in ((("Hm.", "</think>Yes."), "Yes."), (("Plain ", "words."), "Plain words.")):
        reader, said = CompletionReader(holds=True), []
        for content in contents:
            reader.take({"choices": [{"delta": {"content": content}}]})
            said += reader.read_events([])[0]
        reader.take({"choices": [{"delta": {}, "finish_reason": "stop"}]})
        said += reader.finish_answer()
        assert [event.text for event in said if isinstance(event, Text)] == [shown]


@given(st.lists(st.sampled_from([*sorted(MARKS), "word ", "\n", "`", "```\n", " "]), max_size=30), st.integers(1, 9))
def test_an_answer_reads_the_same_in_pieces_of_any_size(parts: list[str], size: int) -> None:
    """Whatever marks stand in it, in any order."""
    said = "".join(parts)
    assert filtered(said, size) == strip_thoughts(said)


@given(st.text(), st.integers(0, 2**32))
def test_text_without_marks_is_left_as_it_is(text: str, seed: int) -> None:
    """To the last letter, but for blanks before the first word of an answer that has none."""
    marks = any(mark[:4] in text.lower() for mark in MARKS)
    size = random.Random(seed).randint(1, 5)
    assert marks or filtered(text, size) == (text if text.strip() else "")
