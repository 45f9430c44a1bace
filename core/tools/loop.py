"""One answer, with all that the model looks up before it: rounds of calls, and then text."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from core.llm.client import OpenAI
from core.messages import ToolCall
from core.model_events import Finish, ModelEvent, Notice, Replace, Text, ToolCalls
from core.prompt.ask import PreparedQuestion, chat
from core.prompt.history import HistoryLoader
from core.spending.charge import Charge, Payer
from core.tools.run import ToolRun
from core.tools.steps import format_running


class RoundReader:
    """What the model says over all rounds as one text, each round in a paragraph of its own; `calls` are the last's."""

    def __init__(self) -> None:
        self._before = ""
        self._own = ""
        self.calls: tuple[ToolCall, ...] = ()

    def read_event(self, event: ModelEvent) -> ModelEvent | None:
        """Take in an event of this round; return what is passed on of it."""
        gap = "" if self._own or not self._before else "\n\n"
        match event:
            case ToolCalls(calls):
                self.calls = calls
                return None
            case Text(text):
                self._own += text
                return Text(f"{gap}{text}")
            case Replace(text, at_once):
                self._own = text
                return Replace("\n\n".join(filter(None, (self._before, text))), at_once=at_once)
        return None if isinstance(event, Finish) and self.calls else event

    def begin_round(self) -> None:
        """Begin the next round."""
        self._before = "\n\n".join(filter(None, (self._before, self._own.rstrip())))
        self._own, self.calls = "", ()


async def converse(
    model: OpenAI, recall: HistoryLoader, asked: PreparedQuestion, payer: Payer, run: ToolRun
) -> AsyncGenerator[ModelEvent, None]:
    """Yield what the model says to a question; in between, make the calls that it wants, and tell it what they gave.

    `payer` pays for all of it. A Notice says what is being looked up, until more text comes. It ends where calls wait
    to be allowed. Raises as `chat` does, and TurnLost.
    """
    said = RoundReader()
    while True:
        if running := run.open_calls():
            yield Notice(format_running(running), at_once=False)
            await run.make_calls()
        if run.waiting_calls():
            return
        if run.records:
            asked.extras = run.extras()
            asked.prompt = recall.prompt(asked.key, asked.remembered, asked.question, extras=asked.extras)
        offered = run.offer_tools(takes_tools=model.takes_tools)
        charge = Charge("tool_round" if run.records else "answer", payer)
        async with aclosing(chat(model, recall, asked, charge, offered)) as events:
            async for event in events:
                if shown := said.read_event(event):
                    yield shown
        if not said.calls:
            return
        await run.keep_calls(said.calls)
        said.begin_round()
