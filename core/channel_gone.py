"""What a platform tells of a place that the bot, or everybody else, no longer sees as before."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChannelGone:
    """A channel that the bot was taken out of, or that was deleted, archived or made private.

    With a `thread` it is that one alone; without a `channel` the bot was taken out of the whole workspace.
    """

    platform: str
    workspace: str
    channel: str = ""
    thread: str = ""
