"""What a platform must know of earlier, and does not keep itself."""

from dataclasses import dataclass

from core.messages import ConversationKey
from core.storage.store import Store


@dataclass(frozen=True, slots=True)
class PlatformState:
    """What the store keeps for the platform of this name, from one start to the next."""

    platform: str
    store: Store

    async def read_state(self, name: str) -> str:
        """Return what was last set under `name`, empty where nothing was."""
        return await self.store.read_state(name)

    async def write_state(self, name: str, value: str) -> None:
        """Remember `value` under `name`."""
        await self.store.write_state(name, value)

    async def advance_state(self, name: str, number: int) -> None:
        """Remember a number under `name`, unless one as large stands there."""
        await self.store.advance_state(name, number)

    async def set_aside(self, workspace: str, channel: str, thread: str, message_id: str) -> None:
        """Note a message that cannot be read as failed; without an id it cannot be found again, and is left out."""
        if message_id:
            await self.store.set_aside(ConversationKey(self.platform, workspace, channel, thread), message_id)

    async def conversation_of(self, message_id: str) -> ConversationKey | None:
        """Return the conversation in which a message of the bot was posted, if it is a part of an answer."""
        return await self.store.conversation_of(self.platform, message_id)

    async def recent_conversations(self, workspace: str, most: int) -> list[ConversationKey]:
        """Return the conversations of a workspace in which something was asked last, the latest first."""
        return await self.store.recent_conversations(self.platform, workspace, most)

    async def recent_channels(self, workspace: str, most: int) -> list[str]:
        """Return the channels of a workspace in which something was asked last, the latest first."""
        return await self.store.recent_channels(self.platform, workspace, most)
