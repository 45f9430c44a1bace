"""What is sent to the model without what is private in it, and what it says with that put back."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from dataclasses import replace

from core.errors import ModelError
from core.messages import PromptMessage, ToolCall
from core.model_events import ModelEvent, Notice, Replace, Text, ToolCalls
from core.privacy.hiding import Hider

NOTE = (
    "Capitals with a number in square brackets stand for private data, which you are not shown and need not ask for. "
    "Where an answer or a call needs it, write the brackets and all in them unchanged."
)


def hide_prompt(messages: Sequence[PromptMessage], hider: Hider) -> Sequence[PromptMessage]:
    """Return a prompt with placeholders, and a note on them in its instructions; the same where nothing is hidden."""
    if not hider:
        return messages
    hidden = [
        replace(
            each,
            content=hider.hide(each.content),
            calls=tuple(replace(call, arguments=hider.hide_json(call.arguments)) for call in each.calls),
        )
        for each in messages
    ]
    if hidden and hidden[0].role == "system":
        hidden[0] = replace(hidden[0], content=f"{hidden[0].content}\n\n{NOTE}")
    return hidden


async def restore_events(events: AsyncIterator[ModelEvent], hider: Hider) -> AsyncGenerator[ModelEvent, None]:
    """Pass on what a model says with what was hidden, also where a placeholder comes in pieces."""
    held = ""
    try:
        async for event in events:
            if isinstance(event, Text | Replace):
                said = held + event.text if isinstance(event, Text) else event.text
                ready, held = hider.split_before_placeholder(said) if hider else (said, "")
                if ready or isinstance(event, Replace):
                    yield replace(event, text=hider.reveal(ready))
                continue
            if held and not isinstance(event, Notice):
                yield Text(held)
                held = ""
            yield _restore_event(event, hider)
    except ModelError:
        if held:
            yield Text(held)
        raise
    if held:
        yield Text(held)


def _restore_event(event: ModelEvent, hider: Hider) -> ModelEvent:
    return ToolCalls(tuple(_restore_calls(event.calls, hider))) if isinstance(event, ToolCalls) and hider else event


def _restore_calls(calls: Sequence[ToolCall], hider: Hider) -> Iterator[ToolCall]:
    return (replace(call, arguments=hider.restore_json(call.arguments)) for call in calls)
