"""Streams as servers really send them: what can be understood is, and each fault is told as what it is."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import httpx
import pytest

from core import errors
from core.errors import ModelError
from core.llm import errors as llm_errors
from core.llm.client import OpenAI
from core.model_events import Replace, Text
from core.sanitize import valid_text
from tests.support.asking import ASKED, PROMPT, QUICK, sse, text_chunk

YES = json.dumps(text_chunk("Yes.", "stop"))
END = json.dumps({"choices": [{"delta": {}, "message": {"content": "Yes."}, "finish_reason": "stop"}]})
ODD = '{"choices": [null, {"index": null, "delta": null}], "usage": {"prompt_tokens": "x"}}'
PART = '{"choices": [{"delta": {"content": "Ye"}}]}'
WHOLE = json.dumps({"choices": [{"message": {"content": "Yes."}, "finish_reason": "stop"}]})
SECRET = "SECRETTHOUGHT"


async def read_bodies(
    *bodies: bytes, size: int = 1_000_000, kind: str | None = "text/event-stream", **changes: Any
) -> tuple[str, ModelError | None, int]:
    """Return the answer of one call, the error that ended it and how many calls it took, the last body again and again.

    Each body comes in blocks of a size.
    """
    calls = 0

    async def blocks(body: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    def respond(_: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        headers = {"Content-Type": kind} if kind else {}
        return httpx.Response(200, headers=headers, content=blocks(bodies[min(calls, len(bodies)) - 1]))

    text = ""
    options = QUICK.model_copy(update={"base_url": "http://model/v1", **changes})
    async with httpx.AsyncClient(transport=httpx.MockTransport(respond)) as http:
        try:
            async for event in OpenAI(options, http).chat(PROMPT, ASKED):
                if isinstance(event, Text | Replace):
                    text = event.text if isinstance(event, Replace) else text + event.text
        except ModelError as error:
            return text, error, calls
    return text, None, calls


KINDS = ("text/event-stream", "text/plain", None, "application/json")
ERROR_OF_NOTHING = '{"error": {"code": null, "message": ""}, "choices": [{"delta": {"content": "Yes."}, '


@pytest.mark.parametrize(
    "body",
    [
        f"data: {YES}\n\ndata: [DONE]\n\n",
        f"data:\n\n: ping\n\nevent: ping\ndata: {{}}\n\ndata: {YES}\n\ndata:  [DONE]  \n\n",
        f"\ufeffdata:{YES}\r\n\r\ndata: [DONE]\r\n\r\n",
        f"data: {YES}\n\ndata: [DONE]",
        f"data: {YES}",
        f"data: {YES}\ndata: [DONE]\n\n",
        f"\n\n  {WHOLE}",
        f"{YES}\n{{}}\n",
        f"proxy says hello\n\ndata: {YES}\n\n[DONE]\n\n",
        f"data: {PART}\n\ndata: {END}\n\n",
        f"data: {PART}\n\ndata: {END}\n\ndata: {END}\n\ndata: [DONE]\n\n",
        f"data: {WHOLE}\n\n",
        'data: {"choices": [{"text": "Yes.", "finish_reason": "stop"}]}\n\n',
        f"data: {ODD}\n\ndata: {YES}\n\n",
        f"data: data: {YES}\n\n",
        f'data: {YES}\n\ndata: "[DONE]"\n\n',
        f"id: 1\nretry: 3\nevent: message\nDATA: {YES}\n\n",
        f"data: {json.dumps(text_chunk('Yes.'))}\n\nevent: done\ndata: {{}}\n\n",
        f'data: {{"code": 0, "msg": "success"}}\n\ndata: {YES}\n\n',
        f'data: {ERROR_OF_NOTHING}"finish_reason": {{"type": "stop"}}}}]}}\n\n',
        f"data: {YES}\x00\n\n",
        f"[{PART}, {json.dumps(text_chunk('s.', 'stop'))}]",
        'data: {"choices":[{"index":"0","delta":{"content":["Yes."]},"finish_reason":1}]}\n\n',
    ],
)  # fmt: skip
async def test_an_answer_is_whole_and_stands_once(body: str) -> None:
    """Whatever its type says, wherever the network cuts it."""
    for size, kind in product((1, 7, 1_000_000), KINDS):
        text, error, _ = await read_bodies(body.encode(), size=size, kind=kind)
        assert (text, error) == ("Yes.", None), (size, kind)


async def test_what_comes_once_more_with_the_end_is_told_once() -> None:
    """All of the answer, which is too long to be said twice by chance; a word may be."""
    whole = "Yes, of course, here it is."
    assert await read_bodies(sse([text_chunk(whole), text_chunk(whole, "stop")]).encode()) == (whole, None, 1)
    assert await read_bodies(sse([text_chunk("ha"), text_chunk("ha", "stop")]).encode()) == ("haha", None, 1)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ('{"error": "Unexpected endpoint or method. (POST /chat/completions)"}', errors.WrongPath),
        ('{"detail": "Not authenticated: invalid api key"}', errors.WrongKey),
        ('data: {"object": "error", "message": "too many requests", "code": 429}\n\n', errors.RateLimited),
        ('data: {"error_type": "overloaded", "error_message": "Model is overloaded"}\n\n', errors.EndpointFailing),
        ('event: error\ndata: {"status": 429, "message": "slow down"}\n\n', errors.RateLimited),
        ('event:error\n:HTTP_STATUS/400\ndata:{"code":"InvalidParameter","message":"no"}\n\n', errors.RefusedRequest),
        ('data: {"error": {"message": "Content Exists Risk"}}\n\n', errors.ContentFiltered),
        ('data: {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}\n\n', errors.NoQuota),
        ("event: error\ndata: rate limit exceeded\n\n", errors.RateLimited),
        ('error: {"code": 500, "message": "no"}\n\n', errors.EndpointFailing),
        ('data: {"choices": [{"error": {"code": 502, "message": "no"}, "delta": {}}]}\n\n', errors.EndpointFailing),
        ('{"status": 404, "error": "Not Found", "path": "/chat/completions"}', errors.WrongPath),
        ("data: [DONE]\n\n", llm_errors.BareEnd),
        ("", errors.StreamCut),
        ("<html>Sign in</html>", errors.GarbledAnswer),
        ("data: " + "x" * 2_000_000, errors.GarbledAnswer),
        ('data: {"choices": [{"delta": {}}' + ', {"delta": {}}' * 199_999 + "]}\n\n", errors.GarbledAnswer),
        ('data: {"choices": [{"index": ' + "9" * 5_000 + "}]}\n\n", errors.GarbledAnswer),
        ('data: {"choices": ' + "[" * 100_000 + "\n\n", errors.GarbledAnswer),
    ],
)  # fmt: skip
async def test_what_is_no_answer_is_told_as_what_it_is(body: str, error: type[ModelError]) -> None:
    """A line without an end, a thousand choices, long figures and deep JSON end in one sentence, too."""
    text, raised, calls = await read_bodies(body.encode())
    assert (type(raised), text) == (error, "")
    assert calls <= 2


async def test_a_stream_that_holds_nothing_but_its_end_is_asked_for_once_more() -> None:
    """And then answered."""
    text, error, calls = await read_bodies(b"data: [DONE]\n\n", sse([text_chunk("Yes.", "stop")]).encode(),
                                           retry_deadline=30.0)  # fmt: skip
    assert (text, error, calls) == ("Yes.", None, 2)


ENDS = [
    ("insufficient_system_resource", errors.StreamCut),
    ("abort", errors.StreamCut),
    ("network_error", errors.StreamCut),
    ("something_new", errors.StreamCut),
    ("MAX_TOKENS", errors.AnswerCutByLength),
    ("FINISH_REASON_MAX_TOKENS", errors.AnswerCutByLength),
    ("model_length", errors.AnswerCutByLength),
    ("SAFETY", errors.ContentFiltered),
    ("RECITATION", errors.ContentFiltered),
    ("sensitive", errors.ContentFiltered),
    ("preempted", errors.StreamCut),
    ("rate_limit_exceeded", errors.StreamCut),
    ("maxTokens", errors.AnswerCutByLength),
    ("FinishReason.MAX_TOKENS", errors.AnswerCutByLength),
    ("context_length", errors.AnswerCutByLength),
    ("content-filter", errors.ContentFiltered),
    ("ERROR_TOXIC", errors.ContentFiltered),
    ("IMAGE_PROHIBITED_CONTENT", errors.ContentFiltered),
    ("content_policy_violation", errors.ContentFiltered),
    ("budget_exhausted", errors.AnswerCutByLength),
    ("unexpected_tool_call", errors.StreamCut),
]
EMPTY_ONCE = [finish for finish, error in ENDS if error is not errors.StreamCut]


async def test_an_answer_that_did_not_come_to_its_end_says_so() -> None:
    """What was said stays; SGLang's own object tells as much as a word."""
    for finish, error in ENDS:
        for told in (finish, {"type": finish, "message": "x"}):
            chunk = {"choices": [{"index": 0, "delta": {"content": "Half an"}, "finish_reason": told}]}
            text, raised, calls = await read_bodies(sse([chunk]).encode())
            assert (type(raised), text, calls) == (error, "Half an", 1), told


