"""What a conversation's next prompt is made from: its memory, counted, and the room that the model's window leaves."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import dropwhile

from core.errors import ContextOverflow
from core.history import Character, History, StoredHistory
from core.messages import Author, ConversationKey, Entry, Message
from core.policy import AS_ASKED, Policies
from core.privacy.hiding import Hider
from core.prompt.build import NO_EXTRAS, Prompt, PromptExtras, Room, build_prompt, turns, with_tokens
from core.prompt.context_window import ContextWindow
from core.prompt.settings import PromptSettings
from core.prompt.tokens import Counter
from core.storage.store import Store
from core.token_ratio import TokenRatio


class HistoryLoader:
    """Makes prompts; what it learns of the model's window lasts as long as the process."""

    def __init__(
        self,
        store: Store,
        counter: Counter,
        window: ContextWindow,
        settings: PromptSettings,
        policies: Policies,
        windows: Mapping[str, ContextWindow] | None = None,
    ) -> None:
        """`window` is that of the model which is asked everywhere, `windows` are those of the others, by name."""
        self._store = store
        self._counter = counter
        self._window = window
        self._windows = windows or {}
        self._settings = settings
        self._policies = policies

    def window_of(self, key: ConversationKey, character: Character | None = None) -> ContextWindow:
        """Return the window of the model that answers in a conversation, by itself or as a character."""
        own = character.model if character else ""
        return self._windows.get(own or self._policies.policy_of(key).model, self._window)

    def hider_in(self, key: ConversationKey) -> Hider:
        """Return what hides private data in one request of a conversation."""
        policy = self._policies.policy_of(key)
        return Hider(policy.hide, policy.hide_patterns)

    async def of(self, key: ConversationKey) -> StoredHistory:
        """Return what is remembered of a conversation, every entry of it counted, once the window may be known."""
        found = await self._store.read_history(key, self._policies.policy_of(key).history_messages + 1)
        memory, counts = self._count_entries(found.history)
        if counts:
            await self._store.save_token_counts(counts)
        await self.window_of(key, found.character).wait_until_asked()
        gauge = found.ratio if found.ratio.counted else TokenRatio(start=1.0) if self._counter.exact else TokenRatio()
        return replace(found, history=memory, ratio=gauge)

    async def save_earlier(self, message: Message, entries: Iterable[Entry]) -> StoredHistory:
        """Keep what was said before a message; return what is remembered now, also where nothing is kept."""
        counts = [with_tokens(entry, self.count) for entry in entries]
        if self._policies.policy_of(message.key).keeps_nothing:
            found = await self.of(message.key)
            said = tuple(dropwhile(lambda entry: entry.role != "user", counts))
            return replace(found, history=History(said, first=next(iter(said), None)))
        await self._store.save_earlier(message.key, counts, message.sent_at)
        return await self.of(message.key)

    def prompt(
        self,
        key: ConversationKey,
        remembered: StoredHistory,
        question: Entry,
        most: int | None = None,
        extras: PromptExtras = NO_EXTRAS,
    ) -> Prompt:
        """Return the prompt that fits the window, or `most` tokens by the model's count where that is given."""
        asker = question.author.id if question.author else ""
        ratio, policy, settings = remembered.ratio, self._policies.policy_of(key, asker), self._settings
        instructions = instructions_in(settings.instructions, policy.language)
        history = int(policy.history_tokens / ratio.rate)
        room = Room(
            ratio.counts(most or self.window_of(key, remembered.character).prompt), history, policy.history_messages
        )
        extras = replace(extras, schemas=settings.schemas + extras.schemas, character=remembered.character)
        return build_prompt(instructions, remembered.history, question, room, self._counter.count, extras)

    def shorter_prompt(
        self,
        key: ConversationKey,
        remembered: StoredHistory,
        question: Entry,
        refused: Prompt,
        overflow: ContextOverflow,
        extras: PromptExtras = NO_EXTRAS,
    ) -> tuple[StoredHistory, Prompt]:
        """Return the prompt to send in place of one that was too long, with what is remembered as the error has it.

        The prompt is no shorter where it may be the bytes of a picture that were too many for somebody on the way.
        """
        if not overflow.window and any(message.images for message in refused.messages):
            return remembered, refused
        tokens = overflow.prompt or max(remembered.ratio.tokens(refused.tokens), overflow.window or 0)
        most = self.window_of(key, remembered.character).learn(overflow, tokens)
        remembered = replace(remembered, ratio=remembered.ratio.anchored_on(refused.tokens, tokens))
        return remembered, self.prompt(key, remembered, question, most, extras)

    def count(self, text: str) -> int:
        """Return how many tokens a text has, by our count."""
        return self._counter.count(text)

    def _count_entries(self, memory: History) -> tuple[History, dict[int, int]]:
        """Return the memory with every entry counted, and the counts that were missing, by seq."""
        new = {entry.seq: with_tokens(entry, self.count) for entry in memory.entries if not entry.tokens}
        if memory.first and not memory.first.tokens:
            new[memory.first.seq] = with_tokens(memory.first, self.count)
        if not new:
            return memory, {}
        entries = tuple(new.get(entry.seq, entry) for entry in memory.entries)
        first = new.get(memory.first.seq, memory.first) if memory.first else None
        return replace(memory, entries=entries, first=first), {seq: entry.tokens for seq, entry in new.items()}


def instructions_in(instructions: str, language: str) -> str:
    """Return the instructions with the language of the answers, where that is not the question's."""
    if language == AS_ASKED:
        return instructions
    return f"{instructions}\n\nAnswer in {language}, whatever language a question is in."


def history_without(history: History, is_left_out: Callable[[Author], bool]) -> History:
    """Return a history without what some people said, and were answered."""
    kept = tuple(entries_without(history.entries, is_left_out))
    first = history.first if history.first and not _is_by(history.first, is_left_out) else next(iter(kept), None)
    return replace(history, entries=kept, first=first)


def entries_without(entries: Iterable[Entry], is_left_out: Callable[[Author], bool]) -> list[Entry]:
    """Return entries without what some people said, and were answered."""
    return [each for turn in turns(entries) if not _is_by(turn[0], is_left_out) for each in turn]


def _is_by(entry: Entry, is_one: Callable[[Author], bool]) -> bool:
    return entry.author is not None and is_one(entry.author)
