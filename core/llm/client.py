"""The streaming client for chat completions of any OpenAI-compatible endpoint.

async with open_client(options) as client:
    async for event in OpenAI(options, client).chat(prompt, Charge("answer")): ...
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from copy import copy
from dataclasses import dataclass, field
from itertools import chain

import httpx
import structlog

from core.errors import (
    ContentFiltered,
    EndpointFailing,
    EndpointUnreachable,
    ModelError,
    ModelSilent,
    RateLimited,
    StreamCut,
    WrongPath,
)
from core.llm.address import LACKS_VERSION
from core.llm.dialects.adaptations import NO_PICTURES, NO_TOOLS, Adaptation, adapt_body, find_adaptation
from core.llm.errors import BareEnd
from core.llm.reading_pace import ReadingPace, reading_notice
from core.llm.refusals import Complaint, Refused, error_of
from core.llm.request import NOTHING_OFFERED, Body, OfferedTools, chat_body
from core.llm.settings import ModelSettings
from core.llm.stream import AttemptBounds, ChatEndpoint, open_client
from core.messages import PromptMessage, Usage
from core.model_events import ModelEvent, Notice, Replace, Text
from core.retry import RetryBudget
from core.spending.charge import Charge
from core.spending.meter import Meter, ModelCall

__all__ = ["OpenAI", "open_client"]

RETRIED = (RateLimited, EndpointFailing, EndpointUnreachable, StreamCut)
SHORTEST_CONNECT = 1.0  # seconds that even the last retry has for its connection
CHARACTERS, MESSAGE = 4, 4  # of a text for one token, and tokens of each message beside, where nobody counted
PATIENCE = 2.0  # times what a prompt is expected to take to be read

log = structlog.get_logger()


@dataclass(slots=True)
class ChatCall:
    """One question on its way, with what has become of it so far. `started` is in seconds of the loop's clock."""

    body: Body
    private: str
    started: float
    first_token_at: float
    retries: RetryBudget
    endpoint: ChatEndpoint
    may_call: bool
    applied: tuple[Adaptation, ...] = ()
    tried: set[Adaptation] = field(default_factory=set)
    complaint: str = ""  # the last one, to which an adaptation was made
    uncached: float = 1.0  # the share of the prompt that was read, as far as the endpoint tells

    def note_usage(self, event: ModelEvent) -> None:
        """Take in how much of the prompt was read rather than cached, where an event tells that."""
        if isinstance(event, Usage) and event.input_tokens:
            self.uncached = max(0.0, 1 - event.cached_tokens / event.input_tokens)

    def adapted_body(self) -> Body:
        """Return the body with the changes that this call makes to it."""
        return adapt_body(self.body, self.applied)