async def test_an_answer_that_ended_without_a_word_is_asked_for_once_more() -> None:
    """Where it was cut or filtered, the second time it is told; where it thought till it was cut, at once."""
    good = sse([text_chunk("Yes.", "stop")]).encode()
    for finish in EMPTY_ONCE:
        empty = sse([text_chunk("", finish)]).encode()
        assert await read_bodies(empty, good, retry_deadline=30.0) == ("Yes.", None, 2), finish
    for finish, error in (("SAFETY", errors.ContentFiltered), ("MAX_TOKENS", errors.EmptyAnswer)):
        _, raised, calls = await read_bodies(sse([text_chunk("", finish)]).encode(), retry_deadline=30.0)
        assert (isinstance(raised, error), calls) == (True, 2)
    thought = {"choices": [{"index": 0, "delta": {"reasoning_content": SECRET}, "finish_reason": "MAX_TOKENS"}]}
    _, raised, calls = await read_bodies(sse([thought]).encode(), retry_deadline=30.0)
    assert (type(raised), calls) == (errors.EmptyAnswer, 1)


@pytest.mark.parametrize("finish", ["end_turn", "eos_token", "COMPLETE", "FinishReason.STOP", "endTurn", "toolCall"])
async def test_an_answer_that_came_to_its_end_in_other_words_is_whole(finish: str) -> None:
    """Nothing is said below it; a finish reason of null in words is none yet."""
    chunks = [text_chunk("All", "null"), text_chunk(" of it", finish)]
    assert await read_bodies(sse(chunks).encode()) == ("All of it", None, 1)
    no_end = json.dumps(text_chunk("All", "null"))
    assert isinstance((await read_bodies(f"data: {no_end}\n\n".encode()))[1], errors.StreamCut)


