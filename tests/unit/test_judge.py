"""Moderation as other servers do it: a chat model that judges, and endpoints with results of another shape."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from core.llm.client import open_client
from core.llm.judge import SCHEMA, Judge, _read
from core.llm.moderations import Moderations, open_moderation_client
from core.llm.settings import ModelSettings
from core.moderation.errors import CheckFailed
from core.moderation.settings import ModerationSettings
from core.moderation.verdict import Finding, Sample
from deploy.sandbox.openai.model import Fault, Reply, refusal
from deploy.sandbox.wire.server import Sandbox
from tests.support.asking import served

Json = dict[str, Any]
SAMPLES = [Sample("hello"), Sample("flag me"), Sample("good bye")]


async def judged(sandbox: Sandbox, times: int = 1, **options: Any) -> list[Finding]:
    """Return what the judge finds in the samples, asked so often."""
    own = {"base_url": sandbox.openai_base_url, "api_key": "sk-1", "model": "stand-in", "retry_deadline": 0.01}
    plain = ModelSettings(**{**own, **options}).for_background_calls()
    async with open_client(plain) as client:
        judge = Judge(plain, client)
        for _ in range(times):
            found = await judge.findings(SAMPLES)
    return found


@pytest.mark.parametrize(
    ("said", "harmful"),
    [
        ("[]", []),
        ("<think>Text 1 is a greeting [harmless].</think>\n\n[]", []),
        ('<think>Perhaps [1]? No.</think>[{"text": 2, "categories": ["hate"]}]', [2]),
        ('Here is my judgement:\n```json\n[{"text": 2, "categories": ["hate"]}]\n```\nText 3 [sic] is fine.', [2]),
        ('{"harmful": []}', []),
        ('{"harmful": [{"text": 3, "categories": ["violence"]}]}', [3]),
        ('{"text": 2, "categories": ["hate"]}', [2]),
        ('[{"text": 0, "categories": ["hate"]}, {"text": 2, "categories": ["hate"]}]', [1, 3]),
        ('[{"text": "Text 2", "categories": "hate"}]', [2]),
        ('[{"text": 1, "categories": []}, {"text": 2, "categories": ["hate"]}]', [2]),
        ('[{"text": 1, "categories": ["harmless"]}]', []),
        ('[THINK]so [..][/THINK]I find: [{"text": 1, "categories": ["hate"]}] and nothing else [].', [1]),
    ],
)
async def test_a_judgement_is_read_past_thoughts_and_prose(sandbox: Sandbox, said: str, harmful: list[int]) -> None:
    """Whether it counts from one or from nought."""
    sandbox.model.script.append(Reply(said))
    found = await judged(sandbox)
    assert [number for number, finding in enumerate(found, start=1) if finding.flagged] == harmful


@pytest.mark.parametrize(
    "said",
    [
        "None is harmful.",
        "[harmless]",
        "[1, 2]",
        '{"verdict": "safe"}',
        '[{"text": 9, "categories": ["hate"]}]',
        '[{"text": 0, "categories": ["hate"]}, {"text": 3, "categories": ["hate"]}]',
        '[{"text": "the second", "categories": ["hate"]}]',
    ],
)
async def test_what_is_no_judgement_is_none(sandbox: Sandbox, said: str) -> None:
    """Nobody is let through by it."""
    sandbox.model.script.append(Reply(said))
    with pytest.raises(CheckFailed):
        await judged(sandbox)


async def test_the_judge_is_asked_with_a_schema_and_none_of_the_answers_parameters(sandbox: Sandbox) -> None:
    """Those would leave no room for a judgement, or put words before it."""
    sandbox.model.script.append(Reply("[]"))
    extra = {"response_format": {"type": "text"}, "max_tokens": 5, "top_k": 3}
    await judged(sandbox, max_tokens=40, opening="Well,", stop=("]",), n=2)
    body = sandbox.model.requests[-1].body
    assert body["response_format"] == SCHEMA
    assert not {"max_tokens", "stop", "n"} & body.keys()
    assert body["messages"][-1]["role"] == "user"
    assert ModelSettings(extra_body=extra).for_background_calls().extra_body == {"top_k": 3}


@pytest.mark.parametrize(
    "fault",
    [
        refusal(400, "response_format is not supported by this model"),
        refusal(422, "Unknown field response_format"),
        refusal(404, "No endpoints found that can handle the requested parameters."),
        refusal(400, "Invalid schema for response_format"),
    ],
)
async def test_an_endpoint_without_schemas_is_asked_for_one_once(sandbox: Sandbox, fault: Fault) -> None:
    """From then on it is asked plainly."""
    sandbox.model.talk = lambda body: fault if "response_format" in body else Reply("[]")
    await judged(sandbox, times=3)
    assert [("response_format" in request.body) for request in sandbox.model.requests] == [True, False, False, False]


def test_a_judgement_in_another_form_is_understood() -> None:
    """Of two texts, each with the places of those that are harmful."""
    hate = ["hate"]
    forms: list[tuple[str, list[int]]] = [
        ('{"harmful": [2]}', [1]),
        ('{"harmful": null}', []),
        ('{"harmful": {"text": 1, "categories": ["hate"]}}', [0]),
        ('{"harmful": [{"index": 1, "category": "hate"}]}', [0]),
        ('[{"text": 0, "categories": ["hate"]}]', [0]),
        ('```json\n{"harmful": []}\n```', []),
        ('<reasoning>[{"text": 1, "categories": ["hate"]}]</reasoning>[]', []),
        (f"{json.dumps({'text': 1, 'categories': hate})}\n{json.dumps({'text': 2, 'categories': hate})}", [0, 1]),
    ]
    for said, harmful in forms:
        assert [place for place, found in enumerate(_read(said, 2)) if found.flagged] == harmful, said


@given(st.text() | st.text(alphabet='[]{}":,0123 text'))
def test_any_answer_is_read_or_refused(said: str) -> None:
    """Whatever a model writes."""
    with suppress(CheckFailed):
        assert len(_read(said, 3)) == 3


def mistral(results: list[Json]) -> list[Json]:
    """Return results without a flag of their own."""
    return [{name: value for name, value in each.items() if name != "flagged"} for each in results]


def in_figures(results: list[Json]) -> list[Json]:
    """Return results with 0 and 1 for flags."""
    flags = [{name: int(flag) for name, flag in each["categories"].items()} for each in results]
    return [
        {**each, "flagged": int(each["flagged"]), "categories": each_flags}
        for each, each_flags in zip(results, flags, strict=True)
    ]


def merged(results: list[Json]) -> list[Json]:
    """Return one result for all texts, as an emulator of OpenAI's API does."""
    return results[-1:]


