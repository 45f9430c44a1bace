"""How events and interactions reach the app: over its sockets, or by signed requests."""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import ClientSession

from deploy.sandbox.slack.events import Event, callback
from deploy.sandbox.slack.faults import Faults
from deploy.sandbox.slack.http_events import Endpoint, Receipt
from deploy.sandbox.slack.sockets import Sockets


@dataclass(slots=True)
class _Pending:
    """An envelope that waits for its acknowledgement."""

    payload: Event
    attempt: int
    timer: asyncio.TimerHandle
    sent_at: float


Interaction = Literal["slash_commands", "interactive"]


class Courier:
    """Delivers each event until it is acknowledged, or given up after three retries; an interaction once.

    An event that meets no open socket has failed at once, and is tried again like one that was not acknowledged:
    so a bot that was away for a minute hears it late, and after the last retry never (Slack docs, Events API,
    Error handling; the same holds for Socket Mode, as reported in vercel/chat#666).
    """

    def __init__(self, faults: Faults, signing_secret: str, changed: Callable[[], None]) -> None:
        self.ack_timeout = 3.0  # seconds; Slack docs, Events API, Responding to events
        self.retry_waits: Sequence[float] = (0.0, 60.0, 300.0)  # seconds: nearly at once, after a minute, after five
        self.sockets = Sockets(faults, changed, self._acknowledged)
        self.endpoint = Endpoint(signing_secret)
        self.given_up: deque[str] = deque(maxlen=1000)
        self.acknowledged_after: deque[float] = deque(maxlen=100_000)  # seconds, of events over a socket
        self._faults = faults
        self._changed = changed
        self._numbers = itertools.count(1)
        self._waiting: dict[str, _Pending] = {}
        self._asked: dict[str, asyncio.Future[Event]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: ClientSession | None = None

    @property
    def unacknowledged(self) -> int:
        """How many envelopes and requests are on their way, or wait for their retry."""
        return len(self._waiting) + len(self._tasks)

    def deliver(self, event: Event) -> str:
        """Send an event on its way under a new event_id, which is returned."""
        payload = callback(event, next(self._numbers), time.time())
        for attempt in range(max(1, self._faults.deliveries)):
            self._attempt(payload, attempt)
        return str(payload["event_id"])

    async def interact(self, kind: Interaction, payload: Event) -> Receipt:
        """Send an interaction, and return how it was acknowledged. It is not tried again: somebody waits for it."""
        times = max(1, self._faults.deliveries)
        receipts = await asyncio.gather(*(self._interact(kind, payload) for _ in range(times)))
        return receipts[0]

    async def verify(self) -> bool:
        """Send the url_verification that registers an events URL, and say whether its challenge came back."""
        return await self.endpoint.verify(self._http(), self.ack_timeout)

    async def close(self) -> None:
        """Forget what is under way."""
        for pending in self._waiting.values():
            pending.timer.cancel()
        self._waiting.clear()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.sockets.close()
        if self._session is not None:
            await self._session.close()

    def _attempt(self, payload: Event, attempt: int) -> None:
        if self.endpoint.url:
            self._start(payload, attempt)
            return
        envelope_id = f"envelope-{next(self._numbers)}"
        sent = self.sockets.send(_envelope(envelope_id, payload, attempt))
        wait = self.ack_timeout if sent else 0.0
        loop = asyncio.get_running_loop()
        timer = loop.call_later(wait, self._failed, envelope_id)
        self._waiting[envelope_id] = _Pending(payload, attempt, timer, loop.time())

    async def _interact(self, kind: Interaction, payload: Event) -> Receipt:
        if self.endpoint.url:
            return await self.endpoint.interact(self._http(), payload, self.ack_timeout)
        envelope_id = f"envelope-{next(self._numbers)}"
        answer = self._asked[envelope_id] = asyncio.get_running_loop().create_future()
        takes_payload = kind == "slash_commands" or payload.get("type") == "view_submission"
        envelope = {"envelope_id": envelope_id, "type": kind, "accepts_response_payload": takes_payload}
        try:
            if not self.sockets.send({**envelope, "payload": payload}):
                return Receipt("dispatch_failed")
            return Receipt("", await asyncio.wait_for(answer, self.ack_timeout))
        except TimeoutError:
            return Receipt("operation_timeout")
        finally:
            self._asked.pop(envelope_id, None)

    def _acknowledged(self, envelope_id: str, body: Event) -> None:
        answer = self._asked.pop(envelope_id, None)
        if answer is not None:
            answer.set_result(body)
        pending = self._waiting.pop(envelope_id, None)
        if pending is not None:
            pending.timer.cancel()
            self.acknowledged_after.append(asyncio.get_running_loop().time() - pending.sent_at)
            self._changed()

    def _failed(self, envelope_id: str) -> None:
        pending = self._waiting[envelope_id]
        if pending.attempt >= len(self.retry_waits):
            del self._waiting[envelope_id]
            self._give_up(pending.payload)
            return
        wait = self.retry_waits[pending.attempt]
        pending.timer = asyncio.get_running_loop().call_later(wait, self._retry, envelope_id)

    def _retry(self, envelope_id: str) -> None:
        pending = self._waiting.pop(envelope_id)
        self._attempt(pending.payload, pending.attempt + 1)

    def _give_up(self, payload: Event) -> None:
        self.given_up.append(str(payload["event_id"]))
        self._changed()

    def _start(self, payload: Event, attempt: int) -> None:
        task = asyncio.create_task(self._request(payload, attempt))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._changed()

    async def _request(self, payload: Event, attempt: int) -> None:
        reason = "http_timeout" if attempt else ""
        for number in range(attempt, len(self.retry_waits) + 1):
            outcome = await self.endpoint.post(self._http(), payload, number, reason, self.ack_timeout)
            if outcome.settled:
                return
            reason = outcome.reason
            if number < len(self.retry_waits):
                await asyncio.sleep(self.retry_waits[number])
        self._give_up(payload)

    def _http(self) -> ClientSession:
        if self._session is None:
            self._session = ClientSession()
        return self._session


def _envelope(envelope_id: str, payload: Event, attempt: int) -> dict[str, Any]:
    retry = {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
    envelope = {"envelope_id": envelope_id, "payload": payload, "type": "events_api", "accepts_response_payload": False}
    return envelope | retry