@pytest.mark.parametrize("finish", [finish for finish, error in ENDS if error is errors.StreamCut])
async def test_an_answer_that_broke_off_before_its_first_word_is_asked_for_again(finish: str) -> None:
    """Nothing was shown yet."""
    good = sse([text_chunk("Yes.", "stop")]).encode()
    text, error, calls = await read_bodies(sse([text_chunk("", finish)]).encode(), good, retry_deadline=30.0)
    assert (text, error, calls) == ("Yes.", None, 2)


@pytest.mark.parametrize(
    "delta",
    [
        {"reasoning_content": SECRET}, {"reasoning": SECRET}, {"reasoning_text": SECRET}, {"thinking_content": SECRET},
        {"reasoning_steps": [{"thought": SECRET}]}, {"tool_plan": SECRET},
        {"content": {"type": "think", "text": SECRET}},
        {"reasoning_details": [{"type": "reasoning.text", "text": SECRET}]},
        {"thinking_blocks": [{"type": "thinking", "thinking": SECRET}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": SECRET}]}]},
        {"content": SECRET, "extra_content": {"google": {"thought": True}}},
        {"content": f"<think>{SECRET}</think>"}, {"content": f"[THINK]{SECRET}[/THINK]"},
    ],
)  # fmt: skip
async def test_no_thought_is_shown_in_whatever_field_it_comes(delta: dict[str, Any]) -> None:
    """Before the answer."""
    chunks = [{"choices": [{"index": 0, "delta": delta}]}, text_chunk("Yes.", "stop")]
    assert (await read_bodies(sse(chunks).encode()))[:2] == ("Yes.", None)


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        (("Party ", "\ud83c", "\udf89", " now"), "Party \U0001f389 now"),
        (("a", "\udcaf", "b"), "a\ufffdb"),
        (("a", "\ud83c"), "a\ufffd"),
        (("\ud83c", "x\ud83c\udf89"), "\ufffdx\U0001f389"),
    ],
)
async def test_halves_of_characters_are_joined_over_pieces(pieces: tuple[str, ...], whole: str) -> None:
    """And a half that is left alone is U+FFFD; in one call."""
    chunks = [*(text_chunk(piece) for piece in pieces), text_chunk("", "stop")]
    assert await read_bodies(sse(chunks).encode()) == (whole, None, 1)


