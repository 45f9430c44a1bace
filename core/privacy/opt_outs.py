"""Who does not want to be read where others ask: known by keyed hashes, so that no list of their ids is kept."""

from core.messages import Author, ConversationKey
from core.storage.audit import insert_deed
from core.storage.connection import Connection
from core.storage.erase_everywhere import Person
from core.storage.forgetting import forget_summaries_of
from core.storage.keyed_hash import keyed_hash
from core.storage.opt_outs import delete_left_out, insert_left_out, select_left_out
from core.storage.store import Store


class OptOuts:
    """The people who asked to be left out, as they are known now; asked of every line that others' questions bring."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._key = ""
        self._digests: frozenset[str] = frozenset()

    async def load_opt_outs(self) -> None:
        """Take in who asked before, as it stands in the database now."""
        self._key, self._digests = await self._store.run(select_left_out)

    def leaves_out(self, key: ConversationKey, author: Author) -> bool:
        """Whether nothing is read of what somebody says where others ask."""
        return bool(self._digests) and keyed_hash(self._key, key.platform, author.id) in self._digests

    async def leave_out(self, whom: Person) -> None:
        """Read a person no more, and tell nothing of what they said in summaries that others' prompts have."""
        await self._store.run(lambda db: _insert(db, whom))
        await self.load_opt_outs()

    async def read_again(self, whom: Person) -> None:
        """Read a person as everybody else."""
        await self._store.run(lambda db: _delete(db, whom))
        await self.load_opt_outs()


def _insert(connection: Connection, whom: Person) -> None:
    insert_left_out(connection, whom.platform, whom.person)
    forget_summaries_of(connection, whom)
    insert_deed(connection, "asked to be left out", (whom.platform, whom.workspace, whom.person))


def _delete(connection: Connection, whom: Person) -> None:
    delete_left_out(connection, whom.platform, whom.person)
    insert_deed(connection, "asked to be read again", (whom.platform, whom.workspace, whom.person))
