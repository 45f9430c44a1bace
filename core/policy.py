"""What differs by channel, asked in one place."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.messages import ConversationKey


@dataclass(frozen=True, slots=True)
class Policy:
    """How the bot behaves in one conversation.

    `follow_ups`: it answers in a thread that it takes part in without a new mention. `streaming`: the answer grows
    in the channel as it is made. `merge`: what one person writes while an answer is made is answered together.
    `voice_notes`: every voice note is for it. `translate`: recordings are put into English as they are transcribed.
    """

    follow_ups: bool = True
    streaming: bool = True
    merge: bool = False
    voice_notes: bool = False
    translate: bool = False


@dataclass(frozen=True, slots=True)
class Policies:
    """The operator's defaults, and the channels that differ, by channel id."""

    default: Policy = field(default_factory=Policy)
    channels: Mapping[str, Policy] = field(default_factory=dict)

    def of(self, key: ConversationKey) -> Policy:
        """Return the policy that holds in a conversation."""
        return self.channels.get(key.channel, self.default)
