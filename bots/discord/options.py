"""What the Discord adapter is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.messages import ConversationKey


@dataclass(frozen=True, slots=True)
class DiscordOptions:
    """Token, Discord's address, and how to behave there; pauses and timeouts in seconds.

    `threads` says whether a mention opens a thread, `channels` where that is otherwise, by channel id. `roles`: a
    mention of a role that the bot has is for it. `message_content` says whether to ask for that intent; `auto` does
    what the application's own switch says. `parts` is how many messages an answer may take before the rest is a file.
    """

    token: str
    api_url: str
    threads: bool = True
    channels: Mapping[str, bool] = field(default_factory=dict)
    roles: bool = False
    message_content: Literal["auto", "on", "off"] = "auto"
    parts: int = 8
    edit_interval: float = 1.5
    file_hosts: tuple[str, ...] = ()
    ready_timeout: float = 2.0
    identify_pause: float = 5.0

    def opens_thread(self, key: ConversationKey) -> bool:
        """Whether a mention in this channel is answered in a thread of its own."""
        return self.channels.get(key.channel, self.threads)
