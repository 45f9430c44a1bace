"""One operation of an HTTP interface, and the request that a call of it makes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import quote, urlencode

from core.tools.tool import Arguments, ToolFailed

READ_ONLY = frozenset({"GET"})
IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})  # RFC 9110, 9.2.2


@dataclass(frozen=True, slots=True)
class Parameter:
    """A part of a request: the name that the server knows it by, and the argument that holds it.

    `place` is path, query or header; with `is_exploded` each item of a list is a part of its own.
    """

    name: str
    argument: str
    place: str
    schema: Mapping[str, Any]
    is_required: bool
    is_exploded: bool

    def rename_argument(self, argument: str) -> Self:
        """Return the same parameter in another argument."""
        return replace(self, argument=argument)


@dataclass(frozen=True, slots=True)
class BuiltRequest:
    """What is sent: the whole address, headers, and a body where there is one."""

    url: str
    headers: Mapping[str, str]
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Operation:
    """What can be called; `form` is the media type of its body, empty for none, `schema` that of its arguments."""

    name: str
    about: str
    method: str
    base: str
    path: str
    parameters: tuple[Parameter, ...]
    form: str
    schema: Mapping[str, Any]

    def build_request(self, arguments: Arguments) -> BuiltRequest:
        """Return the request of a call; raises ToolFailed for arguments that no address holds."""
        path, headers = self.path, dict[str, str]()
        query: list[tuple[str, str]] = []
        for each in self.parameters:
            if (value := arguments.get(each.argument)) is None:
                continue
            if each.place == "path":
                path = path.replace(f"{{{each.name}}}", _path_part(each.name, value))
            elif each.place == "query":
                query += _query_parts(each, value)
            else:
                headers[each.name] = _plain(value)
        if "{" in path:
            raise ToolFailed("a part of its address was not given")
        content = self._encode_body(arguments.get("body"))
        kind = {"Content-Type": self.form} if content is not None else {}
        return BuiltRequest(f"{self.base}{path}{'?' if query else ''}{urlencode(query)}", {**headers, **kind}, content)

    def _encode_body(self, body: Any) -> bytes | None:
        if body is None or not self.form:
            return None
        if self.form == "application/json":
            return json.dumps(body, ensure_ascii=False).encode()
        return urlencode({name: _plain(value) for name, value in dict(body).items()}).encode()


def _path_part(name: str, value: Any) -> str:
    part = _plain(value)
    if part in {"", ".", ".."}:
        raise ToolFailed(f"`{name}` is no part of an address")
    return quote(part, safe="")


def _query_parts(parameter: Parameter, value: Any) -> Iterator[tuple[str, str]]:
    match value:
        case list() if parameter.is_exploded:
            yield from ((parameter.name, _plain(each)) for each in value)
        case dict() if parameter.is_exploded:
            yield from ((name, _plain(each)) for name, each in value.items())
        case dict():
            yield from ((f"{parameter.name}[{name}]", _plain(each)) for name, each in value.items())
        case _:
            yield parameter.name, _plain(value)


def _plain(value: Any) -> str:
    match value:
        case str():
            return value
        case bool() | None:
            return json.dumps(value)
        case list():
            return ",".join(map(_plain, value))
        case dict():
            return json.dumps(value, ensure_ascii=False)
    return str(value)
