"""Answers and refusals as real servers send them, asked of one running bot: what a person reads of each."""

import asyncio
import json
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from core import errors
from core.errors import BotError
from core.llm import errors as llm_errors
from core.prompt.ask import SHORTENED
from deploy.sandbox.openai.model import Fault, Reply, refusal
from deploy.sandbox.wire.server import Sandbox
from tests.support.asking import sse, text_chunk
from tests.support.bot import GENERAL, Setup, running
from tests.support.room import answers, mention

SECRET = "SECRETTHOUGHT"
PATIENCE = 30.0  # seconds
LONG = "word " * 3_000  # so that something of it is left where it is cut
STREAM = "text/event-stream"
Step = Reply | Fault


def raw(body: str, media_type: str = STREAM) -> Fault:
    """Return a good response with this body."""
    return Fault(200, body, media_type=media_type)


def chunks(*deltas: Mapping[str, Any], finish: str = "stop") -> Fault:
    """Return a stream of these deltas."""
    sent: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    return raw(sse([*sent, text_chunk("", finish)]))


@dataclass(frozen=True, slots=True)
class Case:
    """What the endpoint says to one question, try by try, the last again and again; what is read, or the error."""

    steps: Sequence[Step]
    read: str = "Yes."
    error: type[BotError] | None = None
    tries: int = 1
    pause: float = 0.0  # seconds between the first two tries, at the least


