"""Somebody else, who asks small things in a channel of their own and waits for the answers."""

import asyncio
import re
import statistics
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.sandbox.openai.model import Reply
from deploy.sandbox.slack.workspace import Workspace

CHANNEL = "C0RANDOM1"
TAG = re.compile(r"bystander-\d+")
PATIENCE = 90.0  # seconds; what is not answered by then is lost


def answer(body: Mapping[str, Any]) -> Reply:
    """Answer what names a tag with the tag, and everything else with a sentence."""
    tags = TAG.findall(str(body["messages"][-1]["content"]))
    return Reply(f"Answer to {tags[-1] if tags else 'the rest'}. " + "The team decided to ship on Friday. " * 3)


@dataclass(slots=True)
class Bystander:
    """What was asked, and how long each first text took, in seconds."""

    workspace: Workspace
    asked: int = 0
    waits: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    async def ask(self) -> float:
        """Ask one thing; return the seconds until its first text, PATIENCE where none came."""
        tag = f"bystander-{self.asked}"
        self.asked += 1
        begun = time.monotonic()
        root = await self.workspace.say(CHANNEL, f"<@{self.workspace.bot_user}> {tag}", "U0GRACE12")
        try:
            await self.workspace.until(lambda: any(tag in text for text in self._answers(root)), PATIENCE)
        except TimeoutError:
            self.lost.append(tag)
        self.waits.append(time.monotonic() - begun)
        return self.waits[-1]

    async def ask_for(self, ending: asyncio.Future[Any], at_least: int = 3) -> float:
        """Ask until something has ended, and some times at least; return the median of the waits in seconds."""
        first = len(self.waits)
        while not ending.done() or len(self.waits) < first + at_least:
            await self.ask()
            await asyncio.sleep(0.2)
        return statistics.median(self.waits[first:])

    def count_answers(self) -> Counter[str]:
        """Return how often each question was answered."""
        posts = self.workspace.channels[CHANNEL].posts.values()
        said = [post.shown for post in posts if post.user == self.workspace.bot_user]
        return Counter(tag for text in said for tag in set(TAG.findall(text)))

    def _answers(self, root: str) -> list[str]:
        thread = self.workspace.thread(CHANNEL, root)
        return [post.shown for post in thread if post.user == self.workspace.bot_user]
