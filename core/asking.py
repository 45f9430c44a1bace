"""One question put to the model: with the prompt that fits, and once more with a shorter one where it did not."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import structlog

from core.context import Prompt
from core.errors import ContextOverflow
from core.messages import Entry, ModelEvent, Usage
from core.openai.client import OpenAI
from core.recall import Recall
from core.remembered import Made, Remembered

log = structlog.get_logger()


@dataclass(slots=True)
class Asked:
    """A question with what is remembered before it, and the prompt that was last made of them."""

    question: Entry
    remembered: Remembered
    prompt: Prompt

    def made(self, usage: Usage | None) -> Made:
        """Return what is to be kept of it; `usage` is what the endpoint reported."""
        gauge = self.remembered.gauge
        if usage:
            gauge = gauge.anchored(self.prompt.tokens, usage.input_tokens)
        return Made(self.prompt, self.remembered.version, gauge)


async def chat(model: OpenAI, recall: Recall, asked: Asked, user: str) -> AsyncGenerator[ModelEvent, None]:
    """Yield what the model says. A prompt that is too long for it is cut by the error's own figures, and sent again.

    Raises a ModelError as the client does; ContextOverflow only where the second prompt was too long as well.
    """
    begun = again = False
    while True:
        try:
            async with aclosing(model.chat(asked.prompt.messages, user)) as events:
                async for event in events:
                    begun = True
                    yield event
        except ContextOverflow as overflow:
            remembered = recall.taught(asked.remembered, asked.prompt, overflow)
            prompt = recall.prompt(remembered, asked.question)
            if begun or again or prompt.tokens >= asked.prompt.tokens:
                raise
            again, asked.remembered, asked.prompt = True, remembered, prompt
            log.info("prompt cut", window=overflow.window, tokens=prompt.tokens)
        else:
            return
