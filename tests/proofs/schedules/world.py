"""What outlives the process: what people said, what the platform shows, and what it has yet to deliver."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from core.errors import EndpointFailing
from core.messages import Author, Command, ConversationKey, Message, PlatformEvent, PromptMessage
from core.model_events import Finish, ModelEvent, Text

ADA = Author("U1", "Ada")


@dataclass(slots=True)
class Post:
    """A message of the bot's, with the mark by which the platform finds it again: turn and part."""

    id: str
    turn: str
    part: int
    text: str


@dataclass(slots=True)
class World:
    """`chance` decides how long everything takes, and what goes wrong; `trouble` is how often, from 0 to 1."""

    chance: random.Random
    trouble: float
    posts: dict[str, Post] = field(default_factory=dict)
    said: dict[str, Message] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    waiting: list[PlatformEvent] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    connected: bool = True
    _count: int = 0

    def number(self) -> int:
        """Return a number that was never given before, and is above all those that were."""
        self._count += 1
        return self._count

    def say(self, conversation: str, command: Command, *, addressed: bool) -> Message:
        """Have Ada write a message; return it."""
        number = self.number()
        key = ConversationKey("simulated", "T1", "C1", conversation)
        text = command or f"question-{number:04d}"
        sent_at = number * 10.0
        message = Message(f"m{number:04d}", key, ADA, text, sent_at, addressed, follow_up=True, command=command)
        self.said[message.id] = message
        return message

    def breaks(self) -> bool:
        """Tell whether something goes wrong now."""
        return self.chance.random() < self.trouble

    async def takes(self, longest: float) -> None:
        """Let some time pass, up to so many seconds; often none, so that others go first."""
        await asyncio.sleep(self.chance.choice((0.0, 0.0, self.chance.uniform(0.0, longest))))

    def marked(self, turn: str) -> list[Post]:
        """Return the posts of a turn, in the order of their parts."""
        return sorted((post for post in self.posts.values() if post.turn == turn), key=lambda post: post.part)

    def turns(self) -> list[str]:
        """Return the turns of which something is shown, the oldest first."""
        return list(dict.fromkeys(post.turn for post in self.posts.values()))

    def post(self, turn: str, part: int, text: str) -> str:
        """Show a new message; return its id."""
        post = Post(f"p{self.number():04d}", turn, part, text)
        self.posts[post.id] = post
        return post.id


class Speaker:
    """A model that says something else each time it is asked, word for word; it stands in for the client."""

    sees = True
    takes_tools = False

    def __init__(self, world: World) -> None:
        self._world = world

    async def chat(self, prompt: Sequence[PromptMessage], *_: object) -> AsyncGenerator[ModelEvent, None]:
        """Yield an answer to the prompt's last message; it may break off, as expected or as nobody expects."""
        question = prompt[-1].content.split()[-1]
        answers = self._world.answers[question]
        answers.append(
            f"{question} has {len(answers) + 1} answers" + " word" * self._world.chance.randrange(90) + " end"
        )
        for word in answers[-1].split():
            await self._world.takes(1.0)
            if self._world.breaks():
                raise self._world.chance.choice((EndpointFailing("as the test wants"), ValueError("as the test wants")))
            yield Text(f"{word} ")
        yield Finish("stop")