@pytest.mark.parametrize("delta", [{"content": "word " * 10}, {"reasoning_content": "hm " * 10}])
async def test_an_answer_without_an_end_is_ended(delta: dict[str, Any]) -> None:
    """Thoughts count as well."""
    chunks = [{"choices": [{"index": 0, "delta": delta}]}] * 1_000
    _, error, calls = await read_bodies(sse(chunks).encode(), answer_characters=5_000)
    assert (type(error), calls) == (llm_errors.AnswerTooLong, 1)


@pytest.mark.parametrize("is_stream", [True, False])
async def test_what_fits_of_an_answer_that_is_too_long_at_once_is_shown(is_stream: bool) -> None:
    """In one piece of a stream, and in a body that is none; thoughts before it leave it less room."""
    message = {"reasoning_content": "hm" * 500, "content": "w" * 9_000}
    chunk = {"choices": [{"delta" if is_stream else "message": message, "finish_reason": "stop"}]}
    body = sse([chunk]) if is_stream else json.dumps(chunk)
    text, error, calls = await read_bodies(body.encode(), answer_characters=5_000)
    assert (type(error), calls) == (llm_errors.AnswerTooLong, 1)
    assert text == "w" * 5_000


@pytest.mark.parametrize("delta", [{"content": "word "}, {"reasoning_content": "hm "}, {"content": "<think>"}])
async def test_an_answer_that_drips_without_an_end_is_ended(delta: dict[str, Any]) -> None:
    """By the seconds that it may take, whatever keeps it alive, and though no silence was long."""
    closed = asyncio.Event()

    async def drip() -> AsyncIterator[bytes]:
        try:
            while True:
                yield f"data: {json.dumps({'choices': [{'index': 0, 'delta': delta}]})}\n\n".encode()
                await asyncio.sleep(0.01)
        finally:
            closed.set()

    options = QUICK.model_copy(update={"base_url": "http://model/v1", "answer_timeout": 0.2})
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=drip()))
    async with httpx.AsyncClient(transport=transport) as http:
        with pytest.raises(llm_errors.AnswerTooLong):
            await OpenAI(options, http).fetch_answer(PROMPT, ASKED)
    await asyncio.wait_for(closed.wait(), 30)


FINISHES = ["stop", "length", "content_filter", "abort", None, "new"]
CONTENTS = ["Word ", "two, ", "`<think>` ", "\n", "\ud83c", "\udf89", None, "", "a < b "]
# How a thought comes, delta by delta: apart, between marks that are cut anywhere, in parts, in another thought.
FORMS: list[list[dict[str, Any]]] = [
    [{}],
    [{"reasoning_content": SECRET}, {"reasoning": SECRET, "reasoning_content": None}],
    [{"content": None, "reasoning_details": [{"text": SECRET}]}, {"thinking_blocks": [{"thinking": SECRET}]}],
    [{"content": piece} for piece in ("<th", f"ink>{SECRET}", "</thi", "nk>\n")],
    [{"content": piece} for piece in ("<|channel|>ana", f"lysis<|message|>{SECRET}", "<|end|>")],
    [{"content": [{"type": "thinking", "thinking": [{"type": "text", "text": SECRET}]}]}],
    [{"content": f"[THINK]{SECRET}[/THI"}, {"content": "NK]"}],
]
# Where more has to come before one can tell that what was said is a thought.
BELATED: list[list[dict[str, Any]]] = [
    [{"content": SECRET}, {"content": "</think>\n"}],
    [{"content": piece} for piece in ("<think>", SECRET, "<think>", f"{SECRET}</think>", SECRET, "</think>\n\n")],
]


