"""How requests are changed to what an endpoint takes, once for each thing that it refuses."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from core import errors
from core.messages import PromptMessage
from core.openai.adaptations import SETTINGS, adaptation, adapted
from core.openai.refusals import read_complaint
from core.openai.request import chat_body
from tests.asking import PROMPT, QUESTION, QUICK, Asking, stand_in


@pytest.fixture
async def asking() -> AsyncIterator[Asking]:
    """Return a client and the stand-in that it asks."""
    async with stand_in() as asking:
        yield asking


async def test_a_reasoning_model_is_adapted_to_once_and_remembered(asking: Asking) -> None:
    """The limit is renamed, what it does not take is dropped, and the operator is told which setting that is."""
    client = asking.client(model="stand-in-reasoning", max_tokens=50, temperature=0.2, top_p=0.5, presence_penalty=1.0)
    with capture_logs() as logged:
        assert [event async for event in client.chat(PROMPT, "U1")]
    tries = len(asking.model.requests)
    assert [event async for event in client.chat(PROMPT, "U1")]
    assert (tries, len(asking.model.requests)) == (5, 6)
    assert asking.model.requests[-1].body["max_completion_tokens"] == 50
    assert asking.model.requests[-1].body.keys().isdisjoint({"max_tokens", "temperature", "top_p", "presence_penalty"})
    assert [line["hint"][:43] for line in logged if "CONFAB_T" in line["hint"]] != []


async def test_two_calls_at_once_both_adapt(asking: Asking) -> None:
    """The second learns nothing new and still tries again."""
    client = asking.client(model="stand-in-old")

    async def ask() -> int:
        return len([event async for event in client.chat(PROMPT, "U1")])

    assert all(await asyncio.gather(ask(), ask()))


async def test_an_old_endpoint_is_asked_without_stream_options(asking: Asking) -> None:
    """It names the parameter in its sentence alone."""
    assert "stand-in" in await asking.text(model="stand-in-old")
    assert "stream_options" not in asking.model.requests[-1].body


async def test_a_strict_template_gets_roles_in_turn_and_no_system(asking: Asking) -> None:
    """Nothing that was said is lost."""
    prompt = [
        PromptMessage("system", "Be kind."),
        PromptMessage("user", "Ada: one"),
        PromptMessage("user", "Ada: two"),
        PromptMessage("assistant", "ok"),
        PromptMessage("user", "three"),
    ]
    assert await asking.events(prompt, model="stand-in-strict")
    assert asking.model.requests[-1].messages == [
        {"role": "user", "content": "Be kind.\n\nAda: one\n\nAda: two"},
        {"role": "assistant", "content": "ok"},
        {"role": "user", "content": "three"},
    ]


async def test_what_the_extra_body_holds_is_not_adapted_away(asking: Asking) -> None:
    """The operator wrote it there on purpose."""
    _, raised = await asking.fault(model="stand-in-reasoning", extra_body={"temperature": 0.2})
    assert isinstance(raised, errors.RefusedRequest)
    assert len(asking.model.requests) == 1


async def test_a_value_out_of_range_is_refused_rather_than_dropped(asking: Asking) -> None:
    """It is a mistake of the operator's, and hiding it would not help."""
    _, raised = await asking.fault(temperature=3.0)
    assert isinstance(raised, errors.RefusedRequest)
    assert str(raised).startswith("400 decimal_above_max_value temperature: Invalid 'temperature'")


SENTENCES = st.sampled_from(
    [
        "Unsupported parameter: '{}'.", "Unknown parameter {}", "{} is not supported with this model",
        "System role not supported", "Conversation roles must alternate", "Expected last role User or Tool",
        "Something else",
    ]
)  # fmt: skip


@settings(max_examples=50)
@given(st.lists(st.tuples(SENTENCES, st.sampled_from(list(SETTINGS))), max_size=100))
def test_adapting_never_goes_on_for_ever(refusals: list[tuple[str, str]]) -> None:
    """However an endpoint complains, there is an end of what can be changed, and the messages stay."""
    options = replace(QUICK, max_tokens=1, temperature=1.0, top_p=1.0, n=1, stop=("x",), seed=1, opening="So")
    body = chat_body(options, PROMPT, "U1")
    applied: tuple[Any, ...] = ()
    for sentence, name in refusals * 3:
        complaint = read_complaint(400, json.dumps({"error": {"message": sentence.format(name)}}))
        change = adaptation(complaint, adapted(body, applied), options.extra_body)
        applied = applied if change is None or change in applied else (*applied, change)
    assert len(applied) <= len(SETTINGS) + 4
    assert QUESTION in json.dumps(adapted(body, applied)["messages"])
