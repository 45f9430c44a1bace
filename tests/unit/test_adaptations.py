"""How requests are changed to what an endpoint takes, once for each thing that it refuses."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from core import errors
from core.llm.dialects.adaptations import NO_PICTURES, NO_TOOLS, SETTINGS, Adaptation, adapt_body, find_adaptation
from core.llm.refusals import read_complaint
from core.llm.request import OfferedTools, chat_body
from core.messages import Image, PromptMessage, ToolCall
from deploy.sandbox.openai.model import Reply, refusal
from tests.support.asking import ASKED, PNG, PROMPT, QUESTION, QUICK, Asking, stand_in


@pytest.fixture
async def asking() -> AsyncIterator[Asking]:
    """Return a client and the stand-in that it asks."""
    async with stand_in() as asking:
        yield asking


async def test_a_reasoning_model_is_adapted_to_once_and_remembered(asking: Asking) -> None:
    """The limit is renamed, what it does not take is dropped, and the operator is told which setting that is."""
    client = asking.client(model="stand-in-reasoning", max_tokens=50, temperature=0.2, top_p=0.5, presence_penalty=1.0)
    with capture_logs() as logged:
        assert [event async for event in client.chat(PROMPT, ASKED)]
    tries = len(asking.model.requests)
    assert [event async for event in client.chat(PROMPT, ASKED)]
    assert (tries, len(asking.model.requests)) == (5, 6)
    assert asking.model.requests[-1].body["max_completion_tokens"] == 50
    assert asking.model.requests[-1].body.keys().isdisjoint({"max_tokens", "temperature", "top_p", "presence_penalty"})
    assert [line["hint"][:43] for line in logged if "CONFAB_T" in line["hint"]] != []


async def test_two_calls_at_once_both_adapt(asking: Asking) -> None:
    """The second learns nothing new and still tries again."""
    client = asking.client(model="stand-in-old")

    async def ask() -> int:
        return len([event async for event in client.chat(PROMPT, ASKED)])

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


PIXEL = Image("image/png", 1, 1, PNG)
SHOWN = [
    PromptMessage("system", "Be kind."),
    PromptMessage("user", "Ada: look", (PIXEL,)),
    PromptMessage("user", "Ada: well?"),
]


async def test_a_model_that_reads_text_alone_is_shown_no_picture_a_second_time(asking: Asking) -> None:
    """The text stays, and the operator is told what to change."""
    client = asking.client(model="stand-in-text")
    with capture_logs() as logged:
        for _ in range(2):
            assert [event async for event in client.chat(SHOWN, ASKED)]
    assert not client.sees
    assert [request.status for request in asking.model.requests] == [400, 200, 200]
    assert asking.model.requests[-1].messages[1] == {"role": "user", "content": "Ada: look"}
    assert [line["hint"] for line in logged if "OPENAI_MODEL" in line["hint"]]


async def test_a_strict_template_is_shown_pictures_in_merged_messages(asking: Asking) -> None:
    """In their place among the texts."""
    assert await asking.events(SHOWN, model="stand-in-strict")
    (message,) = asking.model.requests[-1].messages
    assert [part.get("text", "picture") for part in message["content"]] == [
        "Be kind.",
        "Ada: look",
        "picture",
        "Ada: well?",
    ]


async def test_calls_and_results_stay_messages_of_their_own(asking: Asking) -> None:
    """On the wire as the API wants them, also where other messages are merged."""
    call = ToolCall("c1", "look", "{}")
    prompt = [
        PromptMessage("user", "Ada: look"),
        PromptMessage("assistant", "", calls=(call,)),
        PromptMessage("tool", "seen", call_id="c1"),
        PromptMessage("assistant", "It is there."),
        PromptMessage("user", "Ada: and?"),
    ]
    offered = OfferedTools(({"type": "function", "function": {"name": "look"}},))
    assert [event async for event in asking.client().chat(prompt, ASKED, offered)]
    function = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    on_the_wire = [
        {"role": "assistant", "content": None, "tool_calls": [function]},
        {"role": "tool", "content": "seen", "tool_call_id": "c1"},
    ]
    assert asking.model.requests[0].messages[1:3] == on_the_wire
    merged = adapt_body(chat_body(QUICK, prompt, "U1", offered), [Adaptation("merge roles")])["messages"]
    assert merged[1:3] == on_the_wire


async def test_without_tools_what_was_called_before_is_told_in_words(asking: Asking) -> None:
    """A result stays data: it never stands in the system's role, nor in the bot's."""
    call = ToolCall("c1", "look", "{}")
    prompt = [
        PromptMessage("user", "Ada: look"),
        PromptMessage("assistant", "", calls=(call,)),
        PromptMessage("tool", "[What look returned] seen", call_id="c1"),
        PromptMessage("user", "Ada: and?"),
    ]
    assert await asking.events(prompt)
    told = [(message["role"], message["content"]) for message in asking.model.requests[0].messages]
    assert told[1:3] == [("assistant", "(I looked this up with look.)"), ("user", "[What look returned] seen")]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "registry.ollama.ai/library/gemma:2b does not support tools"),
        (400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
        (404, "No endpoints found that support tool use. To learn more about provider routing, visit"),
        (400, "`tool calling` is not supported with this model"),
        (400, "Unsupported parameter: 'tools' is not supported with this model."),
        (400, "Unrecognized request argument supplied: tools"),
        (500, "tools param requires --jinja flag"),
        (400, "This model doesn't support tool use in streaming mode."),
        (400, "Function calling is not enabled for models/gemma-3-27b-it"),
        (400, "deepseek-reasoner does not support Function Calling"),
        (422, "body.tools: extra fields not permitted"),
        (501, "Tool use is currently not supported"),
    ],
)
def test_what_servers_say_of_a_model_without_tools_is_understood(status: int, said: str) -> None:
    """Ollama, vLLM, OpenRouter, Groq, OpenAI, Azure, llama.cpp, Bedrock, Gemini; only where some are offered."""
    complaint = read_complaint(status, json.dumps({"error": {"message": said}}))
    offered = OfferedTools(({"type": "function", "function": {"name": "look"}},))
    body = chat_body(QUICK, PROMPT, "U1", offered)
    assert find_adaptation(complaint, body, ()) == NO_TOOLS
    assert not {"tools", "tool_choice"} & adapt_body({**body, "tool_choice": "none"}, [NO_TOOLS]).keys()
    assert find_adaptation(complaint, chat_body(QUICK, PROMPT, "U1"), ()) is None


def test_a_choice_that_is_refused_goes_before_the_tools_do() -> None:
    """What passed in the rounds before cannot be what is refused."""
    complaint = read_complaint(400, "tool_choice 'none' is not supported")
    body = chat_body(QUICK, PROMPT, "U1", OfferedTools(({"type": "function"},), is_last=True))
    assert find_adaptation(complaint, body, ()) == Adaptation("drop", "tool_choice")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "Invalid content type. image_url is only supported by certain models."),
        (400, "this model does not support image input"),
        (400, "facebook/opt-125m is not a multimodal model"),
        (500, "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"),
        (500, 'Failed to parse messages: Unsupported content part type: "image_url"'),
        (404, "No endpoints found that support image input"),
        (422, "unknown variant `image_url`, expected `text`"),
        (400, "messages[1].content must be a string"),
        (400, "Images are not supported by this model."),
        (400, "At most 0 image(s) may be provided in one request."),
        (500, "this model is missing data required for image input"),
    ],
)
def test_what_servers_say_of_a_model_that_sees_nothing_is_understood(status: int, said: str) -> None:
    """OpenAI, Ollama, vLLM, llama.cpp, OpenRouter, DeepSeek, Groq and xAI; only where a picture was sent."""
    complaint = read_complaint(status, json.dumps({"error": {"message": said}}))
    assert find_adaptation(complaint, chat_body(QUICK, SHOWN, "U1"), ()) == NO_PICTURES
    assert find_adaptation(complaint, chat_body(QUICK, PROMPT, "U1"), ()) != NO_PICTURES


EVERYTHING = QUICK.model_copy(
    update={
        "max_tokens": 40, "n": 2, "stop": ("x",), "user_salt": "s", "opening": "Well,", "presence_penalty": 0.1,
        "logit_bias": {"1": 1},
    }
)  # fmt: skip
LITELLM = (
    "litellm.UnsupportedParamsError: x does not support parameters: {}, for model=x. To drop these, set "
    "`litellm.drop_params=True` or for proxy: `litellm_settings: drop_params: true`."
)
# What servers say, and what is left out of a request or said otherwise because of it.
COMPLAINTS: list[tuple[int, Any, list[str]]] = [
    (400, LITELLM.format("['n']"), ["drop n"]),
    (400, LITELLM.format("['stop']"), ["drop stop"]),
    (400, LITELLM.format("['user']"), ["drop user"]),
    (400, LITELLM.format("['n', 'stop', 'user']"), ["drop n", "drop stop", "drop user"]),
    (500, LITELLM.format("{'n': 2}"), ["drop n"]),
    (400, "property 'n' is unsupported", ["drop n"]),
    (400, "'n' : number must be at most 1", ["drop n"]),
    (400, "Only n=1 is supported", ["drop n"]),
    (400, "Argument not supported on this model: stop", ["drop stop"]),
    (400, "Model grok-4 does not support parameter presencePenalty.", ["drop presence_penalty"]),
    (400, 'Invalid JSON payload received. Unknown name "logit_bias": Cannot find field.', ["drop logit_bias"]),
    (422, [{"type": "extra_forbidden", "loc": ["body", "user"], "msg": "Extra inputs are not permitted"}],
     ["drop user"]),
    (400, "Developer instruction is not enabled for models/gemma-3-27b-it", ["fold system"]),
    (400, "System role not supported", ["fold system"]),
    (500, "This model does not support system instruction", ["fold system"]),
    (400, "Only user, assistant and tool roles are supported, got system.", ["fold system"]),
    (400, "Invalid value: 'system'. Supported values are: 'user' and 'assistant'.", ["fold system"]),
    (400, "user or tool message(s) should alternate with assistant message(s)", ["merge roles", "fold and merge"]),
    (400, "Please ensure that multiturn requests alternate between user and model.", ["merge roles", "fold and merge"]),
    (500, "Conversation roles must alternate user/assistant/user/assistant/...", ["merge roles", "fold and merge"]),
    (400, 'messages: first message must use the "user" role', ["fold and merge"]),
    (400, "Cannot have 2 or more assistant messages at the end of the list.", ["opening in words"]),
    (400, "Assistant response prefill is incompatible with enable_thinking.", ["opening in words"]),
    (400, "Last message role must be 'user'", ["opening in words"]),
    (500, "System message must be at the beginning.", ["fold system"]),
    (400, "'system' is not one of ['user', 'assistant']", ["fold system"]),
    (400, "Only one system message is allowed", ["fold system"]),
    (500, "Roles must strictly alternate", ["merge roles", "fold and merge"]),
    (400, "multiple user messages in a row", ["merge roles", "fold and merge"]),
    (400, "This model does not support presence penalty", ["drop presence_penalty"]),
    (400, "stop sequences are not supported", ["drop stop"]),
    (400, "only one completion choice is allowed", ["drop n"]),
    (400, "Invalid value for n: must be an integer", []),
    (400, "The user is not allowed to stop this model", []),
]  # fmt: skip


@pytest.mark.parametrize(("status", "said", "changes"), COMPLAINTS)
def test_what_servers_do_not_take_is_left_out_or_said_otherwise(status: int, said: Any, changes: list[str]) -> None:
    """One change a refusal, the next one where the same is said again; words of every day name no parameter."""
    body = {"error": {"message": said}} if isinstance(said, str) else {"detail": said}
    complaint = read_complaint(status, json.dumps(body))
    asked = chat_body(EVERYTHING, [*PROMPT, PROMPT[-1]], "U1")
    found: list[Adaptation] = []
    while change := find_adaptation(complaint, adapt_body(asked, found), (), found):
        found.append(change)
    assert [f"{change.kind} {change.parameter}".strip() for change in found] == changes
    assert find_adaptation(complaint, asked, list(SETTINGS)) in {*found, None}


async def test_a_template_that_takes_neither_a_system_message_nor_two_questions_in_a_row_is_suited(
    asking: Asking,
) -> None:
    """It says the same of both, so that one change alone is none."""
    answers = [refusal(500, "Conversation roles must alternate user/assistant/user/assistant/...")] * 2
    asking.model.script += [*answers, Reply("Yes.")]
    assert await asking.events([*PROMPT, PROMPT[-1]])
    assert [message["role"] for message in asking.model.requests[-1].messages] == ["user"]


@pytest.mark.parametrize(
    "said",
    [
        "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png'].",
        "Invalid base64 image_url.",
        "Image size exceeds the limit",
    ],
)
def test_a_single_picture_that_is_refused_does_not_end_all_pictures(said: str) -> None:
    """The next one may be taken."""
    complaint = read_complaint(400, json.dumps({"error": {"message": said}}))
    assert find_adaptation(complaint, chat_body(QUICK, SHOWN, "U1"), ()) is None


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
    options = QUICK.model_copy(
        update={"max_tokens": 1, "temperature": 1.0, "top_p": 1.0, "n": 1, "stop": ("x",), "seed": 1, "opening": "So"}
    )
    body = chat_body(options, PROMPT, "U1")
    applied: tuple[Any, ...] = ()
    for sentence, name in refusals * 3:
        complaint = read_complaint(400, json.dumps({"error": {"message": sentence.format(name)}}))
        change = find_adaptation(complaint, adapt_body(body, applied), options.extra_body)
        applied = applied if change is None or change in applied else (*applied, change)
    assert len(applied) <= len(SETTINGS) + 4
    assert QUESTION in json.dumps(adapt_body(body, applied)["messages"])