class OpenAI:
    """Asks one model at one endpoint, over a client that the caller opened and closes."""

    def __init__(self, options: ModelSettings, client: httpx.AsyncClient, meter: Meter | None = None) -> None:
        """`meter` is what every call is reserved with and kept in; without one nothing is, as for a trial."""
        self._options = options
        self._meter = meter or Meter()
        self._endpoint = ChatEndpoint(options, client)
        self._pace = ReadingPace(options.first_token_timeout)
        self._learned: tuple[Adaptation, ...] = ()  # what helped with this model, for as long as the process runs
        self.is_address_corrected = False  # whether it is asked with the /v1 that its address lacks

    async def chat(
        self, prompt: Sequence[PromptMessage], charge: Charge, offered: OfferedTools = NOTHING_OFFERED
    ) -> AsyncGenerator[ModelEvent, None]:
        """Yield the answer to `prompt` as it is made: Text pieces, then Usage where it is reported, then Finish.

        A Replace takes back what was a thought, and a Notice comes first where the endpoint is known to take long to
        read so much; ToolCalls come before the Usage, where some of the `offered` tools are to be called. `charge` says
        for what it is, and who pays. Raises a ModelError, after the text that had come by then. Closing the generator
        closes the connection at once.
        """
        call = self._begin(prompt, charge.payer.person, offered)
        if notice := reading_notice(self._pace.expected_seconds(len(call.private))):
            yield Notice(notice)
        done = False
        while not done:
            heard = begun = False
            bounds, sent_at = self._bounds(call), _now()
            try:
                answer = self._stream_attempt(call, bounds, charge)
                async with aclosing(answer) as events:
                    async for event in events:
                        if not heard:
                            self._learn(call)
                        heard, begun = True, begun or isinstance(event, Text | Replace)
                        call.note_usage(event)
                        yield event
                done = True
            except (Refused, ModelError) as fault:
                self._measure(call, bounds, sent_at, fault)
                await self._try_again(call, fault, begun=begun)
            else:
                self._measure(call, bounds, sent_at)

    async def _stream_attempt(
        self, call: ChatCall, bounds: AttemptBounds, charge: Charge
    ) -> AsyncGenerator[ModelEvent, None]:
        """Yield what one attempt gives: reserved before, settled by what it came to; a refused one costs nothing."""
        body, begun = call.adapted_body(), False
        async with self._meter.measure(charge, self._call_of(call, body)) as metered:
            try:
                async with aclosing(call.endpoint.stream(body, bounds, may_call=call.may_call)) as events:
                    async for event in events:
                        begun = True
                        metered.take_event(event)
                        yield event
            except (Refused, EndpointUnreachable, WrongPath):
                metered.is_billed = begun
                raise

    def _call_of(self, call: ChatCall, body: Body) -> ModelCall:
        """Return what is reserved for a body: its text in tokens, roughly, and the longest answer that it asks for."""
        tokens = len(call.private) // CHARACTERS + MESSAGE * len(body["messages"])
        return ModelCall(self._options.model, self._options.host, tokens, _longest_answer(body))

    def largest_call(self) -> ModelCall:
        """Return what a call is before its prompt is known: the model, its host, and its longest answer in tokens."""
        body = chat_body(self._options, (), "")
        return ModelCall(self._options.model, self._options.host, longest=_longest_answer(body))

    async def fetch_answer(self, prompt: Sequence[PromptMessage], charge: Charge) -> str:
        """Return the whole answer to a prompt as one text; raise a ModelError where it is not whole."""
        text = ""
        async with aclosing(self.chat(prompt, charge)) as events:
            async for event in events:
                if isinstance(event, Text | Replace):
                    text = event.text if isinstance(event, Replace) else text + event.text
        return text

    def with_parameters(self, parameters: Mapping[str, float]) -> "OpenAI":
        """Return the same model, asked with some parameters of a request that are others."""
        variant = copy(self)
        variant._options = self._options.model_copy(update=dict(parameters))  # noqa: SLF001 - its own kind
        return variant

    @property
    def sees(self) -> bool:
        """Whether pictures are sent: until the endpoint has refused them."""
        return NO_PICTURES not in self._learned

    @property
    def takes_tools(self) -> bool:
        """Whether tools are offered: until the endpoint has refused them."""
        return NO_TOOLS not in self._learned

    @property
    def is_streaming(self) -> bool:
        """Whether the last answer came as a stream, as it was asked for."""
        return self._endpoint.is_streaming

    async def list_models(self) -> list[str]:
        """Return the names of the models that the endpoint has, none where it does not tell; raises as `window`."""
        return await self._endpoint.list_models()

    async def window(self) -> int | None:
        """Return the model's window in tokens as the endpoint tells it, None where it does not.

        Raises EndpointFailing or EndpointUnreachable where it may tell later.
        """
        return await self._endpoint.window(self._options.model)

    def _begin(self, prompt: Sequence[PromptMessage], user: str, offered: OfferedTools) -> ChatCall:
        said = ((message.content, *(call.arguments for call in message.calls)) for message in prompt)
        private = "\n".join(chain.from_iterable(said))
        options, started = self._options, _now()
        deadline = started + min(options.retry_deadline, options.first_token_timeout)
        body, retries = chat_body(options, prompt, user, offered), RetryBudget(deadline, _now)
        reading = min(PATIENCE * self._pace.expected_seconds(len(private)), options.answer_timeout)
        first_token_at = started + max(options.first_token_timeout, reading)
        may_call = offered.may_call
        return ChatCall(body, private, started, first_token_at, retries, self._endpoint, may_call, self._learned)

    def _measure(self, call: ChatCall, bounds: AttemptBounds, sent_at: float, fault: Exception | None = None) -> None:
        """Take in how long the prompt took to be read, as far as that is known."""
        if bounds.alive_at is not None:
            self._pace.note_read(len(call.private) * call.uncached, bounds.alive_at - sent_at)
        elif isinstance(fault, ModelSilent):
            self._pace.note_unread(len(call.private), _now() - sent_at)

    async def _try_again(self, call: ChatCall, fault: Refused | ModelError, *, begun: bool) -> None:
        """Return when the call is to be tried again; raise what ended it where it is not, as once text was shown."""
        if isinstance(fault, ModelError):
            error, asked = fault, None
        else:
            complaint = fault.complaint.own(call.private)
            if not begun and self._adapt(call, complaint):
                return
            error = error_of(complaint, fault.complaint.detail(call.private, self._options.api_key))
            asked = fault.retry_after
        if not begun and isinstance(error, WrongPath) and not call.endpoint.has_version:
            call.endpoint = call.endpoint.with_version()
            return
        is_bare = isinstance(fault, BareEnd | ContentFiltered) and call.retries.retries == 0
        if begun or not (isinstance(error, RETRIED) or is_bare):
            raise error from None
        await call.retries.pause("model", error, asked)

    def _adapt(self, call: ChatCall, complaint: Complaint) -> bool:
        """Make the change that a complaint asks for; False where it asks for none that was not tried.

        A change after which the endpoint says the same again did not help, and is taken back.
        """
        if call.tried and complaint.words == call.complaint:
            call.applied = call.applied[:-1]
        tried = {*call.applied, *call.tried}
        change = find_adaptation(complaint, call.adapted_body(), self._options.extra_body, tried)
        if change is None:
            return False
        call.applied, call.complaint = (*call.applied, change), complaint.words
        call.tried.add(change)
        return True

    def _learn(self, call: ChatCall) -> None:
        """Keep what a call was changed by, now that the model answers to it."""
        if call.endpoint is not self._endpoint and call.endpoint.has_version and not self._endpoint.has_version:
            self._endpoint, self.is_address_corrected = call.endpoint, True
            log.warning("model_address_corrected", hint=LACKS_VERSION)
        for change in call.applied:
            if change not in self._learned:
                self._learned = (*self._learned, change)
                log.warning("model_request_adapted", change=change.kind, parameter=change.parameter, hint=change.hint)

    def _bounds(self, call: ChatCall) -> AttemptBounds:
        """Return an attempt's bounds: the first token counts from the start of all; a retry connects in the rest."""
        options = self._options
        deadline = call.started + min(options.retry_deadline, options.first_token_timeout)
        left = max(deadline - _now(), SHORTEST_CONNECT)
        connect = options.connect_timeout if not call.retries.retries else min(options.connect_timeout, left)
        return AttemptBounds(connect, call.first_token_at, call.started + options.answer_timeout)


def _longest_answer(body: Body) -> int:
    """Return how many tokens an answer to a body may have, 0 where it does not say."""
    limit, choices = body.get("max_completion_tokens") or body.get("max_tokens"), body.get("n")
    most = limit if isinstance(limit, int) and limit > 0 else 0
    return most * (choices if isinstance(choices, int) and choices > 0 else 1)


def _now() -> float:
    return asyncio.get_running_loop().time()
