"""The one way in which a call is turned down."""

from typing import Any


class Refused(Exception):
    """A call that Slack refuses. `code` is its error code; `extra` goes into the answer beside it."""

    def __init__(
        self, code: str, extra: dict[str, Any] | None = None, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra or {}
        self.status = status
        self.headers = headers or {}
