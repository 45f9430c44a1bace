"""Calls of tools, put together under every quirk of an endpoint that is known: one table."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import AnswerCutByLength, EmptyAnswer, GarbledAnswer
from core.llm.completion import CompletionReader
from core.llm.tool_calls import MOST_CALLS
from core.messages import ToolCall
from core.model_events import Finish, ModelEvent, Text, ToolCalls

Items = Sequence[dict[str, Any]]
A = ("look", '{"at": "the sea"}')
B = ("walk", '{"to": "the hill"}')


def item(name: str = "", arguments: object = None, **beside: Any) -> dict[str, Any]:
    """Return one item of `tool_calls`, with what is given alone."""
    function = {**({"name": name} if name else {}), **({} if arguments is None else {"arguments": arguments})}
    return {**beside, **({"function": function} if function else {})}


def read(chunks: Sequence[dict[str, Any]], finish: str = "tool_calls", *, may_call: bool = True) -> list[ModelEvent]:
    """Return the events of an answer that comes in these chunks."""
    answer = CompletionReader(may_call=may_call)
    events: list[ModelEvent] = []
    for choice in [*chunks, {"delta": {}, "finish_reason": finish}]:
        answer.take({"choices": [{"index": 0, **choice}]})
        events += answer._events()  # noqa: SLF001 - as `read` gives them, without the wire
    answer.ended = True
    return [*events, *answer.finish_answer()]


def calls_of(*deltas: Items, finish: str = "tool_calls") -> list[tuple[str, str]]:
    """Return the names and arguments of the calls that deltas make."""
    found = read([{"delta": {"tool_calls": list(items)}} for items in deltas], finish)
    (calls,) = [event.calls for event in found if isinstance(event, ToolCalls)]
    assert len({call.id for call in calls}) == len(calls)
    assert all(call.id for call in calls)
    return [(call.name, call.arguments) for call in calls]


QUIRKS: dict[str, tuple[Items, ...]] = {
    "as OpenAI sends them": (
        [item("look", "", index=0, id="a", type="function")],
        [item("", '{"at": ', index=0)],
        [item("", '"the sea"}', index=0)],
        [item("walk", "", index=1, id="b", type="function")],
        [item("", B[1], index=1)],
    ),
    "no index, an id on the first piece alone": (
        [item("look", "", id="a")],
        [item("", '{"at": ')],
        [item("", '"the sea"}')],
        [item("walk", "", id="b")],
        [item("", B[1])],
    ),
    "an index that is always 0, with ids": ([item(*A, index=0, id="a")], [item(*B, index=0, id="b")]),
    "an index that is always 0, in pieces": (
        [item("look", "", index=0, id="a")],
        [item("", A[1], index=0)],
        [item("walk", "", index=0, id="b")],
        [item("", B[1], index=0)],
    ),
    "an index that is always 0, without ids": ([item(*A, index=0)], [item(*B, index=0)]),
    "an index that begins at 1": (
        [item("look", "", index=1, id="a")],
        [item("", A[1], index=1)],
        [item("walk", B[1], index=2, id="b")],
    ),
    "indexes out of order": (
        [item("look", "", index=3, id="a")],
        [item("walk", "", index=0, id="b")],
        [item("", A[1], index=3)],
        [item("", B[1], index=0)],
    ),
    "no id at all": (
        [item("look", "", index=0)],
        [item("", A[1], index=0)],
        [item("walk", B[1], index=1)],
    ),
    "neither id nor index, whole calls": ([item(*A)], [item(*B)]),
    "neither id nor index, all in one delta": ([item(*A), item(*B)],),
    "neither id nor index, side by side in pieces": (
        [item("look", ""), item("walk", "")],
        [item("", '{"at": '), item("", '{"to": ')],
        [item("", '"the sea"}'), item("", '"the hill"}')],
    ),
    "the id, and the name, on every piece": (
        [item("look", '{"at": ', index=0, id="a")],
        [item("look", '"the sea"}', index=0, id="a")],
        [item("walk", '{"to": ', index=1, id="b")],
        [item("walk", '"the hill"}', index=1, id="b")],
    ),
    "another id on every piece": (
        [item("look", '{"at": ', index=0, id="a1")],
        [item("", '"the sea"}', index=0, id="a2")],
        [item("walk", '{"to": ', index=1, id="b1")],
        [item("", '"the hill"}', index=1, id="b2")],
    ),
    "the same id for all": ([item(*A, index=0, id="call")], [item(*B, index=1, id="call")]),
    "the same id and index for all": ([item(*A, index=0, id="call")], [item(*B, index=0, id="call")]),
    "an id that is empty, or null": ([item(*A, index=0, id="")], [item(*B, index=1, id=None)]),
    "an index that is null": ([item(*A, index=None, id="a"), item(*B, index=None, id="b")],),
    "arguments as an object": ([item("look", json.loads(A[1]), index=0, id="a"), item("walk", json.loads(B[1]))],),
    "a whole call that comes twice": ([item(*A, index=0, id="a")], [item(*A, index=0, id="a"), item(*B, index=1)]),
    "no level for the function": ([{"index": 0, "id": "a", "name": "look", "arguments": A[1]}, item(*B, index=1)],),
    "what is no call between them": ([item(*A, id="a"), {}, item("", "", index=7)], [item(*B, id="b")]),
}


@pytest.mark.parametrize("quirk", QUIRKS)
@pytest.mark.parametrize("finish", ["tool_calls", "stop", "function_call"])
def test_calls_are_put_together_under_every_quirk(quirk: str, finish: str) -> None:
    """Two calls, in order, whole, each with an id of its own; however the answer says that it ended."""
    assert sorted(calls_of(*QUIRKS[quirk], finish=finish)) == [(A[0], A[1]), (B[0], B[1])]


@pytest.mark.parametrize("arguments", [None, "", "  ", {}])
def test_arguments_that_did_not_come_are_an_empty_object(arguments: object) -> None:
    """A tool may want none."""
    assert calls_of([item("look", arguments, index=0, id="a")]) == [("look", "{}")]


def test_the_older_form_is_a_call_as_well() -> None:
    """One function_call, in pieces, without an id."""
    pieces = [{"name": "look", "arguments": ""}, {"arguments": '{"at": '}, {"arguments": '"the sea"}'}]
    events = read([{"delta": {"function_call": piece}} for piece in pieces], "function_call")
    assert [(each.calls[0].name, each.calls[0].arguments) for each in events if isinstance(each, ToolCalls)] == [A]


def test_a_message_at_the_end_holds_all_calls_once() -> None:
    """As of servers that send the whole answer once more, or no stream at all."""
    whole = {"role": "assistant", "content": None, "tool_calls": [item(*A, id="a"), item(*B, id="b")]}
    for before in ([], [{"delta": {"tool_calls": [item(*A, index=0, id="a")]}}]):
        events = read([*before, {"message": whole}])
        (calls,) = [event.calls for event in events if isinstance(event, ToolCalls)]
        assert [call.id for call in calls] == ["a", "b"]


def test_an_id_that_is_made_up_is_no_other_calls() -> None:
    """Whatever ids the endpoint gives to the calls beside it."""
    pieces = [item(*A, index=0, id="call00001"), item(*B, index=1), item("stay", "{}", index=2, id="call00001")]
    (calls,) = [event.calls for event in read([{"delta": {"tool_calls": pieces}}]) if isinstance(event, ToolCalls)]
    assert len({call.id for call in calls}) == 3


def test_what_an_endpoint_sends_beside_a_call_is_kept_for_it() -> None:
    """Gemini wants the signature of its thought again, to the byte."""
    signed = {"google": {"thought_signature": "c2lnbmVk"}}
    events = read([{"delta": {"tool_calls": [item(*A, index=0, id="a", extra_content=signed)]}}])
    (calls,) = [event.calls for event in events if isinstance(event, ToolCalls)]
    assert json.loads(calls[0].extra) == {"extra_content": signed}


def test_text_stands_before_the_calls_and_the_end_behind_them() -> None:
    """What is said with them is shown at once."""
    events = read([{"delta": {"content": "One moment."}}, {"delta": {"tool_calls": [item(*A, index=0, id="a")]}}])
    assert events == [Text("One moment."), ToolCalls((ToolCall("a", *A),)), Finish("tool_calls")]


@pytest.mark.parametrize(("finish", "error"), [("length", EmptyAnswer), ("tool_calls", EmptyAnswer)])
def test_calls_that_may_not_be_made_or_were_cut_are_no_answer(finish: str, error: type[Exception]) -> None:
    """Half of the arguments would be others than were meant."""
    chunk = {"delta": {"tool_calls": [item("look", '{"at": "the', index=0, id="a")]}}
    with pytest.raises(error):
        read([chunk], finish, may_call=finish == "length")
    with pytest.raises(AnswerCutByLength):
        read([{"delta": {"content": "I look"}}, chunk], "length")


def test_calls_have_a_bound() -> None:
    """No answer fills the memory."""
    with pytest.raises(GarbledAnswer):
        read([{"delta": {"tool_calls": [item("look", "{}", index=n, id=str(n))]}} for n in range(MOST_CALLS + 1)])


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["index", "id", "function", "name", "arguments"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.lists(anything, min_size=1, max_size=4))
def test_whatever_stands_in_the_place_of_calls_is_read_or_left_out(deltas: list[Any]) -> None:
    """And every call has a name, an id of its own, and arguments that are a text."""
    answer = CompletionReader(may_call=True)
    for delta in deltas:
        answer.take({"choices": [{"index": 0, "delta": {"content": "x", "tool_calls": delta, "function_call": delta}}]})
    answer.ended = True
    for event in answer.finish_answer():
        if isinstance(event, ToolCalls):
            assert all(call.name and call.id and call.arguments for call in event.calls)
            assert len({call.id for call in event.calls}) == len(event.calls)
