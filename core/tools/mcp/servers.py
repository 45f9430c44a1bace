"""The MCP servers that an operator names in a file of the usual form."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import from_json

from core.errors import SettingsError
from core.tools.sources.source import qualify_name
from core.tools.tool import Consent

LARGEST = 1024 * 1024  # bytes of the file
SETTING = "CONFAB_MCP"
SHORTEST_SECRET = 6  # characters; less would be found in any word
BETWEEN_PARTS = re.compile(r"[\s=,;]+")  # of `--token=abc`, `Bearer abc` and the like
VARIABLE = re.compile(r"\$\{(?:env:)?(\w+)(?::-([^}]*))?\}")
MARK = b"\xef\xbb\xbf"  # with which some editors begin a file

Name = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]


class McpServer(BaseModel):
    """One server: a `command` that is run here and spoken to over its pipes, or the `url` of one that runs.

    `tools` are the names of those that are offered, as the server has them; None offers all. Texts may hold `${NAME}`
    or `${NAME:-default}` for a variable of the environment.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    name: str = ""
    command: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = Field(default={}, repr=False)
    cwd: str | None = None
    url: str = ""
    headers: Mapping[str, str] = Field(default={}, repr=False)
    tools: tuple[str, ...] | None = None
    consent: Consent = "auto"
    type: Literal["stdio", "http", "streamable-http", "streamable_http", "streamableHttp"] | None = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> "McpServer":
        if bool(self.command) == bool(self.url):
            raise ValueError("it has either a command or a url")
        if self.url and not re.match(r"https?://[^/]", self.url):
            raise ValueError("its url begins with http:// or https://")
        return self

    def wants_tool(self, name: str) -> bool:
        """Whether a tool is offered, by the server's own name for it; `tools` may have it as it is offered, too."""
        return self.tools is None or not {name, qualify_name(self.name, name)}.isdisjoint(self.tools)

    def hide_secrets(self, text: str) -> str:
        """Return a text without what stands in `env`, `headers`, `args` and `url`, whole or in part."""
        given = (*self.env.values(), *self.headers.values(), *self.args, *_parts_of_address(self.url))
        values = {part for value in given for part in (value, unquote(value), *BETWEEN_PARTS.split(value))}
        for value in sorted(values, key=len, reverse=True):
            if len(value) >= SHORTEST_SECRET:
                text = text.replace(value, "(secret)")
        return text


def _parts_of_address(url: str) -> list[str]:
    """Return what of an address may be secret: all but its host, which people have to be told."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return [url]
    values = [value for _, value in parse_qsl(parts.query)]
    return [parts.username or "", parts.password or "", *parts.path.split("/"), parts.query, *values]


class _ServersFile(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    servers: Mapping[Name, McpServer] = Field(alias="mcpServers")


def read_servers(path: str, environ: Mapping[str, str]) -> list[McpServer]:
    """Return the servers of a file, in its order, without those that are disabled; none for an empty path.

    `environ` is what variables are taken from. Raises SettingsError with every fault, without any value.
    """
    if not path:
        return []
    try:
        with Path(path).expanduser().open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise SettingsError([f"{SETTING}: {path} is longer than a megabyte."])
        missing: list[str] = []
        given = _fill_in(_without_disabled(from_json(content.removeprefix(MARK))), environ, missing.append)
        if missing:
            raise SettingsError([f"{SETTING}: ${{{name}}} is not set." for name in dict.fromkeys(missing)])
        found = _ServersFile.model_validate(given)
    except OSError as error:
        raise SettingsError([f"{SETTING}: {path} cannot be read ({error.strerror})."]) from None
    except ValidationError as error:
        raise SettingsError([_fault_of(fault["loc"], fault["msg"]) for fault in error.errors()]) from None
    except ValueError as error:
        raise SettingsError([f"{SETTING}: {path} is no JSON ({error})."]) from None
    return [server.model_copy(update={"name": name}) for name, server in found.servers.items()]


def _without_disabled(given: Any) -> Any:
    """Return what a file holds without the servers that are disabled, whatever else is wrong with those."""
    servers = given.get("mcpServers") if isinstance(given, dict) else None
    if not isinstance(servers, dict):
        return given
    is_off = {name for name, each in servers.items() if isinstance(each, dict) and each.get("disabled") is True}
    return {**given, "mcpServers": {name: each for name, each in servers.items() if name not in is_off}}


def _fill_in(value: Any, environ: Mapping[str, str], note_missing: Callable[[str], None]) -> Any:
    """Return a value of JSON with each variable in its texts replaced."""

    def replace_variable(found: re.Match[str]) -> str:
        name, default = found[1], found[2]
        if name not in environ and default is None:
            note_missing(name)
        return environ.get(name, default or "")

    match value:
        case str():
            return VARIABLE.sub(replace_variable, value)
        case list():
            return [_fill_in(each, environ, note_missing) for each in value]
        case dict():
            return {name: _fill_in(each, environ, note_missing) for name, each in value.items()}
    return value


def _fault_of(place: tuple[str | int, ...], told: str) -> str:
    where = ".".join(str(each)[:40] for each in place if each != "[key]")
    return f"{SETTING}: {where}: {told.removeprefix('Value error, ')}."
