"""What goes wrong on request."""

from dataclasses import dataclass, field

from deploy.sandbox.wire.faults import CallFaults


@dataclass(slots=True)
class Faults(CallFaults):
    """What the workspace does badly; a later one of several `deliveries` says that it is a retry."""

    message_first: bool = False
    """whether message.channels arrives before the app_mention of the same message"""
    token_refused: str = ""
    """the code with which the bot's token is refused, as token_revoked or account_inactive"""
    clip_kind: str = "m4a"
    """as which kind of clip a person's recording arrives; the kinds are those of deploy.sandbox.page.clips"""
    codes: dict[str, list[str]] = field(default_factory=dict)
    """the error codes with which a method's next calls are refused, in order: user_not_found, internal_error…"""
    retry_after: str = ""
    """what a 429 says instead of a number of seconds, as something between Slack and the app might"""
