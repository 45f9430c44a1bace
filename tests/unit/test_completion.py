"""What is read from the chunks of an answer, and how its end is judged."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from core import errors
from core.errors import ModelError
from core.llm.client import OpenAI
from core.llm.completion import CompletionReader, strip_thoughts
from core.llm.opening import AnswerOpening
from core.llm.sse import ServerEvent
from core.messages import Usage
from core.model_events import Finish, Text
from deploy.sandbox.openai.model import Reply
from tests.support.asking import ASKED, PROMPT, QUICK, Asking, sse, stand_in, text_chunk


@pytest.fixture
async def asking() -> AsyncIterator[Asking]:
    """Return a client and the stand-in that it asks."""
    async with stand_in() as asking:
        yield asking


@pytest.mark.parametrize("first", [Reply("", others=("Second.",)), Reply("", others=("", "Second."))])
async def test_another_choice_serves_where_the_first_is_empty(asking: Asking, first: Reply) -> None:
    """That is what n is good for."""
    asking.model.script.append(first)
    assert await asking.text(n=3) == "Second."


async def test_only_the_first_choice_is_shown_where_it_holds_text(asking: Asking) -> None:
    """The others cost tokens and are not seen."""
    asking.model.script.append(Reply("First.", others=("Second.",)))
    assert await asking.text(n=2) == "First."


async def test_an_answer_that_is_filtered_everywhere_is_filtered(asking: Asking) -> None:
    """Another choice with the same end is no help."""
    asking.model.script.append(Reply("", others=("Second.",), finish="content_filter"))
    assert isinstance((await asking.fault(n=2))[1], errors.ContentFiltered)


async def test_an_answer_that_did_not_come_as_a_stream_is_an_answer(asking: Asking) -> None:
    """Some gateways do not stream."""
    asking.model.script.append(Reply("All at once.", streamed=False))
    *_, usage, finish = await asking.events()
    assert isinstance(usage, Usage)
    assert finish == Finish("stop")


async def test_a_stream_may_end_without_done(asking: Asking) -> None:
    """A finish reason is enough."""
    asking.model.script.append(Reply("All.", ending="no_done"))
    assert await asking.text() == "All."


async def test_the_opening_is_sent_and_shown_once(asking: Asking) -> None:
    """Whether or not the model says it again."""
    asking.model.script += [Reply("of course."), Reply("Well, of course.")]
    assert await asking.text(opening="Well, ") == "Well, of course."
    assert await asking.text(opening="Well, ") == "Well, of course."
    assert asking.model.requests[0].messages[-1] == {"role": "assistant", "content": "Well, "}


@example("10", "1", 1, False)
@given(st.text(min_size=1), st.text(), st.integers(1, 5), st.booleans())
def test_an_opening_stands_before_any_text_once(opening: str, rest: str, size: int, repeated: bool) -> None:
    """In pieces of any size."""
    whole = opening.strip() + rest if repeated else rest
    pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
    prefix = AnswerOpening(opening)
    shown = "".join(prefix.put_before(piece) for piece in pieces) + prefix.rest()
    if whole.strip():
        assert shown.strip().startswith(opening.strip())
        assert shown.strip().endswith(rest.strip())
        assert len(shown) <= len(opening) + len(whole)


@settings(max_examples=25)
@given(st.lists(st.text(), min_size=1), st.sampled_from(["\n", "\r\n", "\r"]), st.data())
def test_a_stream_reads_the_same_however_the_network_cuts_it(
    texts: list[str], line_end: str, data: st.DataObject
) -> None:
    """At any byte, in the middle of a character or of a line's end."""
    assume(strip_thoughts("".join(texts) + ".") == "".join(texts) + ".")  # no mark of a thought
    chunks = [*(text_chunk(text) for text in texts), text_chunk(".", "stop")]
    body = sse(chunks, line_end).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    blocks = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert asyncio.run(read_in(blocks)) == "".join(texts) + "."


async def read_in(blocks: list[bytes]) -> str:
    """Return the text of an answer whose body arrives in these blocks."""

    async def body() -> AsyncIterator[bytes]:
        for block in blocks:
            yield block

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Type": "text/event-stream"}, content=body())

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        chat = OpenAI(QUICK.model_copy(update={"base_url": "http://model/v1"}), http).chat(PROMPT, ASKED)
        return "".join([event.text async for event in chat if isinstance(event, Text)])


@settings(max_examples=50)
@given(st.binary() | st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_whatever_a_stream_holds_ends_in_a_model_error_or_an_answer(junk: bytes | str) -> None:
    """Nothing raw gets out."""
    block = junk.encode() if isinstance(junk, str) else junk
    with pytest.raises(ModelError):
        asyncio.run(read_in([b"data: " + block + b"\n\n"]))


@pytest.mark.parametrize(
    ("delta", "alive"),
    [
        ({"reasoning_content": "Hm"}, True),
        ({"reasoning": "Hm"}, True),
        ({"tool_calls": [{"index": 0}]}, True),
        ({"role": "assistant", "content": ""}, False),
        ({}, False),
    ],
)
def test_what_a_model_thinks_is_a_sign_of_life_and_an_empty_delta_is_none(
    delta: dict[str, Any], *, alive: bool
) -> None:
    """Under either name that endpoints give to thoughts; neither is text."""
    reader = CompletionReader()
    assert (reader.take({"choices": [{"index": 0, "delta": delta}]}), reader.alive) == (alive, alive)


def test_the_parts_of_a_delta_are_text_and_thoughts() -> None:
    """Mistral's reasoning models send lists."""
    parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": "Yes."}]
    chunk = json.dumps({"choices": [{"delta": {"content": parts}}]})
    assert CompletionReader().read_events([ServerEvent(chunk)]) == ([Text("Yes.")], True, None)
