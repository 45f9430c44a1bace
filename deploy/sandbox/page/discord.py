"""The pretend Discord as a place of the page."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

from deploy.sandbox.discord.api import BASE
from deploy.sandbox.discord.board import Change
from deploy.sandbox.discord.content import MOST_CHARACTERS, buttons_on
from deploy.sandbox.discord.guild import Guild
from deploy.sandbox.discord.interactions import CHAT_INPUT, MESSAGE_MENU, SUBCOMMAND, Command, Interaction
from deploy.sandbox.discord.posts import NO_FLAGS, Attachment, Flag
from deploy.sandbox.discord.roster import Channel
from deploy.sandbox.page import discord_view as view
from deploy.sandbox.page.clips import OGG, clip
from deploy.sandbox.page.discord_faults import faults
from deploy.sandbox.page.faults import PageFault
from deploy.sandbox.page.place import Enclosure, Json, Pressed, Said, Spot, Stored, Used
from deploy.sandbox.wire.guard import refusal

IN_GUILD, IN_DIRECT = 0, 1  # Discord docs, Interaction Context Types
KINDS = {CHAT_INPUT: "slash", MESSAGE_MENU: "menu"}
LONGEST_NAME = 40  # characters of a message that the thread which is started from it is named by


class DiscordPlace:
    """One guild; a thread has its own id, which is that of the message that it was started from."""

    platform = view.PLATFORM

    def __init__(self, guild: Guild) -> None:
        self._guild = guild
        self.faults: Sequence[PageFault] = faults(guild)

    @property
    def people(self) -> Collection[str]:
        """The ids of all but the bots."""
        return [user.id for user in self._guild.users.values() if not user.bot]

    @property
    def online(self) -> bool:
        """Whether a gateway session has a connection."""
        return self._guild.connected > 0

    @property
    def environment(self) -> Mapping[str, str]:
        """The token, and where this Discord is."""
        return {"DISCORD_API_URL": f"{self._guild.url}{BASE}", "DISCORD_TOKEN": self._guild.token}

    def state(self) -> Json:
        """Return everything of the guild."""
        return view.platform(self._guild)

    def commands(self) -> list[Json]:
        """Return the slash commands and message menus that the bot registered."""
        return list(self._commands())

    def _commands(self) -> Iterator[Json]:
        known = self._guild.interactions
        for scope, direct in ((known.guild_commands, False), (known.global_commands, True)):
            for command in scope.values():
                if command["type"] in KINDS:
                    yield from (offered(command, each, direct=direct) for each in _used_of(command))

    def subscribe(self) -> AbstractContextManager[asyncio.Queue[Change]]:
        """Give a queue of the guild's changes."""
        return self._guild.subscribe()

    def change(self, what: Change) -> Json | None:
        """Return a change as the page hears of it."""
        return view.change(self._guild, what)

    def author(self, spot: Spot, post: str) -> str:
        """Return who wrote a message; empty where it is not there."""
        room = self._guild.channels.get(spot.thread or spot.channel)
        return room.posts[post].user if room and post in room.posts else ""

    async def say(self, spot: Spot, said: Said) -> str:
        """Write a message, or a voice note, which carries nothing else. `thread` may be a message to start one from."""
        need_short(said.text)
        files = [self._attachment(file) for file in said.files]
        voice = any(file.duration_secs is not None for file in files)
        if voice and (said.text or len(files) > 1):
            raise refusal(400, "A voice message on Discord carries nothing else.")
        if said.reply_to and not self.author(spot, said.reply_to):
            raise refusal(404, "There is no such message.")
        room = await self._room_for(spot, said.user)
        flags = Flag.VOICE if voice else NO_FLAGS
        return await self._guild.say(room.id, said.text, said.user, said.reply_to or None, files, flags)

    async def _room_for(self, spot: Spot, user: str) -> Channel:
        """Return where a message is to go; a thread that is not there yet is started from its message."""
        parent = self._guild.channels.get(spot.channel)
        if parent is None or not spot.thread or spot.thread in self._guild.channels:
            return self._room(spot)
        post = parent.posts.get(spot.thread)
        if post is None or parent.is_direct:
            raise refusal(404, "There is no such thread.")
        name = " ".join(post.shown.split())[:LONGEST_NAME] or "Thread"
        return self._guild.channels[await self._guild.open_thread(parent.id, name, user, post.id)]

    def _room(self, spot: Spot) -> Channel:
        room = self._guild.channels.get(spot.thread or spot.channel)
        if room is None:
            raise refusal(404, "There is no such channel.")
        return room

    async def edit(self, spot: Spot, post: str, text: str) -> None:
        """Change a message's text."""
        need_short(text)
        await self._guild.edit(self._room(spot).id, post, text)

    async def delete(self, spot: Spot, post: str) -> None:
        """Delete a message."""
        await self._guild.delete(self._room(spot).id, post)

    async def use(self, spot: Spot, used: Used) -> None:
        """Use a command; the text behind a slash command is its first option."""
        kind = "menu" if used.target else "slash"
        found = next((each for each in self._commands() if (each["name"], each["kind"]) == (used.name, kind)), None)
        if found is None or (used.target and not self.author(spot, used.target)):
            raise refusal(404, "There is no such command.")
        option = found["option"]
        if option and option["required"] and not used.text:
            raise refusal(400, f"/{used.name} needs something behind it: {option['about']}.")
        given = {option["name"]: used.text} if option and used.text else {}
        await self._acknowledged(
            await self._guild.interact(used.name, self._room(spot).id, used.user, given, used.target)
        )

    async def press(self, spot: Spot, pressed: Pressed) -> None:
        """Press a button or choose in a menu, and wait until that is acknowledged."""
        room = self._room(spot)
        if not self.author(spot, pressed.post):
            raise refusal(404, "There is no such message.")
        await self._acknowledged(await self._pressed(room, pressed))

    async def _pressed(self, room: Channel, pressed: Pressed) -> Interaction:
        if pressed.value:
            try:
                return await self._guild.choose(room.id, pressed.post, pressed.button, pressed.value, pressed.user)
            except LookupError:
                raise refusal(404, "That cannot be chosen here.") from None
        names = [each.get("custom_id") for each in buttons_on(room.posts[pressed.post].components)]
        if pressed.button not in names:
            raise refusal(404, "There is no such button.")
        return await self._guild.press(room.id, pressed.post, pressed.button, pressed.user)

    async def suggest(self, spot: Spot, used: Used) -> list[Json]:
        """Return what the bot suggests for a command's option of which `text` is typed: {value, label}."""
        found = next((each for each in self._commands() if (each["name"], each["kind"]) == (used.name, "slash")), None)
        if found is None or not (found["option"] or {}).get("suggests"):
            raise refusal(404, "Nothing is suggested for that.")
        typed = self._guild.interactions.type_option(
            used.name, self._room(spot).id, used.user, found["option"]["name"], used.text
        )
        await self._acknowledged(typed)
        return [{"value": str(each["value"]), "label": str(each["name"])} for each in typed.choices]

    async def _acknowledged(self, interaction: Interaction) -> None:
        """Wait for the bot's first answer; refuse where none comes in time."""
        try:
            await self._guild.until(lambda: interaction.answered, self._guild.interactions.ack_within)
        except TimeoutError:
            raise refusal(504, "The application did not respond.") from None

    async def upload(self, file: Enclosure) -> str:
        """Keep a file; a recording is a voice note."""
        if len(file.content) > self._guild.file_limit:
            raise refusal(400, f"Discord takes files of at most {self._guild.file_limit >> 20} MB.")
        if file.seconds is not None:
            file = await clip(file, OGG)
        kept = self._guild.attach(file.name, file.content, file.media_type, file.seconds)
        kept.waveform = file.waveform or kept.waveform
        return kept.id

    def file(self, number: str) -> Stored:
        """Return an uploaded file."""
        found = self._attachment(number)
        return Stored(found.content, found.media_type)

    def _attachment(self, number: str) -> Attachment:
        found = self._guild.attachments.get(number)
        if found is None:
            raise refusal(404, "There is no such file.")
        return found


