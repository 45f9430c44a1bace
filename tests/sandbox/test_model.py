"""The stand-in endpoint: what it refuses, what it can be told to answer, and what it says of itself."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.openai import stand_in
from deploy.sandbox.openai.model import FAULTS, Fault, Model, Reply, routes
from deploy.sandbox.openai.moderation import flagged
from deploy.sandbox.openai.pictures import Picture
from deploy.sandbox.openai.replies import words
from deploy.sandbox.openai.rules import RULES
from tests.support.asking import PNG

ASK: dict[str, Any] = {"model": "stand-in", "messages": [{"role": "user", "content": "Hello"}]}
KEY = {"Authorization": "Bearer key"}


@pytest.fixture
def model() -> Model:
    """A stand-in that does not keep one waiting."""
    return Model(delay_first=0, tokens_per_second=None)


@pytest.fixture
async def client(model: Model) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the stand-in, on loopback."""
    app = web.Application(client_max_size=100 * 1024 * 1024)
    app.add_routes(routes(model))
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60.0) as http:  # for a machine that is busy
        yield http
    await runner.cleanup()


async def ask(client: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    """Return the answer to a small request with changes; a change to None takes a field away."""
    body = {name: value for name, value in {**ASK, **changes}.items() if value is not None}
    return await client.post("/v1/chat/completions", json=body, headers=KEY)


async def refused(client: httpx.AsyncClient, **changes: Any) -> tuple[int, str | None, str | None]:
    """Return the status, the code and the parameter with which a request is refused."""
    response = await ask(client, **changes)
    error = response.json()["error"]
    assert error["message"]
    return response.status_code, error["code"], error["param"]


def test_every_rule_names_a_test_of_its_own() -> None:
    """A rule that nobody saw refuse anything is not one."""
    named = [rule.test for rule in RULES]
    assert len(set(named)) == len(named)
    assert [name for name in named if name not in globals()] == []


async def test_a_body_without_a_model_is_refused(client: httpx.AsyncClient) -> None:
    """The model has no default."""
    assert await refused(client, model=None) == (400, None, None)


async def test_an_unknown_model_is_refused(client: httpx.AsyncClient) -> None:
    """The code is the one that clients look for."""
    assert await refused(client, model="gpt-9") == (404, "model_not_found", None)


async def test_a_completions_model_is_refused(client: httpx.AsyncClient) -> None:
    """The sentence is OpenAI's."""
    assert await refused(client, model="stand-in-completions") == (404, None, "model")


async def test_no_messages_are_refused(client: httpx.AsyncClient) -> None:
    """There is nothing to answer."""
    assert await refused(client, messages=None) == (400, "missing_required_parameter", "messages")


async def test_an_empty_prompt_is_refused(client: httpx.AsyncClient) -> None:
    """A list without messages is no prompt."""
    assert await refused(client, messages=[]) == (400, "empty_array", "messages")


async def test_an_unknown_role_is_refused(client: httpx.AsyncClient) -> None:
    """The place is named."""
    messages = [{"role": "wizard", "content": "Hello"}]
    assert await refused(client, messages=messages) == (400, "invalid_value", "messages[0].role")


async def test_content_that_is_a_number_is_refused(client: httpx.AsyncClient) -> None:
    """Text or parts, and nothing else."""
    messages = [{"role": "user", "content": 7}]
    assert await refused(client, messages=messages) == (400, "invalid_type", "messages[0].content")


async def test_an_unknown_part_is_refused(client: httpx.AsyncClient) -> None:
    """Parts have types."""
    messages = [{"role": "user", "content": [{"type": "smell"}]}]
    assert await refused(client, messages=messages) == (400, "invalid_value", "messages[0].content[0].type")


PIXEL = f"data:image/png;base64,{PNG}"


def look(*urls: str) -> list[dict[str, Any]]:
    """Return a prompt with pictures."""
    parts = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return [{"role": "user", "content": [{"type": "text", "text": "look"}, *parts]}]


async def test_a_picture_is_seen_and_counted(client: httpx.AsyncClient) -> None:
    """The answer names it; its cost is that of one square, however it is encoded."""
    answer = (await ask(client, messages=look(PIXEL))).json()
    assert "PNG, 1 by 1" in answer["choices"][0]["message"]["content"]
    assert answer["usage"]["prompt_tokens"] == 5 + 85 + 170


@pytest.mark.parametrize(
    ("size", "tokens"), [((512, 512), 255), ((1024, 1024), 765), ((2048, 4096), 1105), ((100, 3000), 85 + 4 * 170)]
)
def test_a_picture_costs_what_openai_s_documents_say(size: tuple[int, int], tokens: int) -> None:
    """Their own examples among them."""
    assert Picture("PNG", *size, 1000).tokens == tokens


async def test_a_model_that_reads_text_alone_refuses_a_picture(client: httpx.AsyncClient) -> None:
    """In OpenAI's words."""
    answer = await refused(client, model="stand-in-text", messages=look(PIXEL))
    assert answer == (400, None, "messages.[0].content.[1].type")


@pytest.mark.parametrize("url", ["https://example.org/cat.png", "data:text/plain;base64,aGk=", 7])
async def test_a_picture_elsewhere_is_refused(client: httpx.AsyncClient, url: str) -> None:
    """The stand-in fetches nothing."""
    assert await refused(client, messages=look(url)) == (400, "invalid_image_url", "messages.[0].content.[1]")


async def test_a_picture_that_is_not_in_base64_is_refused(client: httpx.AsyncClient) -> None:
    """Not even a line break is passed over."""
    broken = PIXEL[:60] + "\n" + PIXEL[60:]
    assert await refused(client, messages=look(PIXEL, broken)) == (400, "invalid_base64", "messages.[0].content.[2]")


@pytest.mark.parametrize("url", [PIXEL.replace("png", "gif"), "data:image/png;base64,aGVsbG8=", PIXEL[:62]])
async def test_what_is_no_picture_is_refused(client: httpx.AsyncClient, url: str) -> None:
    """Nor is one that says it were another kind."""
    assert await refused(client, messages=look(url)) == (400, "invalid_image_format", "messages.[0].content.[1]")


async def test_too_many_bytes_of_pictures_are_refused(client: httpx.AsyncClient) -> None:
    """Of which each is small enough."""
    large = base64.b64encode(base64.b64decode(PNG) + bytes(18_000_000)).decode()
    url = f"data:image/png;base64,{large}"
    assert await refused(client, messages=look(url, url, url)) == (400, "image_too_large", "messages")


def calling(*ids: str, results: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Return a prompt in which the assistant calls tools, with results of some of them, before somebody goes on."""
    calls = [{"id": each, "type": "function", "function": {"name": "look", "arguments": "{}"}} for each in ids]
    answers = [{"role": "tool", "tool_call_id": each, "content": "seen"} for each in results]
    before = {"role": "assistant", "content": "one moment", **({"tool_calls": calls} if ids else {})}
    return [{"role": "user", "content": "look"}, before, *answers, {"role": "user", "content": "and?"}]


async def test_calls_with_their_results_are_taken(client: httpx.AsyncClient) -> None:
    """In any order of their own."""
    assert (await ask(client, messages=calling("a", "b", results=("b", "a")))).status_code == 200


async def test_a_call_without_a_function_is_refused(client: httpx.AsyncClient) -> None:
    """An id alone is none."""
    messages = [{"role": "assistant", "content": None, "tool_calls": [{"id": "a", "type": "function"}]}]
    where = "messages[0].tool_calls[0]"
    assert await refused(client, messages=messages) == (400, "missing_required_parameter", where)


async def test_a_result_without_its_call_is_refused(client: httpx.AsyncClient) -> None:
    """Whether nothing was called, or something else."""
    assert await refused(client, messages=calling(results=("a",))) == (400, None, "messages.[2].role")
    assert await refused(client, messages=calling("a", results=("a", "b"))) == (400, None, "messages.[3].role")


async def test_a_call_without_its_result_is_refused(client: httpx.AsyncClient) -> None:
    """One of two is not enough."""
    assert await refused(client, messages=calling("a", "b", results=("a",))) == (400, None, "messages.[1].role")


LOOK = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}


async def test_a_tool_without_a_name_is_refused(client: httpx.AsyncClient) -> None:
    """A name holds letters, digits, underscores and dashes; a tool is a function."""
    named = {"type": "function", "function": {"name": "look at"}}
    assert await refused(client, tools=[named]) == (400, None, "tools[0].function.name")
    assert await refused(client, tools=[LOOK, {"name": "look"}]) == (400, None, "tools[1].function")
    assert await refused(client, tools=[LOOK] * 129) == (400, None, "tools")


async def test_a_choice_without_tools_is_refused(client: httpx.AsyncClient) -> None:
    """There is nothing to choose among."""
    assert await refused(client, tool_choice="none") == (400, None, None)


async def test_a_model_without_tools_refuses_them(client: httpx.AsyncClient) -> None:
    """In Ollama's words."""
    assert await refused(client, model="stand-in-toolless", tools=[LOOK]) == (400, None, None)


async def test_a_tool_that_a_question_asks_for_is_called_and_what_it_gave_is_told(client: httpx.AsyncClient) -> None:
    """Where it is offered, and may be called."""
    offered = [{"type": "function", "function": {"name": "calculator"}}]
    question = [{"role": "user", "content": "Ada: what is 17*23?"}]
    (choice,) = (await ask(client, messages=question, tools=offered)).json()["choices"]
    (call,) = choice["message"]["tool_calls"]
    assert (choice["finish_reason"], call["function"]["name"]) == ("tool_calls", "calculator")
    assert json.loads(call["function"]["arguments"]) == {"expression": "17*23"}
    result = {"role": "tool", "tool_call_id": call["id"], "content": "[told]\n```\n391\n```"}
    said = (await ask(client, messages=[*question, choice["message"], result], tools=offered)).json()
    assert "> 391" in said["choices"][0]["message"]["content"]
    for without in ({}, {"tools": offered, "tool_choice": "none"}):
        assert (await ask(client, messages=question, **without)).json()["choices"][0]["finish_reason"] == "stop"


async def test_a_name_with_a_space_is_refused(client: httpx.AsyncClient) -> None:
    """A display name is not a message's name."""
    messages = [{"role": "user", "content": "Hello", "name": "Ada Lovelace"}]
    assert await refused(client, messages=messages) == (400, "invalid_value", "messages[0].name")


async def test_an_unknown_parameter_is_refused(client: httpx.AsyncClient) -> None:
    """A slip of the pen is not passed over."""
    assert await refused(client, temprature=1) == (400, "unknown_parameter", "temprature")


async def test_a_limit_that_is_text_is_refused(client: httpx.AsyncClient) -> None:
    """A number in quotes is no number."""
    assert await refused(client, max_tokens="100") == (400, "invalid_type", "max_tokens")


async def test_a_temperature_of_3_is_refused(client: httpx.AsyncClient) -> None:
    """Two is the most."""
    assert await refused(client, temperature=3) == (400, "decimal_above_max_value", "temperature")


async def test_a_limit_of_0_is_refused(client: httpx.AsyncClient) -> None:
    """One token is the least."""
    assert await refused(client, max_tokens=0) == (400, "integer_below_min_value", "max_tokens")


async def test_five_stops_are_refused(client: httpx.AsyncClient) -> None:
    """Four are taken."""
    assert await refused(client, stop=list("abcde")) == (400, "array_above_max_length", "stop")
    assert (await ask(client, stop=list("abcd"))).status_code == 200


async def test_a_bias_of_101_is_refused(client: httpx.AsyncClient) -> None:
    """A hundred is the most."""
    assert await refused(client, logit_bias={"50256": 101}) == (400, "invalid_value", "logit_bias")


async def test_two_limits_are_refused(client: httpx.AsyncClient) -> None:
    """The old and the new name do not go together."""
    limits = {"max_tokens": 5, "max_completion_tokens": 5}
    assert await refused(client, **limits) == (400, "invalid_parameter_combination", "max_tokens")


async def test_stream_options_without_a_stream_are_refused(client: httpx.AsyncClient) -> None:
    """They are a stream's."""
    assert await refused(client, stream_options={"include_usage": True}) == (400, None, "stream_options")


async def test_an_old_endpoint_refuses_stream_options(client: httpx.AsyncClient) -> None:
    """With a stream, too."""
    options = {"stream": True, "stream_options": {"include_usage": True}}
    assert await refused(client, model="stand-in-old", **options) == (400, None, None)


async def test_reasoning_refuses_a_limit(client: httpx.AsyncClient) -> None:
    """The old name of it, that is."""
    assert await refused(client, model="stand-in-reasoning", max_tokens=5) == (
        400,
        "unsupported_parameter",
        "max_tokens",
    )
    assert (await ask(client, model="stand-in-reasoning", max_completion_tokens=5)).status_code == 200


async def test_reasoning_refuses_a_temperature(client: httpx.AsyncClient) -> None:
    """All but its own."""
    assert await refused(client, model="stand-in-reasoning", temperature=0.2) == (
        400,
        "unsupported_value",
        "temperature",
    )
    assert (await ask(client, model="stand-in-reasoning", temperature=1)).status_code == 200


async def test_an_effort_without_reasoning_is_refused(client: httpx.AsyncClient) -> None:
    """A model that does not reason is not told how hard."""
    assert await refused(client, reasoning_effort="low") == (400, None, None)


async def test_a_strict_template_refuses_the_system_role(client: httpx.AsyncClient) -> None:
    """As Gemma's does."""
    messages = [{"role": "system", "content": "Be kind"}, *ASK["messages"]]
    assert await refused(client, model="stand-in-strict", messages=messages) == (400, None, None)


async def test_a_strict_template_refuses_two_users_in_a_row(client: httpx.AsyncClient) -> None:
    """As Mistral's does."""
    assert await refused(client, model="stand-in-strict", messages=ASK["messages"] * 2) == (400, None, None)


async def test_a_prompt_beyond_the_window_is_refused(client: httpx.AsyncClient, model: Model) -> None:
    """The window is counted by the stand-in's own measure."""
    model.window = 10
    long = [{"role": "user", "content": "word " * 20}]
    assert await refused(client, messages=long) == (400, "context_length_exceeded", "messages")
    assert (await ask(client)).status_code == 200


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer"}, {"Authorization": "Basic abc"}])
async def test_a_request_without_a_key_is_refused(client: httpx.AsyncClient, header: dict[str, str]) -> None:
    """Chat and the list of models alike."""
    assert (await client.post("/v1/chat/completions", json=ASK, headers=header)).status_code == 401
    assert (await client.get("/v1/models", headers=header)).status_code == 401


async def test_a_key_that_is_not_known_is_refused(client: httpx.AsyncClient, model: Model) -> None:
    """Where the stand-in is told which keys there are."""
    model.keys = frozenset({"another"})
    assert await refused(client) == (401, "invalid_api_key", None)


@pytest.mark.parametrize("body", [b"not json", b"[1]", b"\xff"])
async def test_a_body_that_is_no_object_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    """In the shape of OpenAI's errors, and nothing is recorded."""
    response = await client.post("/v1/chat/completions", content=body, headers=KEY)
    assert (response.status_code, response.json()["error"]["code"]) == (400, None)


async def test_a_wrong_path_is_refused_as_by_openai_or_by_ollama(client: httpx.AsyncClient) -> None:
    """Below `/v1` in OpenAI's shape; without `/v1` as plain text."""
    assert (await client.post("/v1/chat", headers=KEY)).json()["error"]["message"] == "Invalid URL (POST /v1/chat)"
    assert (await client.post("/chat/completions")).text == "404 page not found"


async def test_the_models_are_listed(client: httpx.AsyncClient) -> None:
    """As OpenAI lists them."""
    listed = (await client.get("/v1/models", headers=KEY)).json()
    assert (listed["object"], listed["data"][0]["id"]) == ("list", "stand-in")


def streamed(body: str) -> list[dict[str, Any]]:
    """Return the chunks of a stream that ended properly."""
    lines = [line.removeprefix("data: ") for line in body.splitlines() if line]
    assert lines.pop() == "[DONE]"
    return [json.loads(line) for line in lines]


async def test_a_reply_is_streamed_in_the_pieces_that_were_scripted(client: httpx.AsyncClient, model: Model) -> None:
    """The role comes first, the usage last where it was asked for."""
    model.script.append(Reply(pieces=("Hel", "lo")))
    chunks = streamed((await ask(client, stream=True, stream_options={"include_usage": True})).text)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks[:-1]]
    assert deltas == [{"role": "assistant", "content": ""}, {"content": "Hel"}, {"content": "lo"}, {}]
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
    assert (chunks[-1]["choices"], chunks[-1]["usage"]["completion_tokens"]) == ([], 2)


async def test_what_is_scripted_is_used_once_and_then_it_talks(client: httpx.AsyncClient, model: Model) -> None:
    """A refused request uses up nothing."""
    model.script += [Reply("Scripted"), FAULTS["503"]]
    await ask(client, model="gpt-9")
    first, second, third = [await ask(client) for _ in range(3)]
    assert first.json()["choices"][0]["message"]["content"] == "Scripted"
    assert second.status_code == 503
    assert "stand-in" in third.json()["choices"][0]["message"]["content"]


async def test_requests_are_recorded_with_their_times(client: httpx.AsyncClient, model: Model) -> None:
    """So that a bench can take the model's own time away."""
    await ask(client, stream=True)
    asked = model.requests[0]
    assert (asked.path, asked.status, asked.aborted) == ("/v1/chat/completions", 200, False)
    assert asked.messages == ASK["messages"]
    assert asked.first_token_at is not None
    assert asked.done_at is not None
    assert asked.at <= asked.first_token_at <= asked.done_at


@pytest.mark.parametrize("step", [FAULTS["silent"], FAULTS["stall"], Reply("a b c", hold=asyncio.Event())])
async def test_a_client_that_goes_away_is_noticed(client: httpx.AsyncClient, model: Model, step: Reply | Fault) -> None:
    """Before the first token, and in mid-stream."""
    model.script.append(step)
    call = asyncio.create_task(ask(client, stream=True))
    await model.until(lambda: model.requests)
    call.cancel()
    assert await model.until(lambda: model.requests[0].aborted)


async def test_waiting_for_what_never_comes_tells_what_was_seen(client: httpx.AsyncClient, model: Model) -> None:
    """The error helps whoever reads a failed test."""
    await ask(client)
    with pytest.raises(TimeoutError, match="/v1/chat/completions', 200, False"):
        await model.until(lambda: len(model.requests) > 1, timeout=0.01)


async def test_a_body_is_no_stream_unless_one_was_asked_for(client: httpx.AsyncClient, model: Model) -> None:
    """All choices are in it."""
    model.script.append(Reply("One", others=("Two",)))
    choices = (await ask(client)).json()["choices"]
    assert [choice["message"]["content"] for choice in choices] == ["One", "Two"]


@given(st.text())
def test_words_joined_are_the_text(text: str) -> None:
    """Whatever the text is."""
    assert "".join(words(text)) == text


def said(*messages: tuple[str, str]) -> str:
    """Return what the stand-in says to a prompt."""
    reply = stand_in.answer({"messages": [{"role": role, "content": text} for role, text in messages]})
    assert isinstance(reply, Reply)
    return reply.text


def test_it_says_that_it_is_a_stand_in_and_what_reached_it() -> None:
    """The turns, who spoke, and the question."""
    text = said(
        ("system", "Be kind."),
        ("user", "Ada: Hi"),
        ("assistant", "Hello"),
        ("user", "Grace Hopper: @Confab how are you"),
    )
    assert "stand-in, not a real model" in text
    assert "4 reached me: 2 from people" in text
    assert "**Ada**, **Grace Hopper**" in text
    assert "> how are you" in text


def test_it_quotes_what_sounds_like_a_decision() -> None:
    """Of earlier messages, not of the question."""
    text = said(
        ("user", "Ada: Shall we use SQLite?\nGrace: Yes, let's go with SQLite"),
        ("assistant", "Noted"),
        ("user", "Ada: what did we decide?"),
    )
    assert "> Grace: Yes, let's go with SQLite" in text
    assert "Shall we" not in text


def test_it_quotes_what_was_found_with_its_mark() -> None:
    """The line that shares most with the question; of an earlier question's findings nothing, and of none nothing."""
    told = (
        "[What was found]\n\n[S1] a.md\n```\nCows moo.\nGoats eat at noon.\n```\n\n[S2] b.md\n````\nGoats sleep.\n````"
    )
    text = said(("user", told), ("user", "Ada: when do goats eat?"))
    assert "> Goats eat at noon. [S1]" in text
    assert "> Goats sleep. [S2]" in said(("user", told), ("user", "do goats sleep?"))
    for later in (("assistant", "So it is"), ("user", "when do goats eat?")), (("user", "what of the sheep?"),):
        assert "[S1]" not in said(("user", told), *later)


def test_it_says_so_when_nothing_was_decided() -> None:
    """Nothing is made up."""
    assert "no decision to quote" in said(("user", "what did we decide?"))
    assert "Nothing sounds like a decision" in said(("user", "Ada: Hi"), ("user", "what did we decide?"))


@pytest.mark.parametrize(
    ("word", "shown"),
    [("table", "|---|"), ("code", "```python"), ("list", "   - with"), ("help", "`fail`"), ("ping", "<!channel>")],
)
def test_it_shows_what_it_is_asked_for(word: str, shown: str) -> None:
    """With or without a name and a mention before the word."""
    assert shown in said(("user", word))
    assert shown in said(("user", f"Ada: <@U0CONFAB1> {word.title()}"))


def test_nothing_that_it_shows_is_refused_by_its_own_moderation() -> None:
    """But for what is there to be refused."""
    shown = {word: said(("user", word)) for word in stand_in.SHOWS}
    refused = {word for word, text in shown.items() if max(flagged(text).values()) > 0.5}
    assert refused == {"forbidden"}
    assert "Write `show`" in said(("user", "Ada: hello"))


def test_a_long_answer_needs_several_messages() -> None:
    """Slack takes 12,000 characters in one block."""
    assert len(said(("user", "long"))) > 12_000


@pytest.mark.parametrize("name", list(FAULTS))
def test_every_fault_can_be_asked_for(name: str) -> None:
    """By the name that `help` lists."""
    assert stand_in.answer({"messages": [{"role": "user", "content": f"fail {name}"}]}) is FAULTS[name]


def test_an_unknown_fault_shows_the_help() -> None:
    """Rather than nothing."""
    assert "I know no fault `quux`" in said(("user", "fail quux"))
