"""Who the bot is where: chosen by a command, kept by each conversation as it began, and checked before it speaks."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import structlog

from core.commands import argument_of
from core.messages import ConversationKey, Message, Turn
from core.moderation.errors import ModerationError, TooLongToCheck
from core.moderation.log import Subject
from core.moderation.moderation import Moderation
from core.moderation.verdict import Sample
from core.outcome import about
from core.personas.character import Persona, read_persona, texts_to_vet
from core.personas.choosing import (
    BACK,
    MYSELF,
    NOT_CHECKED,
    NOT_CLEAN,
    NOT_THEIRS,
    SEVERAL,
    UNKNOWN,
    PersonaRequest,
    format_change,
    format_label,
    format_list,
    format_speaker,
    read_request,
    value_of_choice,
)
from core.personas.importing import read_document
from core.policy import Scope
from core.preferences.preferences import Preferences
from core.storage.personas import (
    ListedPersona,
    count_personas,
    find_personas,
    newest_version,
    renew_speaker,
    search_personas,
    select_card,
    settle_speaker,
    speaking_version,
)
from core.storage.store import Store

log = structlog.get_logger()

K = TypeVar("K")
V = TypeVar("V")
REMEMBERED = 256  # personas as they speak in a conversation, and verdicts on cards
SUGGESTED = 5
LONGEST_LABEL = 75  # characters (Slack docs, Option object; Discord's docs allow 100)
NAME = "persona"  # of the preference


class Personas:
    """The personas that are kept, and the choices among them."""

    def __init__(
        self, store: Store, preferences: Preferences, count: Callable[[str], int], guard: Moderation | None = None
    ) -> None:
        """`count` counts tokens; `guard` checks a card before anybody is shown something of it."""
        self._store = store
        self._preferences = preferences
        self._count = count
        self._checks = guard if guard and guard.is_checking else None
        self._is_any = False
        self._speaking: OrderedDict[tuple[int, ConversationKey], Persona] = OrderedDict()
        self._clean: OrderedDict[tuple[int, str, str, int], bool] = OrderedDict()

    async def check_presence(self) -> None:
        """Take in whether there are personas at all: without any, no turn asks for one."""
        self._is_any = await self._store.run(count_personas) > 0

    async def speaker_of(self, turn: Turn) -> Persona | None:
        """Return whom the bot plays in a turn's conversation, None for itself; it is settled at the first question."""
        key, name = turn.message.key, self._chosen_in(turn.message.key)
        if not self._is_any:
            await self.check_presence()
        if not self._is_any and not name:
            return None
        version = await self._store.run(lambda db: speaking_version(db, key, name, settles=True))
        persona = await self._read_version(version, key) if version else None
        try:
            is_clean = persona is not None and await self._is_clean(persona, about(turn))
        except ModerationError:
            is_clean = False  # nor will the question be checked
        if version and not is_clean:
            log.warning("persona refused", version=version, hint="Moderation refuses its card, or could not be asked.")
        return persona if is_clean else None

    async def answer_command(self, message: Message) -> str:
        """Say who the bot is where a command was given, or make it somebody else; return what is read of it."""
        asked = read_request(argument_of(message.text))
        if asked is None:
            return await self._describe(message)
        standing = self._preferences.standing_of(message)
        if not self._preferences.may_choose(NAME, standing, everywhere=asked.is_everywhere):
            return NOT_THEIRS
        found = await self._find(asked)
        if len(found) == 1:
            return await self._become(message, asked, found[0])
        if found or not (asked.is_nobody or asked.is_usual):
            return await self._say_unknown(message, asked, found)
        await self._choose(message, asked, None)
        return BACK if asked.is_usual else MYSELF

    async def begin_anew(self, key: ConversationKey) -> None:
        """Let who speaks in a conversation that begins anew do so by their newest version."""
        if self._is_any:
            await self._store.run(lambda db: renew_speaker(db, key))

    async def suggest(self, typed: str, most: int) -> Sequence[tuple[str, str]]:
        """Return at most so many personas that words name or describe: by which name each is chosen, and its label.

        There is no time to ask anybody else about them: the own list alone decides what may be shown.
        """
        found = await self._store.run(lambda db: search_personas(db, typed, most))
        labels = [(each.handle[:LONGEST_LABEL], format_label(each)[:LONGEST_LABEL]) for each in found]
        words = self._checks.words if self._checks else None
        return [each for each in labels if not (words and (await words.verdict_on(each[1])).is_flagged)]

    async def _become(self, message: Message, asked: PersonaRequest, chosen: ListedPersona) -> str:
        persona = await self._read_version(chosen.version, message.key)
        try:
            is_clean = persona is not None and await self._is_clean(persona, Subject(message.key, message.id))
        except ModerationError:
            return NOT_CHECKED
        if persona is None or not is_clean:
            return UNKNOWN if persona is None else NOT_CLEAN
        await self._choose(message, asked, chosen)
        return format_change(persona, everywhere=asked.is_everywhere)

    def _chosen_in(self, key: ConversationKey) -> str:
        return self._preferences.policies.policy_of(key).persona

    async def _choose(self, message: Message, asked: PersonaRequest, chosen: ListedPersona | None) -> None:
        """Keep a choice: of a thread for itself; of anything else also for what begins there from now on."""
        key = message.key
        is_threads_own = bool(key.thread) and key.thread != message.id
        if asked.is_everywhere or not is_threads_own:
            scope = Scope.of_workspace(key) if asked.is_everywhere else Scope.of_channel(key)
            values = {NAME: value_of_choice(asked, chosen)}
            now = await self._store.add_choices(scope, message.author.id, values)
            self._preferences.take_choice(scope, now)
        if asked.is_usual:
            name = self._chosen_in(key)
            version = await self._store.run(lambda db: newest_version(db, name))
        else:
            version = chosen.version if chosen else 0
        await self._store.run(lambda db: settle_speaker(db, key, version))
        await self.check_presence()

    async def _find(self, asked: PersonaRequest) -> Sequence[ListedPersona]:
        """Return those of the name that was said; what stands behind it may be a part of it after all."""
        whole = await self._store.run(lambda db: find_personas(db, asked.whole))
        return whole or await self._store.run(lambda db: find_personas(db, asked.name))

    async def _say_unknown(self, message: Message, asked: PersonaRequest, found: Sequence[ListedPersona]) -> str:
        """Say that a name is nobody's or several's, with those that may be meant, as far as they may be shown."""
        near = found or await self._store.run(lambda db: search_personas(db, asked.name, SUGGESTED))
        if self._checks and near:
            samples = [Sample(f"{each.name} {each.creator}") for each in near]
            may_show = await self._checks.find_clean("persona", samples, Subject(message.key, message.id))
            near = [each for each, is_clean in zip(near, may_show, strict=True) if is_clean]
        return format_list(SEVERAL if found else UNKNOWN, near)

    async def _describe(self, message: Message) -> str:
        """Return who speaks where a command was given, or would speak to a first question."""
        key, name = message.key, self._chosen_in(message.key)
        version = await self._store.run(lambda db: speaking_version(db, key, name, settles=False))
        persona = await self._read_version(version, key) if version else None
        try:
            is_clean = persona is not None and await self._is_clean(persona, Subject(key, message.id))
        except ModerationError:
            is_clean = False
        return format_speaker(persona if is_clean else None)

    async def _read_version(self, version: int, key: ConversationKey) -> Persona | None:
        """Return a persona as it speaks in a conversation; what is read of a version never changes."""
        if known := self._speaking.get((version, key)):
            self._speaking.move_to_end((version, key))
            return known
        card = await self._store.run(lambda db: select_card(db, version))
        if card is None:
            return None
        persona = read_persona(read_document(card), card.version, card.number, key, self._count)
        if not self._preferences.offers_model(persona.character.model):
            persona = replace(persona, character=replace(persona.character, model=""))
        _remember(self._speaking, (version, key), persona)
        return persona

    async def _is_clean(self, persona: Persona, subject: Subject) -> bool:
        """Whether all of a card may be shown and sent in a channel, as it stands and as it speaks. Raises Unchecked.

        It is asked once, and again where its macros make other texts of it.
        """
        place = (persona.version, subject.key.workspace, subject.key.channel, hash(persona.expanded))
        if self._checks is None or place in self._clean:
            return self._clean.get(place, True)
        card = await self._store.run(lambda db: select_card(db, persona.version))
        written = texts_to_vet(read_document(card)) if card else []
        samples = [Sample(text) for text in (*written, *persona.expanded)]
        if persona.picture and self._checks.checks_images:
            samples.append(Sample(image=persona.picture))
        try:
            verdicts = await self._checks.check_texts("persona", samples, Subject(subject.key, subject.reference))
        except TooLongToCheck:
            return False
        is_clean = not any(each.is_flagged for each in verdicts)
        if not any(each.unchecked for each in verdicts):
            _remember(self._clean, place, is_clean)
        return is_clean


def _remember(known: OrderedDict[K, V], key: K, value: V) -> None:
    """Keep a value, and let go of the one that was not asked for the longest."""
    known[key] = value
    if len(known) > REMEMBERED:
        known.popitem(last=False)
