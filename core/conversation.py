"""The main path: one message in, one answer out, top to bottom."""

import time
from collections.abc import AsyncGenerator
from dataclasses import replace

import structlog

from core import commands
from core.chat_commands import ChatCommands
from core.commands import is_ranked
from core.consent.consents import Consents
from core.consent.settings import ConsentSettings
from core.earlier import EarlierReader
from core.entries import entries_of
from core.files.attachments import BLIND, UNLOOKED, AttachmentContent, read_attachments
from core.files.documents import Documents
from core.history import StoredHistory
from core.knowledge.citations import keep_known_marks
from core.knowledge.knowledge import Knowledge
from core.knowledge.lookup import NOT_SOUGHT, Lookup, append_sources
from core.llm.choice import ModelChoice
from core.llm.client import OpenAI
from core.messages import Attachment, ConversationKey, Deletion, Entry, Message, Turn
from core.model_events import ModelEvent
from core.moderation.moderation import NOBODY, Moderation
from core.moderation.preflight import may_merge, post_if_clean
from core.moderation.stream import release_checked
from core.outcome import Cancellation, Outcome, about, again, reference, sentence
from core.personas.character import Persona
from core.personas.personas import Personas
from core.ports import Platform
from core.prompt.ask import PreparedQuestion, texts_to_check
from core.prompt.history import HistoryLoader
from core.prompt.summaries import Summaries
from core.quotes import WORDLESS, quoted_people
from core.reply import Reply
from core.sanitize import sanitize_name, sanitize_text, valid_value
from core.spending.charge import Payer
from core.spending.meter import Meter
from core.spending.reservations import TurnReservations
from core.storage.store import Store
from core.tools.loop import converse
from core.tools.run import ToolRun
from core.tools.settings import ToolSettings
from core.tools.steps import append_notes
from core.tools.toolbox import Toolbox
from core.voice import notes

log = structlog.get_logger()


