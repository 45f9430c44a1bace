"""How the bot of most tests behaves."""

from core.policy import ChannelSettings, Policies


def policies_alone() -> Policies:
    """Return the defaults, but for a channel's other messages: one question of a test stays apart from the next."""
    return Policies(ChannelSettings(channel_context=0))