@dataclass(slots=True)
class SpoiltStream:
    """A stream of one answer: what it was meant to say, what became of it, and how much of that can be told."""

    meant: str
    chunks: list[Any]
    finish: str | None
    thoughts: int  # chunks
    is_belated: bool
    is_whole: bool = True
    body: bytes = b""


def made_stream(chance: random.Random) -> SpoiltStream:
    """Return a stream that is whole: a thought in some form, and text, with the message so far beside it at times."""
    contents = [chance.choice(CONTENTS) for _ in range(chance.randint(0, 6))]
    thought = chance.choice([*FORMS, *BELATED])
    deltas = [*(dict(each) for each in thought), *({"content": content} for content in contents), {"content": "END"}]
    finish, said = chance.choice(FINISHES), ""
    chunks: list[Any] = []
    has_message = chance.random() < 0.2
    for delta in deltas:
        content = delta.get("content")
        said += content if isinstance(content, str) else ""
        message = {"message": {"role": "assistant", "content": said}} if has_message else {}
        chunks.append({"choices": [{"index": 0, "delta": delta, "finish_reason": None, **message}]})
    chunks[-1]["choices"][0]["finish_reason"] = finish
    return SpoiltStream(
        valid_text("".join(filter(None, contents))) + "END", chunks, finish, len(thought), thought in BELATED
    )


def spoil_fields(stream: SpoiltStream, chance: random.Random) -> None:
    """Take some fields away, or put something else there; a lost text or mark of a thought is what nobody can tell."""
    for _ in range(chance.choice([0, 0, 1, 3])):
        chunk, stream.is_whole = chance.choice(stream.chunks[stream.thoughts :]), False
        choices = chunk.get("choices")
        place = chance.choice([chunk, *(choices if isinstance(choices, list) else [])])
        names = sorted({*place} - {"delta"}) if isinstance(place, dict) else []
        if names and chance.random() < 0.3:
            del place[chance.choice(names)]
        elif names:
            place[chance.choice(names)] = chance.choice([None, [], {}, "x", 7])


def spoilt_stream(chance: random.Random) -> SpoiltStream:
    """Return a stream with fields that are missing, other or there twice, cut anywhere."""
    stream = made_stream(chance)
    if not stream.is_belated:
        spoil_fields(stream, chance)
    told = sse(stream.chunks, chance.choice(["\n", "\r\n", "\r"]))
    if chance.random() < 0.2:  # each of these fields twice: the last one counts
        told = told.replace('"index": 0', '"index": 0, "index": 0').replace('{"choices"', '{"choices": [], "choices"')
    stream.body = told.encode()
    if not stream.is_belated and chance.random() < 0.3:
        stream.body, stream.is_whole = stream.body[: chance.randint(0, len(stream.body))], False
    return stream


async def check_streams(number: int, seed: int) -> Counter[str]:
    """Read so many spoilt streams; return how many were whole, and how many ended in an answer."""
    chance, counts = random.Random(seed), Counter[str]()
    for _ in range(number):
        stream = spoilt_stream(chance)
        text, error, _ = await read_bodies(stream.body, size=chance.choice([1, 5, 64, 10_000]))
        counts.update(streams=1, whole=stream.is_whole, answers=error is None)
        assert SECRET not in text, stream.body
        assert text.count("END") <= 1, stream.body
        text.encode()
        if stream.is_whole:
            assert text.strip() == stream.meant.strip(), (text, stream.body)
            assert (error is None) == (stream.finish in {"stop", None}), stream.body
        elif error is None and "END" not in text:
            assert b"[DONE]" in stream.body or b"finish_reason" in stream.body, stream.body
    return counts


def test_a_sample_of_spoilt_streams_neither_leaks_nor_doubles_nor_shortens_silently() -> None:
    """Cut anywhere, in pieces of any size, with fields missing, twice, or null, or of another kind."""
    counts = asyncio.run(check_streams(300, seed=1))
    assert 100 < counts["whole"] < 300


@pytest.mark.prove
def test_spoilt_streams_neither_leak_nor_double_nor_shorten_silently() -> None:
    """Twenty thousand of them."""
    counts = asyncio.run(check_streams(20_000, seed=2))
    print(dict(counts))  # noqa: T201 - what was seen, for who runs it
    assert counts["streams"] == 20_000
