"""What a person can let go wrong with the pretend Slack."""

from collections.abc import Sequence
from dataclasses import dataclass

from deploy.sandbox.page.clips import KINDS
from deploy.sandbox.page.faults import Choice, Kind, Label, NextCall, PageFault, RateLimit, Switch
from deploy.sandbox.slack.workspace import Workspace

EVENTS = "Slack's events"
API = "Slack's Web API"
CLIPS = "Slack's audio clips"


@dataclass(slots=True)
class Disconnect:
    """Every open socket is told to go."""

    label: Label
    workspace: Workspace
    kind: Kind = "button"
    choices: Sequence[str] = ()
    value: bool = False

    async def set(self, value: bool | str) -> None:
        """Close them; there is nothing to take back."""
        if value:
            await self.workspace.disconnect("refresh_requested")


def faults(workspace: Workspace) -> list[PageFault]:
    """Return the faults in the order in which the page shows them."""
    slack = workspace.faults
    three = Label("deliveries", EVENTS, "Deliver every event three times", "As Slack does when it doubts an answer.")
    first = Label("message_first", EVENTS, "Message before mention", "One mention is two events; this swaps them.")
    gone = Label("disconnect", EVENTS, "Disconnect the socket", "As Slack does every few hours. The bot comes back.")
    silent = Label("silent", EVENTS, "Silent sockets", "They stay open, and nothing arrives until the bot notices.")
    edits = Label("limit_edits", API, "429 on chat.update", "Edits are refused for ten seconds, posts are not.")
    posts = Label("limit_posts", API, "429 on chat.postMessage", "Posts are refused for ten seconds.")
    error = Label("server_error", API, "The next post fails", "One chat.postMessage answers 503, nothing is posted.")
    slow = Label("slow", API, "Every call takes two seconds", "A long way to Slack, or a busy day there.")
    files = Label("expired_files", API, "Files are gone", "Every file's address answers 404.")
    clips = Label("clips", CLIPS, "A recording arrives as", "Clients send clips in several forms, some wrongly named.")
    return [
        Switch(three, slack, "deliveries", on=3, off=1),
        Switch(first, slack, "message_first"),
        Disconnect(gone, workspace),
        Switch(silent, slack, "silent_sockets"),
        RateLimit(edits, slack.rate_limited, "chat.update"),
        RateLimit(posts, slack.rate_limited, "chat.postMessage"),
        NextCall(error, slack.server_error, "chat.postMessage"),
        Switch(slow, slack, "slow", on={"*": 2.0}, off={}),
        Switch(files, slack, "expired_files"),
        Choice(clips, slack, "clip_kind", tuple(KINDS)),
    ]
