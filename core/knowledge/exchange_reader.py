"""Reads what people said to each other: with names, and without what moderation refuses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from core.knowledge.audience import SourcePlatform
from core.knowledge.errors import NOT_HAD, UNCHECKED, SourceUnreadable
from core.knowledge.exchange import own_words
from core.messages import Message
from core.moderation.errors import TooLongToCheck, Unchecked
from core.moderation.log import Subject
from core.moderation.moderation import Moderation
from core.moderation.verdict import Sample
from core.sanitize import valid_value
from core.storage.chat_lines import ChatLine
from core.storage.knowledge import ClaimedSource
from core.storage.turns import MESSAGE


class ExchangeReader:
    """Reads the lines of an exchange that were not read yet."""

    def __init__(
        self, platforms: Mapping[str, SourcePlatform], guard: Moderation | None, unseal: Callable[[Message], Message]
    ) -> None:
        """`unseal` opens a message as it stands in a row."""
        self._unseal = unseal
        self._platforms = platforms
        self._guard = guard
        self._checks = guard if guard and guard.is_checking else None

    async def read_unread(self, source: ClaimedSource, lines: Sequence[ChatLine]) -> list[ChatLine]:
        """Return all lines of an exchange as they may be kept, refused ones empty; raises SourceUnreadable."""
        return [await self._read_line(source, each) if each.payload is not None else each for each in lines]

    async def _read_line(self, source: ClaimedSource, line: ChatLine) -> ChatLine:
        platform = self._platforms.get(source.key.platform)
        if platform is None:
            raise SourceUnreadable(NOT_HAD, may_pass=True)
        opened = self._unseal(MESSAGE.validate_json(line.payload or ""))
        message = valid_value(await platform.resolve_names(opened))
        message = self._guard.leave_out_unread(message.key, message) if self._guard else message
        author = self._guard.with_safe_name(message.author) if self._guard else message.author
        text = own_words(message)
        is_clean = not text or await self._is_clean(text, author.name, message)
        return replace(line, payload=None, author_name=author.name, text=text if is_clean else "")

    async def _is_clean(self, text: str, name: str, message: Message) -> bool:
        """Whether moderation lets a line pass, with the name that stands before it."""
        if not self._checks:
            return True
        about = Subject(message.key, "knowledge", message.author)
        try:
            verdicts = await self._checks.check_texts("knowledge", [Sample(f"{name}: {text}")], about)
        except (Unchecked, TooLongToCheck) as error:
            raise SourceUnreadable(UNCHECKED, may_pass=True) from error
        return not verdicts[0].is_flagged