class Conversation:
    """Answers one turn at a time; holds nothing between two turns."""

    def __init__(  # noqa: PLR0913, PLR0917 - the main path is put together here, of all that it crosses
        self,
        store: Store,
        models: ModelChoice,
        chat_commands: ChatCommands,
        recall: HistoryLoader,
        summaries: Summaries,
        voice_notes: notes.VoiceNotes,
        guard: Moderation | None = None,
        tools: Toolbox | None = None,
        documents: Documents | None = None,
        knowledge: Knowledge | None = None,
        consent: ConsentSettings | None = None,
        spending: TurnReservations | None = None,
    ) -> None:
        self._store = store
        self._models = models
        self._commands = chat_commands
        self._policies = policies = chat_commands.preferences.policies
        self.reply = Reply(store, policies)
        self._recall = recall
        self._summaries = summaries
        self._voice_notes = voice_notes
        self._guard = guard
        self._checks = guard if guard and guard.is_checking else None
        self._tools = tools or Toolbox((), ToolSettings(), store, policies)
        self._documents = documents or Documents()
        self.knowledge = knowledge
        self.consents = Consents(store, consent or ConsentSettings(), self.reply, guard)
        chat_commands.register("stop", self.consents.stop)
        chat_commands.register("ask again", self.consents.take_back)
        self._spending = spending or TurnReservations(Meter())
        self._personas = Personas(store, chat_commands.preferences, recall.count, guard)
        chat_commands.register("reset", self._reset)
        chat_commands.register("memory", self._tell_memory)
        chat_commands.register("persona", self._personas.answer_command, self._personas.suggest)
        self.earlier = EarlierReader(store, recall, policies, self._documents, guard)

    async def answer(self, turn: Turn, platform: Platform, halt: Cancellation) -> None:
        """Answer a claimed turn, from the question to the last row that is kept of it; `halt` ends it early.

        Raises TurnParked where it waits for a click.
        """
        if await self._ends_unasked(turn, platform):
            return
        await self._answer_question(turn, platform, halt)

    async def _answer_question(self, turn: Turn, platform: Platform, halt: Cancellation) -> None:
        message = valid_value(await platform.resolve_names(turn.message))
        message = self._guard.leave_out_unread(message.key, message) if self._guard else message
        turn, heard = await self._transcribe_recordings(turn, message.attachments, platform, halt)
        if error := notes.why_unanswerable(message, heard):
            await self.reply.refuse(turn, platform, error)
            return
        author = self._guard.with_safe_name(message.author) if self._guard else message.author
        persona, model = await self._speaker_of(turn)
        turn = replace(turn, face=persona.face if persona else None)
        question = Entry("user", sanitize_text(message.text), author, message.id, message.sent_at, about=message.about)
        question = replace(question, quotes=quoted_people(message.quotations))
        heard_texts = notes.to_prompt_texts(heard)
        files = await read_attachments(message, platform, self._documents, heard_texts, blind=self._blind(model))
        question = replace(question, files=files.text, images=files.images)
        question = question if question.text or files.text else replace(question, text=WORDLESS)
        remembered = await self.earlier.history_before(message, platform, reference(turn), self._blind(model))
        if await self._is_part(turn, message, question):
            await self._store.finish_turn(turn, [question], "merged", {})
            return
        remembered = persona.join(remembered, question, self._recall.count) if persona else remembered
        answer = Outcome(times={"asked": time.time()}, above=notes.quote_transcripts(heard))
        if self._checks is None:
            answer.admission.set()
        found = await self._look_up(turn, message, question, remembered, answer)
        run = await self._tools.begin_run(turn, message, question, remembered.history, answer, found.excerpts)
        if await self.consents.resume_cards(turn, platform, run.waiting_calls(), is_tainted=run.is_tainted):
            halt.call(commands.STOPPED, replaces=False)
        prompt = self._recall.prompt(turn.message.key, remembered, question, extras=run.extras())
        asked = PreparedQuestion(turn.message.key, question, remembered, prompt, files.notices, run.extras())
        said = self._ask_model(model, turn, message, asked, files, run, found)
        reply = append_sources(self.reply.show_words(said, turn, answer, halt), found, answer)
        reply = append_notes(reply, asked, answer, run.records, model)
        await self.reply.show(turn, platform, notes.append_failures(reply, heard) if heard else reply, answer)
        if heard and not answer.is_admitted:
            await self._voice_notes.drop_recordings(message)
        await self._ask_people(turn, platform, run, is_over=bool(halt.sentence or answer.error))
        await self._keep_answer(turn, asked, answer, sees=model.sees)
        await self._spending.warn(turn, platform)

    async def _look_up(
        self, turn: Turn, message: Message, question: Entry, remembered: StoredHistory, answer: Outcome
    ) -> Lookup:
        """Return what is found about a question in what people have shared, of which the answer cites some."""
        if self.knowledge is None:
            return NOT_SOUGHT
        found = await self.knowledge.look_up(turn, message, question, remembered.history, about(turn))
        answer.cited = found.cited
        return found

    async def _keep_answer(self, turn: Turn, asked: PreparedQuestion, answer: Outcome, *, sees: bool) -> None:
        """End a turn with what later prompts see of it."""
        entries = entries_of(asked, answer, self._recall.count, sees=sees)
        made = asked.record_of(answer.usage, seen=sees)
        await self._store.finish_turn(turn, entries, answer.state, answer.detail, made)
        self._summaries.after(asked.key, asked.prompt)

    async def _ask_people(self, turn: Turn, platform: Platform, run: ToolRun, *, is_over: bool) -> None:
        """Ask whether calls may be made that wait for that; raise TurnParked then."""
        waiting = run.waiting_calls()
        if waiting and not is_over:
            await self.consents.ask(turn, platform, waiting, is_tainted=run.is_tainted)

    async def _ends_unasked(self, turn: Turn, platform: Platform) -> bool:
        """Whether a turn ends before anything is asked: refused, by whom or by what it would cost, or a command."""
        if self._guard and (refusal := self._guard.refusal_of(turn.message)):
            is_told = await self._guard.tells_refusal(refusal, turn.message, about(turn))
            await self.reply.refuse(turn, platform, refusal, is_told=is_told)
        elif turn.message.command:
            await self._obey(turn, platform)
        elif turn.refusal:
            await self.reply.refuse(turn, platform, turn.refusal, is_told=self._spending.is_worth_telling(turn))
        else:
            return False
        return True

    async def _is_part(self, turn: Turn, message: Message, question: Entry) -> bool:
        """Whether a question is to be answered with the next one, before which it then stands in the history."""
        may_be = turn.followed and not (turn.posted or turn.phase) and self._policies.policy_of(turn.message.key).merge
        if not may_be or not await self._store.next_is_same_author(turn):
            return False
        return self._checks is None or await may_merge(self._checks, turn, message, question)

    async def _obey(self, turn: Turn, platform: Platform) -> None:
        """Do what a command says, and answer with what it comes to."""
        message = await platform.resolve_names(turn.message) if is_ranked(turn.message.command) else turn.message
        await self.reply.tell(turn, platform, await self._commands.answer(message))

    async def _speaker_of(self, turn: Turn) -> tuple[Persona | None, OpenAI]:
        """Return whom the bot plays in a turn, and which model answers: that one's own, or what is set there."""
        persona = await self._personas.speaker_of(turn)
        usual = self._policies.policy_of(turn.message.key).model
        if persona is None:
            return None, self._models.model_named(usual)
        return persona, self._models.model_named(persona.character.model or usual, persona.character.parameters)

    def _blind(self, model: OpenAI) -> tuple[str, str] | None:
        """Return why no picture is shown: the model sees none, or nobody would check one before it is sent."""
        if not model.sees:
            return BLIND
        return UNLOOKED if self._checks and not self._checks.checks_images else None

    def prefetch(self, message: Message, platform: Platform) -> None:
        """Begin what takes long about a message whose turn has not come yet."""
        self._voice_notes.prefetch(message, platform)

    def forget(self, deletion: Deletion) -> None:
        """End what was begun for a message that is gone."""
        self.earlier.forget_message(deletion)
        self._voice_notes.cancel((deletion.platform, deletion.workspace, deletion.channel, deletion.message_id))

    async def post(self, turn: Turn, platform: Platform) -> ConversationKey:
        """Post a question that stands in no message, so that it can be answered under it; return where it now waits."""
        message = await platform.resolve_names(turn.message)
        answer = Outcome(message_id=next(iter(turn.posted), ""))
        is_scheduled, said = message.command == "scheduled", sanitize_text(message.text)
        if is_scheduled and self._guard and (refusal := self._guard.refusal_of(message)):
            await self.reply.refuse(turn, platform, refusal, is_told=False)  # nobody waits for it
            return message.key
        shown = sentence(commands.format_asked(sanitize_name(message.author.name), said, is_scheduled=is_scheduled))
        if self._guard:
            shown = post_if_clean(self._guard, turn, message, shown, answer)
        await self.reply.show(turn, platform, shown, answer)
        in_flow = is_scheduled and message.is_alone  # a direct message without threads
        key = replace(message.key, thread=message.key.thread or ("" if in_flow else answer.message_id))
        if not answer.error:
            handle = message.handle if is_scheduled else ""
            question = replace(turn.message, id=answer.message_id, key=key, command="", handle=handle)
            await self._store.add_message(question, if_joined=False)
        await self._store.finish_turn(turn, [], answer.state, answer.detail)
        return key

    async def _transcribe_recordings(
        self, turn: Turn, files: tuple[Attachment, ...], platform: Platform, halt: Cancellation
    ) -> tuple[Turn, tuple[notes.RecordingResult, ...]]:
        """Return what was said in a turn's recordings, and the turn with its `files` and what was posted meanwhile.

        What an earlier try has posted stands until the answer takes its place.
        """
        turn = replace(turn, message=replace(turn.message, attachments=files))
        hearing = self._voice_notes.transcription_of(turn.message, platform)
        if hearing is None:
            return turn, ()
        try:
            if hearing.is_long and not turn.posted and self.reply.grows(turn):
                shown = Outcome()
                await self.reply.show(turn, platform, halt.until(hearing.report_progress()), shown)
                turn = replace(turn, posted=(shown.message_id,) if shown.message_id else ())
            return turn, () if halt.sentence else await hearing.results()
        finally:
            hearing.task.cancel()  # in vain where it is done

    def _ask_model(
        self,
        model: OpenAI,
        turn: Turn,
        message: Message,
        asked: PreparedQuestion,
        files: AttachmentContent,
        run: ToolRun,
        found: Lookup,
    ) -> AsyncGenerator[ModelEvent, None]:
        """Yield what may be seen of what the model says, or said to an earlier attempt."""

        def stream_words() -> AsyncGenerator[ModelEvent, None]:
            if turn.kept:
                return again(turn.kept)
            words = converse(model, self._recall, asked, Payer.of_message(message, turn.id), run)
            return keep_known_marks(words, found) if found.is_on else words

        def stream_nameless() -> AsyncGenerator[ModelEvent, None]:
            asked.question = replace(asked.question, author=replace(message.author, name=NOBODY))
            asked.prompt = self._recall.prompt(asked.key, asked.remembered, asked.question, extras=asked.extras)
            return stream_words()

        if not self._checks:
            return stream_words()
        asking = texts_to_check(asked, message, files)
        return release_checked(self._checks, about(turn), asking, stream_words(), stream_nameless)

    async def _reset(self, message: Message) -> str:
        """Forget what was said in a conversation."""
        await self._store.delete_conversation(message.key)
        if self.knowledge:
            self.knowledge.wake_indexer()  # what is left of the channel's conversation is read anew
        await self._personas.begin_anew(message.key)
        return commands.DONE["reset"]

    async def _tell_memory(self, message: Message) -> str:
        """Return what the model still knows of a conversation."""
        memory = (await self._recall.of(message.key)).history
        return commands.format_memory(len(memory.entries), memory.earlier)
