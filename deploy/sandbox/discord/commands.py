"""The commands that the bot registered, everywhere or in the guild (Discord docs, Application Commands)."""

import re
from typing import Any

from deploy.sandbox.discord.api import Asked, Route
from deploy.sandbox.discord.guild import Guild
from deploy.sandbox.discord.limits import ORDINARY, too_fast
from deploy.sandbox.discord.places import need_guild
from deploy.sandbox.discord.refused import Problem, Refused, invalid_form

Command = dict[str, Any]
CHAT_INPUT = 1
MOST = {CHAT_INPUT: 100, 2: 15, 3: 15}  # slash commands, user menus, message menus
MOST_CREATES = 200  # a day and guild
CREATES_AGAIN = 3600.0  # seconds, as in what bots report of this limit
MOST_OPTIONS = 25  # and as many choices of an option
_SLASH_NAME = re.compile(r"[-_'\w]{1,32}")


def every(guild: Guild, asked: Asked) -> list[Command]:
    """List the commands of one scope."""
    return list(_scope(guild, asked).values())


def one(guild: Guild, asked: Asked) -> Command:
    """Return one command."""
    return _found(_scope(guild, asked), asked)


def create(guild: Guild, asked: Asked) -> Command:
    """Register a command; one of the same type and name is replaced, and keeps its id."""
    scope = _scope(guild, asked)
    _raise(_problems(asked.fields))
    return _put(guild, scope, asked.fields, asked.path.get("guild", ""))


def change(guild: Guild, asked: Asked) -> Command:
    """Change some fields of a command."""
    scope = _scope(guild, asked)
    old = _found(scope, asked)
    new = old | asked.fields
    _raise(_problems(new))
    scope[old["id"]] = new | {"version": guild.snowflakes.next()}
    return scope[old["id"]]


def delete(guild: Guild, asked: Asked) -> None:
    """Take a command away."""
    scope = _scope(guild, asked)
    del scope[_found(scope, asked)["id"]]


def overwrite(guild: Guild, asked: Asked) -> list[Command]:
    """Register exactly these commands; those already there under the same type and name keep their ids."""
    scope, given = _scope(guild, asked), asked.body
    if not isinstance(given, list):
        raise invalid_form({"_": Problem("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")})
    _raise({f"{n}.{path}": problem for n, each in enumerate(given) for path, problem in _problems(each).items()})
    keys = [_key(each) for each in given]
    if len(set(keys)) < len(keys):
        text = "Application command names must be unique"
        raise invalid_form({"_": Problem("APPLICATION_COMMANDS_DUPLICATE_NAME", text)})
    kept = {number: each for number, each in scope.items() if _key(each) in keys}
    scope.clear()
    scope |= kept
    return [_put(guild, scope, each, asked.path.get("guild", "")) for each in given]


def _scope(guild: Guild, asked: Asked) -> dict[str, Command]:
    if asked.path["application"] != guild.app:
        raise Refused(20012)
    if "guild" in asked.path:
        need_guild(asked)
        return guild.interactions.guild_commands
    return guild.interactions.global_commands


def _found(scope: dict[str, Command], asked: Asked) -> Command:
    command = scope.get(asked.path["command"])
    if command is None:
        raise Refused(10063)
    return command


def _key(command: Command) -> tuple[int, str]:
    return command.get("type", CHAT_INPUT), command["name"]


def _put(guild: Guild, scope: dict[str, Command], given: Command, place: str) -> Command:
    old = next((each for each in scope.values() if _key(each) == _key(given)), None)
    kind = given.get("type", CHAT_INPUT)
    if old is None:
        if sum(each["type"] == kind for each in scope.values()) >= MOST[kind]:
            raise Refused(30032)
        guild.interactions.created += 1
        if guild.interactions.created > MOST_CREATES:
            raise too_fast(CREATES_AGAIN, code=30034)
    number = old["id"] if old else guild.snowflakes.next()
    defaults: Command = {
        "description": "",
        "options": [],
        "default_member_permissions": None,
        "nsfw": False,
        "contexts": None,
    }
    given_out = {"id": number, "application_id": guild.app, "type": kind, "version": guild.snowflakes.next()}
    scope[number] = defaults | given | given_out | ({"guild_id": place} if place else {})
    return scope[number]


def _raise(problems: dict[str, Problem]) -> None:
    if problems:
        raise invalid_form(problems)


def _problems(command: Command) -> dict[str, Problem]:
    """Return what is wrong with a command, by path."""
    name, slash = str(command.get("name") or ""), command.get("type", CHAT_INPUT) == CHAT_INPUT
    problems: dict[str, Problem] = {}
    if not 1 <= len(name) <= 32:
        problems["name"] = _length(1, 32)
    elif slash and (name != name.lower() or not _SLASH_NAME.fullmatch(name)):
        problems["name"] = Problem("APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    description = str(command.get("description") or "")
    if slash and not 1 <= len(description) <= 100:
        problems["description"] = _length(1, 100)
    elif not slash and description:
        text = "Context menu commands cannot have description"
        problems["description"] = Problem("APPLICATION_COMMAND_DESCRIPTION_INVALID", text)
    return problems | _option_problems(command.get("options") or [])


def _option_problems(options: list[dict[str, Any]]) -> dict[str, Problem]:
    problems: dict[str, Problem] = {}
    if len(options) > MOST_OPTIONS:
        problems["options"] = _length(0, MOST_OPTIONS)
    for number, option in enumerate(options):
        if not 1 <= len(str(option.get("description") or "")) <= 100:
            problems[f"options.{number}.description"] = _length(1, 100)
        if len(option.get("choices") or ()) > MOST_OPTIONS:
            problems[f"options.{number}.choices"] = _length(0, MOST_OPTIONS)
    return problems


def _length(least: int, most: int) -> Problem:
    return Problem("BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")


_GLOBAL = "/applications/{application}/commands"
_OF_GUILD = "/applications/{application}/guilds/{guild}/commands"
ROUTES = tuple(
    Route(name.format(scope), method, base + path, run, ORDINARY, "application")
    for scope, base in (("global", _GLOBAL), ("guild", _OF_GUILD))
    for name, method, path, run in (
        ("get_{}_application_commands", "GET", "", every),
        ("create_{}_application_command", "POST", "", create),
        ("bulk_overwrite_{}_application_commands", "PUT", "", overwrite),
        ("get_{}_application_command", "GET", "/{command}", one),
        ("edit_{}_application_command", "PATCH", "/{command}", change),
        ("delete_{}_application_command", "DELETE", "/{command}", delete),
    )
)
