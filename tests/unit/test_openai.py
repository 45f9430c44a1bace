"""The model's client against the stand-in endpoint, over real connections: every fault, and what is made of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import httpx
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from core import errors
from core.errors import ModelError
from core.llm.address import auth_headers, url_below
from core.llm.client import open_client
from core.llm.request import hash_user
from core.messages import Usage
from core.model_events import Finish, Text
from deploy.sandbox.openai.model import FAULTS, Fault, Reply, rate_limited, refusal
from tests.support.asking import ASKED, PROMPT, QUESTION, QUICK, SECRET, Asking, served, sse, stand_in, text_chunk


@pytest.fixture
async def asking() -> AsyncIterator[Asking]:
    """Return a client and the stand-in that it asks."""
    async with stand_in() as asking:
        yield asking


async def test_an_answer_is_its_text_its_usage_and_its_end(asking: Asking) -> None:
    """In this order."""
    asking.model.script.append(Reply("Eleven metres a second."))
    *texts, usage, finish = await asking.events()
    assert "".join(event.text for event in texts if isinstance(event, Text)) == "Eleven metres a second."
    assert usage == Usage(input_tokens=21, output_tokens=4, cached_tokens=0, model="stand-in")
    assert finish == Finish("stop")


async def test_only_what_is_set_is_sent(asking: Asking) -> None:
    """An operator's silence leaves the endpoint its own defaults."""
    await asking.text()
    assert asking.model.requests[0].body == {
        "model": "stand-in",
        "messages": [{"role": message.role, "content": message.content} for message in PROMPT],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_everything_that_is_set_is_sent(asking: Asking) -> None:
    """Under the API's names; who asks is sent as a hash, and the extra body last."""
    await asking.text(
        max_tokens=5, temperature=0.5, top_p=0.9, presence_penalty=1.0, frequency_penalty=-1.0, stop=("END",), seed=7,
        logit_bias={"50256": -100}, n=2, user_salt="salt", extra_body={"service_tier": "flex", "seed": 8},
    )  # fmt: skip
    sent = asking.model.requests[0].body
    assert {name: sent[name] for name in sent.keys() - {"model", "messages", "stream", "stream_options"}} == {
        "max_tokens": 5, "temperature": 0.5, "top_p": 0.9, "presence_penalty": 1.0, "frequency_penalty": -1.0,
        "stop": ["END"], "seed": 8, "logit_bias": {"50256": -100}, "n": 2, "user": hash_user("U1", "salt"),
        "service_tier": "flex",
    }  # fmt: skip
    assert "U1" not in sent["user"]


# The fault, the error that it means, and the text that was shown before it.
ENDS = [
    ("401", errors.WrongKey, ""),
    ("429", errors.RateLimited, ""),
    ("429 retry", errors.RateLimited, ""),
    ("quota", errors.NoQuota, ""),
    ("500", errors.EndpointFailing, ""),
    ("503", errors.EndpointFailing, ""),
    ("stall", errors.StreamStalled, "This answer stops in the middle of"),
    ("cut", errors.StreamCut, "This answer is cut off in the middle of"),
    ("malformed", errors.GarbledAnswer, "After this comes a chunk that nobody can read."),
    ("error chunk", errors.EndpointFailing, "After this comes an error inside the stream."),
    ("html", errors.GarbledAnswer, ""),
    ("empty", errors.EmptyAnswer, ""),
    ("length", errors.AnswerCutByLength, "This answer reached its limit of tokens right"),
    ("filter", errors.ContentFiltered, ""),
    ("overflow", errors.ContextOverflow, ""),
    ("path", errors.WrongPath, ""),
    ("model", errors.UnknownModel, ""),
    ("completions", errors.NotAChatModel, ""),
    ("parameter", errors.MissingParameter, ""),
]


@pytest.mark.parametrize(("name", "error", "shown"), ENDS)
async def test_every_fault_ends_in_its_own_error(
    asking: Asking, name: str, error: type[ModelError], shown: str
) -> None:
    """After the text that had come, with neither the key nor the question in it, and the next call works."""
    asking.model.script += [FAULTS[name]]
    text, raised = await asking.fault(silence_timeout=3.0 if name == "stall" else 60.0)
    assert (type(raised), text) == (error, shown)
    assert SECRET not in str(raised)
    assert QUESTION not in str(raised)
    asking.model.script.append(Reply("Well again."))
    assert await asking.text() == "Well again."


async def test_a_silent_model_is_given_up_when_its_first_token_is_due(asking: Asking) -> None:
    """The connection stands, and nothing comes over it."""
    asking.model.script.append(FAULTS["silent"])
    text, raised = await asking.fault(first_token_timeout=0.2)
    assert (type(raised), text) == (errors.ModelSilent, "")
    await asking.model.until(lambda: asking.model.requests[0].aborted)


async def test_an_unknown_model_is_told_from_a_wrong_path(asking: Asking) -> None:
    """Both are a 404."""
    assert isinstance((await asking.fault(model="gpt-9"))[1], errors.UnknownModel)
    assert isinstance((await asking.fault(base_url=f"{asking.url}/v1/nothing"))[1], errors.WrongPath)


async def test_an_address_that_lacks_its_version_is_asked_with_it(asking: Asking) -> None:
    """From then on, and the log says so."""
    client = asking.client(base_url=asking.url)
    with capture_logs() as logged:
        for _ in range(2):
            assert [event async for event in client.chat(PROMPT, ASKED)]
    assert [request.status for request in asking.model.requests] == [200, 200]
    assert ["OPENAI_BASE_URL" in line["hint"] for line in logged if line["event"] == "model_address_corrected"] == [
        True
    ]


async def test_a_page_at_an_address_without_a_version_is_a_wrong_path(asking: Asking) -> None:
    """With one, it is a garbled answer, as from a proxy that asks for a login."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html></html>", content_type="text/html")

    async with served(web.post("/{any:.*}", page)) as url:
        assert isinstance((await asking.fault(base_url=url))[1], errors.WrongPath)
        assert isinstance((await asking.fault(base_url=f"{url}/v1"))[1], errors.GarbledAnswer)


async def test_a_page_that_is_not_read_gives_its_connection_back(asking: Asking) -> None:
    """With room for one connection, the second call would otherwise wait for ever."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>" + "x" * 1_000_000, content_type="text/html")

    narrow = QUICK.model_copy(update={"max_connections": 1})
    async with served(web.post("/{any:.*}", page)) as url, open_client(narrow) as http:
        alone = Asking(url, http, asking.model)
        held = [await alone.fault(base_url=url) for _ in range(2)]
        assert [type(error) for _, error in held] == [errors.WrongPath] * 2


