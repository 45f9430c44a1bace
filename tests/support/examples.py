"""Values that several tests begin with."""

from dataclasses import replace

from core.messages import Author, ConversationKey, Message

KEY = ConversationKey("slack", "T1", "C1", "1.0")


def message(number: int, text: str = "", key: ConversationKey = KEY) -> Message:
    """Return the `number`th message of a conversation, addressed to the bot."""
    return Message(f"{number}.0", key, Author("U1", "Ada"), text or f"question {number}", float(number), addressed=True)


def in_thread(thread: str) -> ConversationKey:
    """Return the key of another thread in the same channel."""
    return replace(KEY, thread=thread)
