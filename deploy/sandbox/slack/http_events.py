"""Signed HTTP events and interactions (Slack docs, Events API, Slash commands, Verifying requests from Slack)."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

from aiohttp import ClientConnectionError, ClientSession, ClientTimeout

from deploy.sandbox.slack.events import Event


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one request went: `settled` if no retry follows, else `reason` is what the retry says of it."""

    settled: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """How an interaction was acknowledged: what it was answered with, or the `fault` that the person reads."""

    fault: str = ""
    body: Event = field(default_factory=dict)


@dataclass(slots=True)
class Endpoint:
    """The app's registered events URL; empty while it uses Socket Mode."""

    signing_secret: str
    url: str = ""

    async def verify(self, session: ClientSession, patience: float) -> bool:
        """Ask the URL to repeat a challenge, as Slack does before it accepts one."""
        body = json.dumps({"token": "deprecated", "type": "url_verification", "challenge": "challenge-0"}).encode()
        headers = signed(self.signing_secret, body, time.time())
        async with session.post(self.url, data=body, headers=headers, timeout=ClientTimeout(patience)) as response:
            return response.status == 200 and "challenge-0" in await response.text()

    async def post(self, session: ClientSession, payload: Event, attempt: int, reason: str, patience: float) -> Outcome:
        """Post one event. Anything but a 2xx within `patience` seconds asks for a retry."""
        body = json.dumps(payload).encode()
        headers = signed(self.signing_secret, body, time.time())
        if attempt:
            headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
        try:
            async with session.post(self.url, data=body, headers=headers, timeout=ClientTimeout(patience)) as response:
                stop = response.headers.get("X-Slack-No-Retry") == "1"
                return Outcome(settled=200 <= response.status < 300 or stop, reason="http_error")
        except TimeoutError:
            return Outcome(settled=False, reason="http_timeout")
        except ClientConnectionError:
            return Outcome(settled=False, reason="connection_failed")

    async def interact(self, session: ClientSession, payload: Event, patience: float) -> Receipt:
        """Post an interaction as a form: a command field by field, anything else as JSON in the field `payload`."""
        form = payload if "command" in payload else {"payload": json.dumps(payload)}
        body = urlencode(form).encode()
        headers = signed(self.signing_secret, body, time.time(), "application/x-www-form-urlencoded")
        try:
            async with session.post(self.url, data=body, headers=headers, timeout=ClientTimeout(patience)) as response:
                text = await response.text()
                if response.status != 200:
                    return Receipt("dispatch_failed")
                is_json = response.content_type == "application/json"
                return Receipt("", json.loads(text) if is_json else {"text": text} if text else {})
        except TimeoutError:
            return Receipt("operation_timeout")
        except ClientConnectionError:
            return Receipt("dispatch_failed")


def signed(secret: str, body: bytes, now: float, content_type: str = "application/json") -> dict[str, str]:
    """Return the headers that prove a body to come from Slack: HMAC SHA-256, version v0; `now` in epoch seconds."""
    stamp = str(int(now))
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": content_type,
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
    }
