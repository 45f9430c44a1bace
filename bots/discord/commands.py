"""Slash commands and the menu of a message, taken in like messages and answered in the place that Discord promises."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import discord
import structlog
from discord import app_commands

from bots.discord.authors import author_of, standing_of
from bots.discord.calls import DiscordRateLimit, DiscordRefusal, call_persistently
from bots.discord.cards import read_click
from bots.discord.events import key_of
from bots.discord.places import DIRECT, DiscordPlace, ReplyHandle, place_of
from bots.discord.quotes import Quote, add_quote
from bots.discord.settings_menu import SettingsMenus
from bots.state import PlatformState
from core.chat_commands import ChatCommands
from core.commands import WORDS
from core.messages import Command, ConversationKey, Message, Receive

log = structlog.get_logger()

Interaction = discord.Interaction[discord.Client]

ASK = "asks me something"
AGAIN = 300.0  # seconds between two tries of registering the commands, where Discord does not say when
MENU = "Ask Confab about this"
GROUP = "confab"  # `/confab settings`, as in Slack
NO_CONVERSATION = (
    "`/{command}` is for a thread or a direct message. In a channel, reply to what I wrote: `@Confab {command}`."
)
MOST_CHOICES = 25  # that are suggested (Discord docs, Autocomplete)
TOO_LONG = "_That is longer than a message may be, so it stands in this file, which you alone see._"
MOST_TOLD = 2_000  # characters of a message (Discord docs, Create Message)
OWN: Mapping[str, Command] = {"stop": "stop", "reset": "reset", "memory": "memory", "forget-this": "forget this"}


class SlashCommands:
    """What people can choose instead of writing to the bot; one table in core says what there is."""

    def __init__(
        self, tree: app_commands.CommandTree, me: int, receive: Receive, state: PlatformState, commands: ChatCommands
    ) -> None:
        self._tree = tree
        self._me = me
        self._receive = receive
        self._state = state
        self._commands = commands
        self._menus = SettingsMenus(commands.preferences)
        self._open = True
        tree.add_command(_command("ask", ASK, self._on_ask))
        for name in OWN:
            tree.add_command(_command(name, WORDS[OWN[name]].about, self._on_command))
        tree.add_command(_command("help", WORDS["help"].about, self._on_help))
        persona = _command("persona", WORDS["persona"].about, self._on_persona)
        persona.autocomplete("name")(self._suggest_personas)
        tree.add_command(persona)
        group = app_commands.Group(name=GROUP, description="What you and administrators set")
        group.add_command(_command("settings", WORDS["settings"].about, self._on_settings))
        for word in filter(commands.is_answered_apart, commands.offered_words()):
            group.add_command(self._private_command(word))
        tree.add_command(group)
        tree.add_command(app_commands.ContextMenu(name=MENU, callback=self._on_ask_about))

    def close(self) -> None:
        """Take in nothing more."""
        self._open = False

    async def sync(self, application: int) -> None:
        """Tell Discord of the commands where they have changed since the last time.

        It takes a few changes a day (30034): where it does not take one now, it is told again when it does.
        """
        payload = [command.to_dict(self._tree) for command in self._tree.get_commands()]
        now = hashlib.sha256(json.dumps(payload, sort_keys=True, default=str).encode()).hexdigest()
        name = f"discord/{application}/commands"
        if await self._state.read_state(name) == now:
            return
        try:
            while not await self._are_registered():
                pass
        except DiscordRefusal as error:
            log.warning("commands not registered", error=type(error).__name__, detail=str(error))
            return
        await self._state.write_state(name, now)
        log.info("commands registered", count=len(payload))

    async def _are_registered(self) -> bool:
        """Tell Discord of the commands; False once it is time to do so again. Raises DiscordRefusal where it is not."""
        try:
            await call_persistently("bulk_overwrite_global_application_commands", self._tree.sync)
        except DiscordRefusal as refusal:
            if not refusal.is_silence:
                raise
            told = refusal.seconds if isinstance(refusal, DiscordRateLimit) else 0.0
            await asyncio.sleep(told or AGAIN)
            return False
        return True

    @app_commands.describe(question="Your question, in your own words")
    async def _on_ask(self, interaction: Interaction, question: str) -> None:
        await self._receive_question(interaction, question)

    async def _on_ask_about(self, interaction: Interaction, message: discord.Message) -> None:
        """Ask about a message, whose text comes with the interaction whether or not the bot may read it."""
        workspace = str(interaction.guild_id or DIRECT)
        await self._receive_question(interaction, "", Quote.of_message(message, self._me, workspace))

    async def _on_command(self, interaction: Interaction) -> None:
        command = OWN[interaction.command.name] if interaction.command else ""
        if interaction.guild_id and not isinstance(interaction.channel, discord.Thread):
            await interaction.response.send_message(
                NO_CONVERSATION.format(command=command), ephemeral=True, suppress_embeds=True
            )
        else:
            await self._receive_question(interaction, "", command=command)

    @app_commands.describe(name="Who I am to be: the beginning of a name, or a word")
    async def _on_persona(self, interaction: Interaction, name: str = "") -> None:
        """Make the bot somebody else for all to see, or without a name say who it is to who asks."""
        if name:
            await self._receive_question(interaction, f"persona {name}", command="persona")
        else:
            place = await self._find_place(interaction)
            await self._answer_apart(interaction, "persona", "", key_of(place, str(interaction.id)))

    async def _suggest_personas(self, _: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Return the personas that may be meant by what was typed so far."""
        found = await self._commands.suggest("persona", typed, MOST_CHOICES)
        return [app_commands.Choice(name=label, value=value) for value, label in found]

    async def _on_help(self, interaction: Interaction) -> None:
        told = self._commands.help_of(await self._channel_of(interaction), str(interaction.user.id))
        await interaction.response.send_message(told, ephemeral=True, suppress_embeds=True)

    async def _on_settings(self, interaction: Interaction) -> None:
        await self._menus.send_menu(interaction, await self._channel_of(interaction))

    def _private_command(self, word: Command) -> app_commands.Command[Any, Any, Any]:
        """Return the slash command of a word that is answered to the asker alone."""

        async def answer_apart(interaction: Interaction) -> None:
            await self._answer_apart(interaction, word, "")

        async def answer_argument(interaction: Interaction, argument: str = "") -> None:
            await self._answer_apart(interaction, word, argument)

        about, name = WORDS[word], word.replace(" ", "-")
        if not about.argument:
            return _command(name, about.about, answer_apart)
        return _command(name, about.about, app_commands.rename(argument=about.argument)(answer_argument))

    async def _answer_apart(
        self, interaction: Interaction, word: Command, argument: str, key: ConversationKey | None = None
    ) -> None:
        """Answer a command to who chose it alone, with what follows its word; without a `key` about the channel."""
        if not self._open:
            return
        await interaction.response.defer(thinking=True, ephemeral=True)
        key = key or await self._channel_of(interaction)
        author = author_of(interaction.user, key.workspace)
        sent_at = interaction.created_at.timestamp()
        text = f"{word} {argument}".strip()
        asked = Message(str(interaction.id), key, author, text, sent_at, addressed=True, command=word, is_alone=True)
        told = await self._commands.answer(asked)
        if len(told) <= MOST_TOLD:
            await interaction.followup.send(told, ephemeral=True, suppress_embeds=True)
        else:
            file = discord.File(BytesIO(told.encode()), f"{word.replace(' ', '-')}.md")
            await interaction.followup.send(TOO_LONG, file=file, ephemeral=True, suppress_embeds=True)

    async def receive_choice(self, interaction: Interaction) -> None:
        """Take a click on a card, or what was chosen in a menu of the settings.

        A click is on disk before it is acknowledged; one that is not is shown to have failed, and made again.
        """
        if not self._open:
            return
        if click := read_click(interaction, await self._find_place(interaction)):
            await self._receive(click)
            await interaction.response.defer(ephemeral=True, thinking=True)
        else:
            await self._menus.keep_choice(interaction, await self._channel_of(interaction))

    async def _channel_of(self, interaction: Interaction) -> ConversationKey:
        """Return the key of what holds where an interaction was set off: of the channel, also within a thread."""
        place = await self._find_place(interaction)
        return ConversationKey("discord", place.workspace, place.channel, "")

    async def _receive_question(
        self, interaction: Interaction, text: str, quote: Quote | None = None, command: Command = ""
    ) -> None:
        """Promise an answer, for which Discord gives three seconds, then take the question in."""
        if not self._open:
            return
        promised = await interaction.response.defer(thinking=True)
        original = str(promised.message_id or "") if promised else ""
        place = await self._find_place(interaction)
        sent_at = interaction.created_at.timestamp()
        question = Message(
            id=str(interaction.id),
            key=key_of(place, str(interaction.id)),
            author=author_of(interaction.user, place.workspace),
            text=text,
            sent_at=sent_at,
            addressed=True,
            command=command,
            handle=str(ReplyHandle.of_interaction(place.room, interaction.token, original, sent_at)),
            is_awaited=True,
            standing="alone" if place.is_direct else standing_of(interaction.permissions),
        )
        await self._receive(add_quote(question, quote) if quote else question)

    async def _find_place(self, interaction: Interaction) -> DiscordPlace:
        number, guild = interaction.channel_id or 0, interaction.guild_id
        channel = interaction.channel or interaction.client.get_partial_messageable(number, guild_id=guild)
        return await place_of(interaction.client, channel, guild)


def _command(name: str, about: str, callback: Any) -> app_commands.Command[Any, Any, Any]:
    """Return a slash command; discord.py reads from the callback which options it has."""
    return app_commands.Command(name=name, description=_as_sentence(about), callback=callback)


def _as_sentence(about: str) -> str:
    return f"{about[0].upper()}{about[1:]}."
