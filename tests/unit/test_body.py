"""How responses are read: never more bytes than are allowed, never longer, however they are encoded."""

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from core import errors
from core.llm.body import LARGEST_REFUSAL, WholeResponse, decode_json, fetch_response
from core.sanitize import valid_text
from tests.support.asking import served


@asynccontextmanager
async def serving(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """Serve one handler everywhere."""
    async with served(web.route("*", "/{any:.*}", handler)) as url:
        yield url


async def fetched(url: str, *, largest: int = 1_000_000, seconds: float = 10.0) -> WholeResponse:
    """Return what stands at an address."""
    async with httpx.AsyncClient() as http:
        return await fetch_response(http, http.build_request("GET", url), largest=largest, seconds=seconds)


def answering(
    body: bytes, encoding: str = "", status: int = 200
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return a handler that answers with these bytes."""

    async def handler(_: web.Request) -> web.StreamResponse:
        headers = {"Content-Encoding": encoding} if encoding else {}
        return web.Response(body=body, headers=headers, status=status)

    return handler


@pytest.mark.parametrize("encoding", ["", "gzip", "deflate"])
async def test_a_body_is_read_in_each_encoding_though_none_is_asked_for(encoding: str) -> None:
    """Some servers compress whatever is asked."""
    told = b"what was said, " * 10_000
    body = {"": told, "gzip": gzip.compress(told), "deflate": zlib.compress(told)}[encoding]
    async with serving(answering(body, encoding)) as url:
        assert (await fetched(url)).content == told


async def test_a_bomb_is_let_go_at_the_limit() -> None:
    """What is fifty kilobytes on the wire would be fifty megabytes in memory."""
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 60_000
    async with serving(answering(bomb, "gzip")) as url:
        with pytest.raises(errors.GarbledAnswer, match="more than 1000000 bytes"):
            await fetched(url)


@pytest.mark.parametrize(("body", "encoding"), [(b"no gzip", "gzip"), (b"x", "br"), (b"x", "gzip, gzip")])
async def test_what_is_not_encoded_as_it_says_is_garbled(body: bytes, encoding: str) -> None:
    """Or is encoded in a way that nobody asked for."""
    async with serving(answering(body, encoding)) as url:
        with pytest.raises(errors.GarbledAnswer):
            await fetched(url)


async def test_the_body_of_a_refusal_is_cut_rather_than_refused() -> None:
    """What it says stands at its beginning."""
    async with serving(answering(b"no " * 100_000, status=400)) as url:
        response = await fetched(url)
        assert (response.is_success, len(response.content)) == (False, LARGEST_REFUSAL)


async def test_a_drip_is_given_up_in_time() -> None:
    """A byte now and then keeps no caller waiting."""
    left = asyncio.Event()

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x")
                await asyncio.sleep(0.01)
        finally:
            left.set()

    async with serving(drip) as url:
        with pytest.raises(errors.ModelSilent):
            await fetched(url, seconds=0.3)
        await asyncio.wait_for(left.wait(), 10)


async def test_a_connection_that_breaks_in_the_body_is_a_cut() -> None:
    """Not a raw error of the library's."""

    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"x")
        assert request.transport is not None
        request.transport.close()
        return response

    async with serving(cut) as url:
        with pytest.raises(errors.StreamCut):
            await fetched(url)


@pytest.mark.parametrize("text", ["[" * 100_000, "1" * 5_000, '{"a": ' * 20_000, "", "nul", b"\xff\xfe"])
def test_json_that_cannot_be_read_is_a_value_error(text: str | bytes) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(ValueError, match=r".*"):
        decode_json(text)


def test_json_with_figures_that_json_does_not_have_holds_none_there() -> None:
    """Servers in Python write NaN."""
    assert decode_json('{"a": NaN, "b": -Infinity}') == {"a": None, "b": None}


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("Party \ud83c\udf89 now", "Party 🎉 now"),
        ("\udcaf", "\ufffd"),
        ("a\ud83c", "a\ufffd"),
        ("\udf89\ud83c b", "\ufffd\ufffd b"),
        ("\ufeffplain ü 🎉", "\ufeffplain ü 🎉"),
    ],
)
def test_halves_of_characters_are_joined_or_replaced(text: str, valid: str) -> None:
    """So that the text can be stored and sent."""
    assert valid_text(text) == valid


@given(st.text(st.characters(exclude_categories=[])))
def test_any_text_from_json_becomes_one_that_can_be_written(text: str) -> None:
    """And one that could be is left as it was."""
    made = valid_text(json.loads(json.dumps(text)))
    made.encode()
    assert valid_text(made) == made
