"""The model that is asked: it never says the same twice, and stops half-way."""

import asyncio
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from core.knowledge.lookup import NOTHING
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.openai.wanted import Wanted

TAG = re.compile(r"question-\d+")
REMINDED = "You wanted to be reminded"
BESIDE = re.compile(  # what stands beside an answer: with what it was made, what may have happened, a card, a reminder
    rf"\s*_(?:Looked up with|I was interrupted).*|(?:\*\*May I\?|`tasks__add_task`\n|<@\w+> {REMINDED}).*", re.DOTALL
)
NOTHING_FOUND = f"_{NOTHING}_"
QUOTED = re.compile(r"^> \N{MICROPHONE} question-\d+\n")
SHORT, LONG = 30, 900  # words


class Half(asyncio.Event):
    """The middle of an answer: the model goes on when whoever is asked lets it."""

    def __init__(self, pause: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self._pause = pause

    async def wait(self) -> bool:  # type: ignore[override] # asyncio says Literal[True]
        """Wait for as long as the pause takes."""
        await self._pause()
        return True


class Speaker:
    """Answers each question differently every time it is asked: by length too, so that no part can be left over."""

    def __init__(
        self,
        half: Callable[[str], Awaitable[None]],
        *,
        lengths: tuple[int, ...] = (SHORT,),
        looks_up: bool = False,
        asks: bool = False,
        reminds: bool = False,
    ) -> None:
        """`half` is awaited in the middle of every answer, with its first words; `lengths` are taken in turn.

        With `looks_up`, tools are called first, with `asks` one that changes something, and with `reminds` another.
        """
        self._looks_up = looks_up
        self._asks = asks
        self._reminds = reminds
        self.called: Counter[str] = Counter()
        self._half = half
        self._lengths = lengths
        self.said: dict[str, list[str]] = defaultdict(list)

    def __call__(self, body: dict[str, Any]) -> Reply:
        """Return the answer to a request's body."""
        asked = [message for message in body["messages"] if message["role"] != "tool" and not message.get("tool_calls")]
        tags = TAG.findall(str(asked[-1]["content"]))
        if not tags:
            return Reply("Nothing was asked.")
        if self._looks_up and "tools" in body and body["messages"][-1]["role"] == "user":
            self.called[tags[-1]] += 1
            return Reply(
                calls=(Wanted("search_here", {"query": tags[-1]}), Wanted("calculator", {"expression": "17 * 23"}))
            )
        if self._asks and "tools" in body and body["messages"][-1]["role"] == "user":
            self.called[tags[-1]] += 1
            return Reply(calls=(Wanted("tasks__add_task", {"title": tags[-1]}),))
        if self._reminds and "tools" in body and body["messages"][-1]["role"] == "user":
            self.called[tags[-1]] += 1
            return Reply(calls=(Wanted("reminders", {"action": "remind", "text": tags[-1], "in_minutes": 0.001}),))
        said = self.said[tags[-1]]
        length = self._lengths[len(said) % len(self._lengths)]
        words = [f"{tags[-1]}, answer {len(said) + 1}:", *(f"word{number}" for number in range(length)), "End."]
        said.append(" ".join(words))
        middle = len(words) * 2 // 3
        pieces = (" ".join(words[:middle]), " " + " ".join(words[middle:]))
        return Reply(pieces=pieces, hold=Half(lambda: self._half(words[0])))

    def is_whole(self, tags: list[str], messages: list[str]) -> bool:
        """Tell whether these messages, one after the other, are one whole answer to each of the questions.

        Above an answer to a voice note stands what was heard in it, and below another that nothing was found for it.
        """
        bare = (text.replace(NOTHING_FOUND, "") for text in messages)
        shown = " ".join(BESIDE.sub("", QUOTED.sub("", text)) for text in bare).split()
        whole = itertools.product(*(self.said[tag] for tag in tags))
        return any(" ".join(texts).split() == shown for texts in whole)