YES = json.dumps(text_chunk("Yes.", "stop"))
DONE = "data: [DONE]\n\n"
GOOD = Reply("Yes.")
WHOLE = {"choices": [{"index": 0, "delta": {}, "message": {"content": "Yes."}, "finish_reason": "stop"}]}
THOUGHTS = [
    Case([Reply(f"<think>{SECRET}</think>\n\nYes.")]),
    Case([Reply(pieces=("<th", "ink>", SECRET, "</thi", "nk>\n", "\nYes."))]),
    Case([Reply(pieces=(f"{SECRET} ", "hm.\n", "</think>", "\n\nYes."))]),
    Case([Reply(f"<think>{SECRET}", finish="length")], "", errors.EmptyAnswer),
    Case([Reply(f"<|channel|>analysis<|message|>{SECRET}<|end|><|start|>assistant<|channel|>final<|message|>Yes.")]),
    Case([Reply(f"[THINK]{SECRET}[/THINK]Yes.")]),
    Case([Reply(f"<|channel>thought\n{SECRET}<channel|>Yes.")]),
    Case([Reply(f"<think>{SECRET}</think>\n<answer>Yes.</answer>")]),
    Case([Reply(pieces=(f"<think>{SECRET} <think>", f"{SECRET}</think> {SECRET}", "</think>", "Yes."))]),
    Case([Reply(f"<|reasoning_start|>{SECRET}<|reasoning_end|>Yes.")]),
    Case([Reply("Use `<think>` and `</think>`.")], "Use `<think>` and `</think>`."),
    Case([chunks({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": SECRET}]}]},
                 {"content": [{"type": "text", "text": "Yes."}]})]),
    *(Case([chunks({name: SECRET}, {"content": "Yes."})])
      for name in ("reasoning_content", "reasoning", "reasoning_text", "thinking", "thought", "tool_plan")),
    Case([chunks({"reasoning_details": [{"type": "reasoning.text", "text": SECRET}]}, {"content": "Yes."})]),
    Case([chunks({"thinking_blocks": [{"type": "thinking", "thinking": SECRET}]}, {"content": "Yes."})]),
]  # fmt: skip
ENDS = [
    *(Case([Reply("Half an", finish=finish)], "Half an", error) for finish, error in [
        ("insufficient_system_resource", errors.StreamCut), ("abort", errors.StreamCut),
        ("network_error", errors.StreamCut), ("something_new", errors.StreamCut), ("preempted", errors.StreamCut),
        ("MAX_TOKENS", errors.AnswerCutByLength), ("model_length", errors.AnswerCutByLength),
        ("SAFETY", errors.ContentFiltered), ("RECITATION", errors.ContentFiltered),
        ("sensitive", errors.ContentFiltered), ("guardrail_intervened", errors.ContentFiltered),
    ]),
    *(Case([Reply("", finish=finish), GOOD], tries=2) for finish in ("abort", "network_error", "something_new")),
    Case([Reply("Yes.", finish="end_turn")]),
    *(Case([Reply("", finish=finish), GOOD], tries=2) for finish in ("MAX_TOKENS", "SAFETY", "budget_exhausted")),
    Case([Reply("", finish="SAFETY")], "", errors.ContentFiltered, tries=2),
]  # fmt: skip
STREAMS = [
    *(Case([raw(body, kind)]) for kind in (STREAM, "text/plain") for body in (
        f"data:\n\n: ping\n\nevent: ping\ndata: {{}}\n\ndata: {YES}\n\ndata:  [DONE]  \n\n",
        f"\ufeffdata:{YES}\r\n\r\ndata: [DONE]\r\n\r\n",
        f"data: {YES}",
        f"proxy says hello\n\ndata: {YES}\n\n[DONE]\n\n",
        f'data: {{"choices": [{{"delta": {{"content": "Yes"}}}}]}}\n\ndata: {json.dumps(WHOLE)}\n\n{DONE}',
        f"{YES}\n",
    )),
    Case([raw(DONE), GOOD], tries=2),
    Case([raw(DONE)], "", llm_errors.BareEnd, tries=2),
    Case([raw('{"detail": "Not authenticated: invalid api key"}')], "", errors.WrongKey),
    Case([raw('data: {"object": "error", "message": "too many requests", "code": 429}\n\n'), GOOD], tries=2),
    Case([raw('data: {"error_type": "overloaded", "error_message": "Model is overloaded"}\n\n'), GOOD], tries=2),
    Case([raw('event: error\ndata: {"status": 503, "message": "busy"}\n\n'), GOOD], tries=2),
    Case([raw('event: error\ndata: {"status": 400, "message": "no"}\n\n')], "", errors.RefusedRequest),
]  # fmt: skip
CUT = f"Yes.\n\n{SHORTENED}"
OVERFLOWS = [
    *(Case([refusal(400, said), GOOD], CUT, tries=2) for said in (
        "prompt too long; exceeded max context length by 262 tokens",
        "invalid params, context window exceeds limit (2013)",
        "The input (3100 tokens) is longer than the model's context length (2048 tokens).",
        "Range of input length should be [1, 2048]", "max_tokens must be at least 1, got -186.",
        "`inputs` must have less than 2048 tokens. Given: 3100", "Prompt exceeds max length",
        "prompt token count of 3100 exceeds the limit of 2048", "Requested tokens (3100) exceed context window of 2048",
        "length of prompt_tokens (3100) must be less than max_seq_len (2048).",
        "The prompt is 3100 tokens and the context window is 2048 tokens!", "input_len 3100 > session_len 2048",
        "\u8f93\u5165\u957f\u5ea6\u8d85\u8fc7\u9650\u5236",
        "This model can only handle 2048 tokens, but 3100 were given",
    )),
    Case([raw('event: error\ndata: {"error": "Trying to keep the first 3100 tokens when context the overflows. '
              'However, the model is loaded with context length of only 2048 tokens"}\n\n'), GOOD], CUT, tries=2),
    Case([Fault(400, 'data: {"error": {"code": 400, "type": "exceed_context_size_error", "n_ctx": 2048}}\n\n'), GOOD],
         CUT, tries=2),
    Case([raw('data: {"error": {"message": "The maximum context length is 2048 tokens"}}\n\n'), GOOD], CUT, tries=2),
    Case([Fault(413, "<html>Request Entity Too Large</html>", media_type="text/html"), GOOD], CUT, tries=2),
]  # fmt: skip
GEMINI = {"code": 429, "message": "You exceeded your current quota.", "status": "RESOURCE_EXHAUSTED"}
FAULTS = [
    Case([Fault(429, {"error": {**GEMINI, "details": [{"retryDelay": "1.2s"}]}}), GOOD], tries=2, pause=1.2),
    Case([refusal(429, "You exceeded your current quota. Please retry in 1.26s."), GOOD], tries=2, pause=1.26),
    Case([refusal(429, "Rate limit reached. Please try again in 1100ms."), GOOD], tries=2, pause=1.1),
    *(Case([Fault(status, {"error": "no"}), GOOD], tries=2) for status in (424, 498, 529)),
    Case([Fault(429, {"error": "no"}, {"llm_provider-retry-after": "1.3"}), GOOD], tries=2, pause=1.3),
    Case([refusal(400, "No connected db.")], "", errors.WrongKey),
    Case([refusal(429, "Rate limit reached on requests per day (RPD). Please try again in 7h12m.")], "",
         llm_errors.DailyLimit),
    Case([Fault(429, {"error": {"message": "slow down", "retryAfterMs": 1100}}), GOOD], tries=2, pause=1.1),
    Case([raw('{"error": "Unexpected endpoint or method. (POST /chat/completions)"}', "application/json")], "",
         errors.WrongPath),
    *(Case([refusal(400, said)], "", errors.ContentFiltered) for said in (
        "Content Exists Risk", "Output data may contain inappropriate content.",
        "Content violates usage guidelines", "The request failed because the input may contain sensitive information.",
    )),
    *(Case([refusal(400, said), GOOD], tries=2) for said in (
        "Developer instruction is not enabled for models/gemma-3-27b-it", "System role not supported",
        "Only user and assistant roles are supported!",
    )),
]  # fmt: skip


@pytest.mark.parametrize("cases", [THOUGHTS, ENDS, STREAMS, OVERFLOWS, FAULTS])
async def test_each_answer_is_read_whole_and_clean_or_told_as_what_it_is(
    sandbox: Sandbox, tmp_path: Path, cases: Sequence[Case]
) -> None:
    """In a thread of its own each; the tries are as many as they should be, and no thought is in the next prompt."""
    steps = {f"case {number:02}": deque(case.steps) for number, case in enumerate(cases)}
    instants: dict[str, list[float]] = {name: [] for name in steps}  # seconds of the loop's clock, of each try

    def talk(body: dict[str, Any]) -> Step:
        said = json.dumps(body["messages"])
        assert SECRET not in said
        name = next(name for name in steps if name in said)
        if "once more" in said:
            return GOOD
        instants[name].append(asyncio.get_running_loop().time())
        return steps[name].popleft() if len(steps[name]) > 1 else steps[name][0]

    async def ask_case(name: str, case: Case) -> tuple[str, str]:
        thread = await sandbox.workspace.say(GENERAL, mention(f"{name}: {LONG if case.read == CUT else 'well?'}"))
        wanted = (case.error.notice if case.error else case.read)[:40]
        with suppress(TimeoutError):  # what was read instead is told below
            await sandbox.workspace.until(lambda: any(wanted in said for said in answers(sandbox, thread)), PATIENCE)
        read = "\n".join(answers(sandbox, thread))
        await sandbox.workspace.say(GENERAL, f"{name} once more", thread_ts=thread)
        await sandbox.workspace.until(lambda: answers(sandbox, thread)[-1] == "Yes.", PATIENCE)
        return name, read

    sandbox.model.talk, sandbox.workspace.limits_on = talk, False
    async with running(sandbox, tmp_path / "confab.db", Setup(retry_deadline=30.0)):
        found = await asyncio.gather(*(ask_case(name, case) for name, case in zip(steps, cases, strict=True)))
    for (name, read), case in zip(found, cases, strict=True):
        assert SECRET not in read, name
        assert len(instants[name]) == case.tries, (name, case)
        pauses = [later - sooner for sooner, later in pairwise(instants[name])]
        assert all(pause >= case.pause for pause in pauses), (name, pauses)
        assert read.startswith(case.read), (name, read)
        assert case.error or read == case.read, (name, read)
        assert case.error is None or case.error.notice[:40] in read, (name, read)
