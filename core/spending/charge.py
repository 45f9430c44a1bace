"""For what a call of a model is made, and on whose account. Pure."""

from dataclasses import dataclass, field, replace
from typing import Literal, Self

from core.messages import ConversationKey, Message
from core.storage.spending_limits import LedgerPlace

Purpose = Literal[
    "answer", "tool_round", "summary", "judge", "moderation", "title", "transcription", "embedding", "rerank"
]


@dataclass(frozen=True, slots=True)
class Payer(LedgerPlace):
    """Whose a call is, as it stands in the ledger, with what caps ask beside: `roles` are ids, as on Discord."""

    roles: tuple[str, ...] = ()

    @classmethod
    def of_message(cls, message: Message, turn_id: str = "") -> Self:
        """Return who pays for what is done about a message."""
        return replace(cls.of_conversation(message.key, message.author.id, turn_id), roles=message.author.roles or ())

    @classmethod
    def of_conversation(cls, key: ConversationKey, person: str = "", turn_id: str = "") -> Self:
        """Return who pays for what is done for a whole conversation; `person` is who set it off."""
        return cls(key.platform, key.workspace, key.channel, key.thread, person, turn_id)


@dataclass(frozen=True, slots=True)
class Charge:
    """One call's purpose and payer.

    `tokens` is its prompt's length by the model's count, 0 where nobody counted; `seconds` that of a recording.
    """

    purpose: Purpose
    payer: Payer = field(default_factory=Payer)
    tokens: int = 0
    seconds: float = 0.0
