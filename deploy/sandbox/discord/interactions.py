"""Slash commands and menus as people use them (Discord docs, Interactions)."""

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from deploy.sandbox.discord import message_payloads, payloads
from deploy.sandbox.discord.board import Board
from deploy.sandbox.discord.content import BUTTON, STRING_SELECT, select_on
from deploy.sandbox.discord.roster import APP, BOT_USER, GUILD, Channel
from deploy.sandbox.discord.snowflakes import Snowflakes

Command = dict[str, Any]
CHAT_INPUT, MESSAGE_MENU = 1, 3
# The kinds of interaction, and the type of option that a Python value stands for.
COMMAND_USED, COMPONENT_USED, OPTION_TYPED = 2, 3, 4
SUBCOMMAND = 1  # a type of option
_OPTION_TYPES: dict[type, int] = {bool: 5, int: 4, float: 10, str: 3}


@dataclass(slots=True)
class Interaction:
    """One use of a command or a button. `answered` is the type of the callback, 0 while there is none.

    `original` is the id of the answer's post; `follow_ups` are the ids of what came after it. `posted` is the post
    that a button stands on, `choices` are what was suggested for an option. `made_at` is in seconds of time.monotonic.
    """

    id: str
    token: str
    kind: int
    name: str
    user: str
    channel: str
    made_at: float
    menu: bool = False
    answered: int = 0
    original: str = ""
    choices: list[dict[str, Any]] = field(default_factory=list)
    posted: str = ""
    follow_ups: list[str] = field(default_factory=list)

    @property
    def metadata(self) -> payloads.Payload:
        """The interaction as it stands on the message that answers it, without the user."""
        return {"id": self.id, "type": self.kind, "authorizing_integration_owners": {"0": GUILD}}


class Interactions:
    """The commands that are registered, and what became of each use. Times are in seconds."""

    def __init__(self, board: Board, snowflakes: Snowflakes) -> None:
        self.ack_within = 3.0
        self.token_life = 900.0
        self.global_commands: dict[str, Command] = {}
        self.guild_commands: dict[str, Command] = {}
        self.created = 0
        self.by_token: dict[str, Interaction] = {}
        self._board = board
        self._snowflakes = snowflakes

    def use(self, name: str, channel: str, user: str, options: dict[str, Any], target: str) -> Interaction:
        """Use a command, in a menu on the post `target` if there is one. Raises LookupError if none is registered."""
        kind, room = MESSAGE_MENU if target else CHAT_INPUT, self._board.roster.channels[channel]
        command, within = self._command(name, kind, room)
        data: dict[str, Any] = {"id": command["id"], "name": command["name"], "type": command["type"]}
        if target:
            post = self._board.roster.channels[channel].posts[target]
            shown = message_payloads.message(self._board.roster, post)
            data |= {"target_id": target, "resolved": {"messages": {target: shown}}}
        if options:
            given = [
                {"name": key, "type": _OPTION_TYPES[type(value)], "value": value} for key, value in options.items()
            ]
            data["options"] = given
        if within:
            data["options"] = [{"name": within, "type": SUBCOMMAND, "options": data.pop("options", [])}]
        interaction = self._begin(COMMAND_USED, name, channel, user)
        interaction.menu = bool(target)
        self._send(interaction, {"data": data})
        return interaction

    def type_option(self, name: str, channel: str, user: str, option: str, typed: str) -> Interaction:
        """Type the beginning of an option (Discord docs, Autocomplete). Raises LookupError if none is completed so."""
        command, _ = self._command(name, CHAT_INPUT, self._board.roster.channels[channel])
        if not any(each["name"] == option and each.get("autocomplete") for each in command["options"]):
            raise LookupError(f"{option!r} of {name!r} is not completed.")
        given = {"name": option, "type": _OPTION_TYPES[str], "value": typed, "focused": True}
        data = {"id": command["id"], "name": command["name"], "type": command["type"], "options": [given]}
        interaction = self._begin(OPTION_TYPED, name, channel, user)
        self._send(interaction, {"data": data})
        return interaction

    def press(self, channel: str, post: str, custom_id: str, user: str) -> Interaction:
        """Press the button `custom_id` on a post."""
        return self._use_component(channel, post, user, {"custom_id": custom_id, "component_type": BUTTON, "id": 1})

    def choose(self, channel: str, post: str, custom_id: str, value: str, user: str) -> Interaction:
        """Choose a value in a select menu on a post. Raises LookupError if the menu or the value is not there."""
        found = self._board.roster.channels[channel].posts[post]
        menu = select_on(found.components, custom_id)
        if menu is None or value not in [option["value"] for option in menu["options"]]:
            raise LookupError(f"{value!r} cannot be chosen in {custom_id!r}.")
        chosen = {"custom_id": custom_id, "component_type": STRING_SELECT, "id": menu["id"], "values": [value]}
        return self._use_component(channel, post, user, chosen)

    def _use_component(self, channel: str, post: str, user: str, data: dict[str, Any]) -> Interaction:
        found = self._board.roster.channels[channel].posts[post]
        interaction = self._begin(COMPONENT_USED, data["custom_id"], channel, user)
        interaction.posted = post
        self._send(interaction, {"data": data, "message": message_payloads.message(self._board.roster, found)})
        return interaction

    def _command(self, name: str, kind: int, room: Channel) -> tuple[Command, str]:
        """Return a command and the name of the subcommand that is used of it: `confab settings`, or in a menu none."""
        scopes = [self.global_commands] if room.is_direct else [self.guild_commands, self.global_commands]
        outer, _, inner = name.partition(" ") if kind == CHAT_INPUT else (name, "", "")
        for command in (each for scope in scopes for each in scope.values()):
            inside = [each["name"] for each in command["options"] if each.get("type") == SUBCOMMAND]
            if (command["name"], command["type"]) == (outer, kind) and (inner in inside if inside else not inner):
                return command, inner
        raise LookupError(f"No command {name!r} is registered here.")

    def _begin(self, kind: int, name: str, channel: str, user: str) -> Interaction:
        token = uuid.uuid4().hex * 2
        interaction = Interaction(self._snowflakes.next(), token, kind, name, user, channel, time.monotonic())
        self.by_token[token] = interaction
        return interaction

    def _send(self, interaction: Interaction, what: payloads.Payload) -> None:
        roster = self._board.roster
        room, person = roster.channels[interaction.channel], roster.users[interaction.user]
        granted = str(int(roster.permissions(BOT_USER, room.id)))
        shown: payloads.Payload = {
            "id": interaction.id,
            "application_id": APP,
            "type": interaction.kind,
            "token": interaction.token,
            "version": 1,
            "channel_id": room.id,
            "channel": {**payloads.channel(roster, room), "permissions": granted},
            "app_permissions": granted,
            "locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {"0": GUILD},
            "context": 1 if room.is_direct else 0,
            "attachment_size_limit": payloads.FILE_LIMIT,
        }
        if room.is_direct:
            shown["user"] = payloads.user(person)
        else:
            theirs = str(int(roster.permissions(person.id, room.id)))
            shown["member"] = {**payloads.whole_member(person), "permissions": theirs}
            shown |= {"guild_id": GUILD, "guild_locale": "en-US"}
        self._board.gateway.dispatch("INTERACTION_CREATE", shown | what, direct=room.is_direct)
