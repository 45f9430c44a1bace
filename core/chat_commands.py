"""What a command is answered with: each feature registers what answers its word."""

from collections.abc import Awaitable, Callable, Sequence

from core import commands
from core.commands import WORDS
from core.messages import Command, ConversationKey, Message
from core.preferences.preferences import Preferences

Handler = Callable[[Message], Awaitable[str]]
"""Does what a message's command says; returns what a person reads of it, empty where nothing is to stand there."""

Suggest = Callable[[str, int], Awaitable[Sequence[tuple[str, str]]]]
"""Returns for a menu what may follow a word, by what was typed of it: at most so many values, each with its label."""

ALWAYS: tuple[Command, ...] = ("stop", "settings", "help")  # what has worked when it came in, and what is known here
NOT_HERE = "_That is not switched on here._"


class ChatCommands:
    """The commands that are offered, by their words."""

    def __init__(self, preferences: Preferences) -> None:
        self.preferences = preferences
        self._handlers: dict[Command, Handler] = {}
        self._suggesting: dict[Command, Suggest] = {}

    def register(self, command: Command, handler: Handler, suggest: Suggest | None = None) -> None:
        """Have a command answered by a feature that is on; it is offered from then on.

        `suggest` completes what follows its word while it is typed.
        """
        self._handlers[command] = handler
        if suggest:
            self._suggesting[command] = suggest

    async def suggest(self, command: Command, typed: str, most: int) -> Sequence[tuple[str, str]]:
        """Return at most so many values that may follow a command, by what was typed, each with its label."""
        suggest = self._suggesting.get(command)
        return await suggest(typed, most) if suggest else ()

    def offered_words(self) -> list[Command]:
        """Return the words of the commands that are answered, in their order."""
        return [word for word in WORDS if word in ALWAYS or word in self._handlers]

    def is_answered_apart(self, command: Command) -> bool:
        """Whether a slash command is answered at once, to the asker alone, by its word's handler."""
        return command in self._handlers and WORDS[command].is_private

    def help_of(self, key: ConversationKey, person: str) -> str:
        """Return what `help` answers a person in a conversation."""
        told = self.preferences
        return commands.help_text(self.offered_words(), told.describe(key, person), told.operator)

    async def answer(self, message: Message) -> str:
        """Do what a message's command says; return what a person reads of it."""
        if handler := self._handlers.get(message.command):
            return await handler(message)
        match message.command:
            case "settings":
                return commands.format_settings(self.preferences.describe(message.key, message.author.id))
            case "help":
                return self.help_of(message.key, message.author.id)
            case "unheard" | "reminder" | "notice":
                return message.text
        return commands.DONE.get(message.command, NOT_HERE)
