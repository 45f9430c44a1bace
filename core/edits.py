"""A change of what was said, on its way into the history: names and checks take the network, so it has a turn."""

from dataclasses import replace

from core.messages import Turn
from core.moderation.moderation import Moderation
from core.outcome import about
from core.ports import Platform
from core.storage.store import Store


async def apply_edit(store: Store, guard: Moderation | None, turn: Turn, platform: Platform) -> None:
    """Take an edit into the history, with names and checked, as what is said has them; nothing is shown."""
    message = await platform.resolve_names(replace(turn.message, id=turn.message.about))
    kept = await guard.filter_edit(message, about(turn)) if guard else message.text
    await store.edit_message(turn, message, kept)
    await store.finish_turn(turn, [], "done", {})