async def checked(sandbox: Sandbox, shape: Callable[[list[Json]], list[Json]], times: int = 1) -> list[bool]:
    """Return which samples are flagged where the results have a shape."""
    sandbox.model.moderation.shape = shape
    options = ModerationSettings(url=sandbox.openai_base_url, key="sk-1", model="stand-in")
    async with open_moderation_client(options) as client:
        endpoint = Moderations(options, client)
        for _ in range(times):
            found = await endpoint.findings(SAMPLES)
    return [finding.flagged for finding in found]


@pytest.mark.parametrize("shape", [list, mistral, in_figures, merged])
async def test_results_of_another_shape_are_understood(
    sandbox: Sandbox, shape: Callable[[list[Json]], list[Json]]
) -> None:
    """Categories alone, figures for flags, and one result for all."""
    assert await checked(sandbox, shape) == [False, True, False]


async def test_a_checker_that_gives_one_result_for_all_is_asked_text_by_text(sandbox: Sandbox) -> None:
    """Together only once."""
    assert await checked(sandbox, merged, times=2) == [False, True, False]
    assert [len(each.texts) for each in sandbox.model.moderation.checked] == [3, 1, 1, 1, 1, 1, 1]


SHAPES: list[tuple[Any, bool]] = [
    ({"results": [{"flagged": 1}]}, True),
    ({"results": [{"flagged": 0, "categories": {"hate": 0}}]}, False),
    ({"results": [{"flagged": "true"}]}, True),
    ({"results": [{"flagged": "false", "categories": {"hate": "false"}}]}, False),
    ({"results": {"flagged": True}}, True),
    ({"flagged": True}, True),
    ([{"flagged": True}], True),
    ({"data": [{"is_flagged": True}]}, True),
    ({"results": [{"flagged": None, "categories": {"hate": True}}]}, True),
    ({"results": [{"categories": {"hate": 0.97}}]}, True),
    ({"results": [{"categories": {"hate": 0.01}}]}, False),
    ({"results": [{"category_scores": {"hate": 0.97}}]}, True),
    ({"results": [{"category_scores": {"hate": "0.01"}}]}, False),
    ({"results": [{"categories": ["hate"]}]}, True),
    ({"results": [{"categories": []}]}, False),
    ({"results": [{"categories": [{"name": "hate", "flagged": True, "score": 0.9}]}]}, True),
]


async def test_every_shape_of_a_moderation_that_is_in_use_is_understood() -> None:
    """Of an endpoint that answers in one after the other."""
    shapes = iter(SHAPES)

    async def answer(_: web.Request) -> web.Response:
        return web.json_response(next(shapes)[0])

    async with served(web.post("/v1/moderations", answer)) as url:
        options = ModerationSettings(url=f"{url}/v1", key="sk-1")
        async with open_moderation_client(options) as client:
            found = [(await Moderations(options, client).findings(SAMPLES[:1]))[0].flagged for _ in SHAPES]
    assert found == [is_flagged for _, is_flagged in SHAPES]


@pytest.mark.parametrize(
    "results", [[{}], [{"flagged": "no"}], [{"flagged": 2}], [{"categories": {}}], [{"categories": {"hate": "x"}}], [7]]
)
async def test_what_is_no_moderation_lets_nobody_through(sandbox: Sandbox, results: list[Any]) -> None:
    """Neither flags nor categories, or what is no flag."""
    with pytest.raises(CheckFailed):
        await checked(sandbox, lambda _: results)
