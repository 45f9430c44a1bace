"""A turn is kept while it is being answered, and what is done for it ends where another has it."""

import asyncio
from pathlib import Path

import pytest

from core.lease import held_lease
from core.messages import Author, ConversationKey, Message, Turn
from core.storage.errors import StorageUnavailable, TurnLost
from core.storage.store import Store

MESSAGE = Message(
    "1.0", ConversationKey("slack", "T1", "C1", "1.0"), Author("U1", "ada"), "hi", 1.0, addressed=True, follow_up=False
)


class TellingStore(Store):
    """A store that answers each renewal as it is told to: an error is raised."""

    def __init__(self, path: Path, *answers: bool | Exception) -> None:
        super().__init__(path)
        self.answers = list(answers)

    async def renew_lease(self, turn: Turn) -> bool:  # noqa: ARG002 - as the store is asked
        """Give the next answer, and the last one for good."""
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_a_store_that_cannot_be_written_for_a_moment_ends_nothing(tmp_path: Path) -> None:
    """The lease lasts for three renewals; what another has since is noticed when the store is back."""
    store = TellingStore(
        tmp_path / "confab.db", StorageUnavailable("locked"), True, StorageUnavailable("locked"), False
    )
    assert await store.add_message(MESSAGE, if_joined=False)
    turn = await store.claim_turn(MESSAGE.key)
    assert turn
    with pytest.raises(TurnLost):
        async with held_lease(store, turn, every=0.001):
            await asyncio.sleep(30)
    assert store.answers == [False]
    await store.close()
