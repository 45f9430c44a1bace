"""The one way in which a call is turned down (Discord docs, Opcodes and Status Codes, and Error Messages)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Error code: status and sentence.
SENTENCES: dict[int, tuple[int, str]] = {
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10014: (400, "Unknown Emoji"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    20012: (403, "You are not authorized to perform this action on this application"),
    20028: (429, "The write action you are performing on the channel has hit the write rate limit."),
    30032: (400, "Maximum number of application commands reached (100)"),
    30034: (429, "Max number of daily application command creates has been reached (200)"),
    30046: (429, "Maximum number of edits to messages older than 1 hour reached. Try again later."),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50021: (403, "Cannot execute action on a system message"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    160004: (400, "A thread has already been created for this message"),
    160005: (400, "Thread is locked"),
    200000: (400, "Message was blocked by automatic moderation"),
    240000: (400, "Message was blocked by the harmful links filter"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field: Discord's name for it, and a sentence."""

    code: str
    message: str


class Refused(Exception):
    """A call that Discord refuses, with its error code, status, and what else goes into the answer."""

    def __init__(
        self,
        code: int,
        message: str = "",
        status: int = 0,
        extra: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        usual_status, usual_message = SENTENCES.get(code, (400, ""))
        self.code = code
        self.status = status or usual_status
        self.body = {"message": message or usual_message, "code": code, **(extra or {})}
        self.headers = headers or {}


def invalid_form(problems: Mapping[str, Problem]) -> Refused:
    """Return the refusal of a body, with its problems by the dotted path of each field, as `embeds.0.title`."""
    errors: dict[str, Any] = {}
    for path, problem in problems.items():
        place = errors
        for name in path.split("."):
            place = place.setdefault(name, {})
        place["_errors"] = [{"code": problem.code, "message": problem.message}]
    return Refused(50035, "Invalid Form Body", extra={"errors": errors})
