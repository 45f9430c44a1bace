"""The streaming client for chat completions of any OpenAI-compatible endpoint.

async with open_client(options) as client:
    async for event in OpenAI(options, client).chat(prompt, user="U1"): ...
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import chain

import httpx
import structlog

from core.errors import EndpointFailing, EndpointUnreachable, ModelError, RateLimited, StreamCut
from core.llm.dialects import NO_PICTURES, Adaptation, adaptation, adapted
from core.llm.refusals import Complaint, Refused, error_of
from core.llm.request import Body, ModelOptions, chat_body
from core.llm.stream import Bounds, Endpoint, open_client
from core.messages import ModelEvent, PromptMessage
from core.retry import pause

__all__ = ["ModelOptions", "OpenAI", "open_client"]

RETRIED = (RateLimited, EndpointFailing, EndpointUnreachable, StreamCut)
SHORTEST_CONNECT = 1.0  # seconds that even the last retry has for its connection

log = structlog.get_logger()


@dataclass(slots=True)
class Call:
    """One question on its way, with what has become of it so far. `started` is in seconds of the loop's clock."""

    body: Body
    private: str
    started: float
    attempt: int = 0
    applied: tuple[Adaptation, ...] = ()


class OpenAI:
    """Asks one model at one endpoint, over a client that the caller opened and closes."""

    def __init__(self, options: ModelOptions, client: httpx.AsyncClient) -> None:
        self._options = options
        self._endpoint = Endpoint(options, client)
        self._learned: tuple[Adaptation, ...] = ()  # what this endpoint taught, for as long as the process runs

    async def chat(self, prompt: Sequence[PromptMessage], user: str) -> AsyncGenerator[ModelEvent, None]:
        """Yield the answer to `prompt` as it is made: Text pieces, then Usage where it is reported, then Finish.

        `user` is the platform's id of who asks. Raises a ModelError, after the text that had come by then. Closing
        the generator closes the connection at once.
        """
        said = ((message.content, *(call.arguments for call in message.calls)) for message in prompt)
        private = "\n".join(chain.from_iterable(said))
        call = Call(chat_body(self._options, prompt, user), private, _now())
        done = False
        while not done:
            call.applied = self._learned
            begun = False
            try:
                async with aclosing(
                    self._endpoint.stream(adapted(call.body, call.applied), self._bounds(call))
                ) as events:
                    async for event in events:
                        begun = True
                        yield event
                done = True
            except (Refused, ModelError) as fault:
                await self._try_again(call, fault, begun=begun)

    @property
    def sees(self) -> bool:
        """Whether pictures are sent: until the endpoint has refused them."""
        return NO_PICTURES not in self._learned

    async def window(self) -> int | None:
        """Return the model's window in tokens as the endpoint tells it, None where it does not.

        Raises EndpointFailing or EndpointUnreachable where it may tell later.
        """
        return await self._endpoint.window(self._options.model)

    async def _try_again(self, call: Call, fault: Refused | ModelError, *, begun: bool) -> None:
        """Return when the call is to be tried again; raise what ended it where it is not, as once text was shown."""
        if isinstance(fault, ModelError):
            error, asked = fault, None
        elif not begun and self._adapt(call, fault.complaint):
            return
        else:
            error = error_of(fault.complaint, fault.complaint.detail(call.private, self._options.api_key))
            asked = fault.retry_after
        wait = pause(call.attempt, asked)
        if begun or not isinstance(error, RETRIED) or _now() + wait > self._deadline(call):
            raise error from None
        log.info("model_retry", error=type(error).__name__, attempt=call.attempt, pause=round(wait, 2))
        call.attempt += 1
        await asyncio.sleep(wait)

    def _adapt(self, call: Call, complaint: Complaint) -> bool:
        """Learn the change that a complaint asks for; False where it asks for none, or for one that was made."""
        change = adaptation(complaint, adapted(call.body, call.applied), self._options.extra_body)
        if change is None or change in call.applied:
            return False
        if change not in self._learned:
            self._learned = (*self._learned, change)
            log.warning("model_request_adapted", change=change.kind, parameter=change.parameter, hint=change.hint)
        return True

    def _deadline(self, call: Call) -> float:
        return call.started + min(self._options.retry_deadline, self._options.first_token_timeout)

    def _bounds(self, call: Call) -> Bounds:
        """Return an attempt's bounds: the first token counts from the start of all; a retry connects in the rest."""
        longest = self._options.connect_timeout
        left = max(self._deadline(call) - _now(), SHORTEST_CONNECT)
        connect = longest if call.attempt == 0 else min(longest, left)
        return Bounds(connect, call.started + self._options.first_token_timeout)


def _now() -> float:
    return asyncio.get_running_loop().time()