def need_short(text: str) -> None:
    """Refuse a text that is longer than a message may be."""
    if len(text) > MOST_CHARACTERS:
        raise refusal(
            400, f"A message on Discord has at most {MOST_CHARACTERS:,} characters; this one has {len(text):,}."
        )


def _used_of(command: Command) -> list[Command]:
    """Return what a person uses of a command: itself, or each of its subcommands under both names."""
    inner = [each for each in command["options"] if each.get("type") == SUBCOMMAND]
    return [{**each, "name": f"{command['name']} {each['name']}"} for each in inner] or [command]


def offered(command: Command, used: Command, *, direct: bool) -> Json:
    """Return what is used of a command as the page offers it; `direct`: whether its scope reaches direct messages."""
    contexts = command.get("contexts") or (IN_GUILD, IN_DIRECT)
    first = next(iter(used.get("options") or ()), None)
    return {
        "name": used["name"],
        "label": used["name"],
        "about": used["description"],
        "kind": KINDS[command["type"]],
        "option": first and _option(first),
        "in_channels": IN_GUILD in contexts,
        "in_threads": IN_GUILD in contexts,
        "in_direct": direct and IN_DIRECT in contexts,
    }


def _option(first: Json) -> Json:
    is_needed, is_suggested = bool(first.get("required")), bool(first.get("autocomplete"))
    return {"name": first["name"], "about": first["description"], "required": is_needed, "suggests": is_suggested}
