"""One question put to the model: with the prompt that fits, and once more with a shorter one where it did not."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

import structlog

from core.errors import AnswerLimitTooLarge, ContextOverflow
from core.files.attachments import UNSEEN, AttachmentContent
from core.history import PromptRecord, StoredHistory
from core.llm.client import OpenAI
from core.llm.request import NOTHING_OFFERED, OfferedTools
from core.messages import ConversationKey, Entry, Message, Usage
from core.model_events import ModelEvent, Replace, Text
from core.moderation.stream import PromptTexts
from core.prompt.build import NO_EXTRAS, Prompt, PromptExtras
from core.prompt.context_window import ContextWindow
from core.prompt.hidden import hide_prompt, restore_events
from core.prompt.history import HistoryLoader
from core.prompt.names import without_leading_name
from core.spending.charge import Charge

log = structlog.get_logger()

SHORTENED = "_Your message is longer than I can read at once: I left out its middle._"
FEWER = "_There was no room for all of your pictures, so I looked at the first ones alone, or at none._"


@dataclass(slots=True)
class PreparedQuestion:
    """A question with what is remembered before it, and the prompt that was last made of them.

    `notices` is what the person is told of files that are not in the question; `reported` is what the endpoint reported
    of the last prompt.
    """

    key: ConversationKey
    question: Entry
    remembered: StoredHistory
    prompt: Prompt
    notices: Sequence[str] = ()
    extras: PromptExtras = NO_EXTRAS
    reported: Usage | None = None

    def record_of(self, kept: Usage | None, *, seen: bool = True) -> PromptRecord:
        """Return what is to be kept of it; `seen` tells whether pictures were sent.

        `kept` is what an earlier attempt cost: the prompt's own length is known from it where one call was all.
        """
        gauge = self.remembered.ratio
        usage = self.reported or (None if self.extras.following else kept)
        if usage and (seen or not any(message.images for message in self.prompt.messages)):
            gauge = gauge.anchored_on(self.prompt.tokens, usage.input_tokens)
        return PromptRecord(self.prompt.memory, self.remembered.version, gauge)


async def chat(
    model: OpenAI,
    recall: HistoryLoader,
    asked: PreparedQuestion,
    charge: Charge,
    offered: OfferedTools = NOTHING_OFFERED,
) -> AsyncGenerator[ModelEvent, None]:
    """Yield what the model says. A prompt that is too long for it is cut by the error's own figures, and sent again.

    Raises a ModelError as the client does; ContextOverflow only where the second prompt was too long as well, or
    AnswerLimitTooLarge where that is because of the answer's own limit.
    """
    begun, again, hider = False, False, recall.hider_in(asked.key)
    refused = 0  # tokens of a prompt that was too long by no figure
    while True:
        try:
            counted = replace(charge, tokens=asked.remembered.ratio.tokens(asked.prompt.tokens))
            messages = hide_prompt(asked.prompt.messages, hider)
            async with aclosing(model.chat(messages, counted, offered)) as events:
                async for event in without_leading_name(restore_events(events, hider), asked.prompt.names):
                    begun = begun or isinstance(event, Text | Replace)
                    if isinstance(event, Usage):
                        _note_passed(recall.window_of(asked.key, asked.remembered.character), asked, event, refused)
                    yield event
        except ContextOverflow as overflow:
            remembered, prompt = recall.shorter_prompt(
                asked.key, asked.remembered, asked.question, asked.prompt, overflow, asked.extras
            )
            if begun or again or prompt.tokens >= asked.prompt.tokens:
                if recall.window_of(asked.key, asked.remembered.character).leaves_no_room(overflow):
                    raise AnswerLimitTooLarge(str(overflow)) from None
                raise
            refused = 0 if overflow.window else overflow.prompt or remembered.ratio.tokens(asked.prompt.tokens)
            again, asked.remembered, asked.prompt = True, remembered, prompt
            log.info("prompt cut", window=overflow.window, tokens=prompt.tokens)
        else:
            return


def _note_passed(window: ContextWindow, asked: PreparedQuestion, usage: Usage, refused: int) -> None:
    """Keep what a prompt cost, and what it teaches of the window; `refused` tokens were too many before it."""
    asked.reported = usage
    window.note_passed(usage.input_tokens)
    if refused:
        window.note_too_many(refused)


def left_out(asked: PreparedQuestion, *, sees: bool) -> Iterator[str]:
    """Yield what a person is told of their question, where the model was not given all of it."""
    question, prompt = asked.question, asked.prompt
    if prompt.shortened:
        yield SHORTENED
    if question.images and not sees:
        yield UNSEEN
    elif len(prompt.question.images) < len(question.images):
        yield FEWER
    yield from asked.notices


def texts_to_check(asked: PreparedQuestion, message: Message, files: AttachmentContent) -> PromptTexts:
    """Return what is sent, by whose it is: what came with a message that was asked about is somebody else's."""
    text, author = asked.prompt.question.text, asked.question.author
    name = author.name if author else ""
    pictures = [image.url for image in asked.question.images]
    if message.about:
        return PromptTexts(text, name, (*message.others, *files.data, *files.spoken), images=pictures)
    return PromptTexts("\n\n".join((text, *files.spoken)), name, message.others, files.data, pictures)