async def test_a_closed_port_is_unreachable(asking: Asking) -> None:
    """After the retries."""
    async with served() as url:
        pass
    assert isinstance((await asking.fault(base_url=f"{url}/v1"))[1], errors.EndpointUnreachable)


async def test_a_key_that_no_header_can_carry_is_a_wrong_key(asking: Asking) -> None:
    """As when a line's end was pasted with it."""
    assert isinstance((await asking.fault(api_key="sk-\nx"))[1], errors.WrongKey)


async def test_a_local_server_needs_no_key(asking: Asking) -> None:
    """No header is better than an empty one."""
    assert isinstance((await asking.fault(api_key=""))[1], errors.WrongKey)
    assert "authorization" not in asking.model.requests[0].headers


async def test_a_refusal_that_quotes_the_question_and_the_key_is_logged_without_them(asking: Asking) -> None:
    """Some endpoints repeat what they were sent."""
    said = f"Key {SECRET} may not ask '{QUESTION}' of sk-another-key-123."
    asking.model.script.append(refusal(400, said))
    _, raised = await asking.fault()
    assert str(raised) == "400: Key (key) may not ask '(text)' of (key)."


@pytest.mark.parametrize("fault", [FAULTS["500"], FAULTS["503"], FAULTS["cut"], rate_limited("0"), FAULTS["429"]])
async def test_what_passes_is_tried_again_before_the_first_text(asking: Asking, fault: Fault | Reply) -> None:
    """A stream that is cut before its first text is one of these."""
    asking.model.script += [replace(fault, text="") if isinstance(fault, Reply) else fault, Reply("Here.")]
    assert await asking.text(retry_deadline=30.0) == "Here."
    assert len(asking.model.requests) == 2


