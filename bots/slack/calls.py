"""Calls of Slack's Web API that wait out a rate limit and try again what may be tried again."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Literal

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from core.errors import PlatformError
from core.retry import RetryBudget, clock_time_in, retry_after

log = structlog.get_logger()

DEADLINE = 120.0  # seconds of trying one call again before its reply is given up
RETRIES, PAUSE, LONGEST_PAUSE = 5, 0.3, 8.0  # after a fault: how often, and seconds before the first and the last
BY_CHANNEL = {"chat.postMessage"}  # about one a second in each channel (Slack docs, rate limits)
SPACING = 1.0  # seconds between two calls that waited
USUAL_WAIT = 1.0  # seconds, where a 429 does not say in how many whole ones it may be tried again
LONGEST_WAIT = 60.0  # seconds that a call waits out a rate limit; what is closed for longer is tried again by its turn
RATE_LIMITED = "ratelimited"  # Slack docs, rate limits
NO_ANSWER = "no_answer"  # our own code for a call that Slack never answered
SILENCE_HINT = "Slack did not answer in time: status.slack.com tells whether it is in trouble."
UNCERTAIN_HINT = (
    "The channel could not be read for an answer that was under way: SLACK_BOT_TOKEN may lack a scope for history."
)
UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, RecursionError)  # the SDK parsed an odd answer
FAULTS = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}  # Slack docs, errors of any method


class SlackRefusal(PlatformError):
    """Slack's answer `ok: false`; `code` is its error code."""

    notice = PlatformError.notice
    hint = "Slack refused a part of the answer: its code is in this line. SLACK_BOT_TOKEN may lack a scope."

    def __init__(self, method: str, code: str) -> None:
        self.is_silence = code in {NO_ANSWER, RATE_LIMITED}
        super().__init__(f"{method}: {code}", SILENCE_HINT if self.is_silence else "")
        self.code = code


class MaybeSent(Exception):
    """A call that must not simply be repeated broke in a way that leaves open whether Slack has done it."""


class _Broken(Exception):
    """No answer, or one that says nothing but that Slack is in trouble."""


class _RateLimited(Exception):
    """429: the method is closed for a time."""


class SlackCalls:
    """The Web API of one workspace.

    A 429 holds up its own method alone, and one of a method that is counted by channel its own channel alone (Slack
    docs, rate limits). Those that wait for the same go one after the other; nobody waits for what is closed for longer
    than LONGEST_WAIT.
    """

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._closed_until: dict[str, float] = {}

    async def post_json(self, method: str, arguments: Mapping[str, Any], *, repeatable: bool = True) -> dict[str, Any]:
        """Call a method with a JSON body; return Slack's answer.

        Raises SlackRefusal for an error code, and MaybeSent where a call that is not `repeatable` broke.
        """
        return await self._call_persistently(method, arguments, "json", repeatable=repeatable)

    async def query(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Call a method that changes nothing, with its arguments in the query; raises SlackRefusal."""
        return await self._call_persistently(method, arguments, "params", repeatable=True)

    async def _call_persistently(
        self, method: str, arguments: Mapping[str, Any], place: Literal["json", "params"], *, repeatable: bool
    ) -> dict[str, Any]:
        retries = RetryBudget(time.monotonic() + DEADLINE, most=RETRIES, first=PAUSE, longest=LONGEST_PAUSE)
        while await self._is_open(_scope_of(method, arguments), retries.until):
            try:
                return await self._call_once(method, arguments, place)
            except _RateLimited:
                continue  # for as long as Slack has said
            except _Broken as error:
                if not repeatable:
                    raise MaybeSent(method) from error
                await retries.pause(method, SlackRefusal(method, NO_ANSWER))
        raise SlackRefusal(method, RATE_LIMITED)

    async def _call_once(
        self, method: str, arguments: Mapping[str, Any], place: Literal["json", "params"]
    ) -> dict[str, Any]:
        try:
            if place == "json":
                response = await self._client.api_call(method, json=dict(arguments))
            else:
                response = await self._client.api_call(method, http_verb="GET", params=dict(arguments))
        except SlackApiError as error:
            raise self._error_of(method, _scope_of(method, arguments), error) from error
        except (aiohttp.ClientError, TimeoutError, ConnectionError, *UNREADABLE) as error:
            log.info("slack call broke", method=method, error=type(error).__name__)
            raise _Broken from error
        return response.data if isinstance(response.data, dict) else {}

    def _error_of(self, method: str, scope: str, error: SlackApiError) -> Exception:
        status = getattr(error.response, "status_code", 500)  # a body that is no JSON comes as aiohttp's own response
        if status == 429:
            seconds = retry_after({name.lower(): value for name, value in error.response.headers.items()})
            wait = USUAL_WAIT if seconds is None else seconds
            self._closed_until[scope] = max(self._closed_until.get(scope, 0.0), time.monotonic() + wait)
            log_line = log.warning if wait > LONGEST_WAIT else log.info
            log_line("slack rate limit", method=method, seconds=wait, until=clock_time_in(wait))
            return _RateLimited()
        told = getattr(error.response, "data", None)
        code = str(told.get("error", "")) if isinstance(told, dict) and status < 500 else "internal_error"
        return _Broken() if code in FAULTS else SlackRefusal(method, code)

    async def _is_open(self, scope: str, until: float) -> bool:
        """Wait for our turn where others wait already, or Slack has told us to; False where that comes too late."""
        opens, now = self._closed_until.get(scope, 0.0), time.monotonic()
        if max(opens, now) > min(until, now + LONGEST_WAIT):
            return False
        if opens > now:
            self._closed_until[scope] = opens + SPACING
            await asyncio.sleep(opens - now)
        else:
            self._closed_until.pop(scope, None)
        return True


def _scope_of(method: str, arguments: Mapping[str, Any]) -> str:
    """Return what a 429 closes."""
    return f"{method} {arguments.get('channel', '')}" if method in BY_CHANNEL else method
