"""What whoever watches the workspace hears of."""

from dataclasses import dataclass
from typing import Literal

from deploy.sandbox.slack.posts import Post


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened. A deleted post is given as it stood.

    For a `status`, `ts` is the thread's root and `text` the status, empty when it was taken away; an `ephemeral`
    is a post that only one person sees, and that no channel holds; a `view` is the modal or the home of the person
    that `text` names.
    """

    kind: Literal["posted", "edited", "deleted", "status", "reaction", "ephemeral", "view"]
    channel: str
    ts: str
    post: Post | None = None
    text: str = ""