async def test_nothing_is_tried_again_once_text_was_shown(asking: Asking) -> None:
    """The answer would begin a second time."""
    asking.model.script += [FAULTS["cut"], Reply("Again.")]
    text, raised = await asking.fault(retry_deadline=2.0)
    assert (type(raised), len(asking.model.requests)) == (errors.StreamCut, 1)
    assert "Again" not in text


@pytest.mark.parametrize("name", ["quota", "401", "overflow", "model", "empty", "malformed"])
async def test_what_stays_is_not_tried_again(asking: Asking, name: str) -> None:
    """Trying again would only cost time."""
    asking.model.script += [FAULTS[name], Reply("Again.")]
    await asking.fault(retry_deadline=2.0)
    assert len(asking.model.requests) == 1


async def test_a_pause_beyond_the_deadline_ends_at_once(asking: Asking) -> None:
    """There is no use in waiting for what comes too late."""
    asking.model.script.append(rate_limited("3600"))
    async with asyncio.timeout(60):
        assert isinstance((await asking.fault(retry_deadline=61.0))[1], errors.RateLimited)


async def test_a_pause_that_was_asked_for_is_kept(asking: Asking) -> None:
    """Whether in seconds or in milliseconds, and never less than that."""
    asking.model.script += [rate_limited("700", header="retry-after-ms"), Reply("Here.")]
    with capture_logs() as logged:
        assert await asking.text(retry_deadline=30.0) == "Here."
    assert [line["pause"] >= 0.7 for line in logged if line["event"] == "retry"] == [True]


async def test_reasoning_is_a_sign_of_life_and_no_text(asking: Asking) -> None:
    """A model that thinks for longer than the silence allowed is not given up while its thoughts come."""
    asking.model.script.append(Reply("Yes.", reasoning="thinking " * 10, tokens_per_second=3.0))
    assert await asking.text(first_token_timeout=3.0, silence_timeout=3.0) == "Yes."


async def test_text_is_passed_on_while_the_model_still_writes(asking: Asking) -> None:
    """The first piece is there before the second is sent."""
    hold = asyncio.Event()
    asking.model.script.append(Reply(pieces=("Eleven ", "metres."), hold=hold))
    async with aclosing(asking.client(silence_timeout=30.0).chat(PROMPT, ASKED)) as events:
        assert await anext(events) == Text("Eleven ")
        hold.set()
        assert await anext(events) == Text("metres.")


@pytest.mark.parametrize("leave", ["close", "cancel"])
async def test_leaving_closes_the_stream_at_once(asking: Asking, leave: str) -> None:
    """So that the model stops writing what nobody reads."""
    asking.model.script.append(Reply(pieces=("Eleven ", "metres."), hold=asyncio.Event()))
    events = asking.client(silence_timeout=30.0).chat(PROMPT, ASKED)
    await anext(events)
    if leave == "close":
        await events.aclose()
    else:
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        waiting.cancel()
    await asking.model.until(lambda: asking.model.requests[0].aborted)


async def test_one_connection_serves_one_call_after_another(asking: Asking) -> None:
    """What stands after the last chunk is read, so that the connection is free again."""
    ports: set[int] = set()

    async def answer(request: web.Request) -> web.Response:
        ports.add(request.transport.get_extra_info("peername")[1] if request.transport else 0)
        return web.Response(text=sse([text_chunk("Hi", "stop")]), content_type="text/event-stream")

    async with served(web.post("/v1/chat/completions", answer)) as url:
        assert [await asking.text(base_url=f"{url}/v1") for _ in range(3)] == ["Hi"] * 3
    assert len(ports) == 1


def test_a_query_in_the_base_address_stays() -> None:
    """Azure's API version stands there."""
    assert str(url_below("https://x.azure.com/openai/deployments/d?api-version=1", "/chat/completions")) == (
        "https://x.azure.com/openai/deployments/d/chat/completions?api-version=1"
    )
    assert url_below("http://h/v1/", "/models") == url_below("http://h/v1/chat/completions", "/models")


def test_azure_is_given_the_key_in_its_own_header_too() -> None:
    """And nobody else is."""
    assert auth_headers(httpx.URL("https://x.openai.azure.com/openai/v1"), "k")[b"api-key"] == b"k"
    assert b"api-key" not in auth_headers(httpx.URL("https://api.openai.com/v1"), "k")
