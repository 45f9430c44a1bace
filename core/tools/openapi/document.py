"""What an OpenAPI document tells of its operations (OpenAPI Specification 3.0 and 3.1), as far as tools need it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import yaml

from core.tools.openapi.operation import Operation, Parameter
from core.tools.openapi.schemas import Json, SchemaReader, entries_of, json_text
from core.tools.sources.source import LONGEST_SCHEMA, SourceFailed

METHODS = ("get", "post", "put", "patch", "delete")
FORMS = ("application/json", "application/x-www-form-urlencoded")  # of a body
UNSAID = frozenset({"accept", "content-type", "authorization"})  # headers that no parameter sets (the specification)
PLACES = frozenset({"path", "query", "header"})
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, where there is no C
LONGEST_ADDRESS = 500  # characters of what is called, which stands in each prompt
OLD = "its document is none of OpenAPI 3"
NO_SERVER = "its document names no server by a whole address"


def parse_document(text: str) -> Json:
    """Return a document that is JSON or YAML; raises SourceFailed where it is no OpenAPI document."""
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, LOADER)  # noqa: S506 - a safe one
    except Exception:  # noqa: BLE001 - YAML's constructors raise whatever their values do
        raise SourceFailed("its document is neither JSON nor YAML") from None
    if not isinstance(found, Mapping) or not json_text(found.get("openapi", "")).startswith("3."):
        raise SourceFailed(OLD)
    return found


class OperationReader:
    """Reads a document's operations; `address` is where it was read, for servers that are named relative to it."""

    def __init__(self, document: Json, address: str) -> None:
        self._document = document
        self._address = address
        self._schemas = SchemaReader(document)

    def read_operations(self) -> list[Operation]:
        """Return what can be called, in the document's order, each name once; raises SourceFailed."""
        found: dict[str, Operation] = {}
        for path, told in entries_of(self._document.get("paths")):
            item = self._schemas.follow(told)
            for method in METHODS:
                if isinstance(item.get(method), Mapping) and (operation := self._read_operation(path, method, item)):
                    found.setdefault(operation.name, operation)
        return list(found.values())

    def _read_operation(self, path: str, method: str, item: Json) -> Operation | None:
        """Return an operation; None for one whose body or parameters are of a kind that is not sent, or too many."""
        told: Json = item[method]
        parameters = self._read_parameters([*_items(item.get("parameters")), *_items(told.get("parameters"))])
        body = self._schemas.follow(told.get("requestBody"))
        form, body_schema = self._read_form(body)
        if parameters is None or (body.get("required") and not form):
            return None
        schema = _schema_of(parameters, body_schema if form else None, must_have_body=bool(body.get("required")))
        if len(json.dumps(schema)) > LONGEST_SCHEMA:
            return None
        named = json_text(told.get("operationId") or f"{method}_{path.strip('/')}")
        about = "\n".join(json_text(told[part]) for part in ("summary", "description") if told.get(part))
        base = self._base_of(told.get("servers") or item.get("servers") or self._document.get("servers"))
        if len(base) + len(path) > LONGEST_ADDRESS:
            return None
        return Operation(named, about, method.upper(), base, path, parameters, form, schema)

    def _read_parameters(self, told: list[Any]) -> tuple[Parameter, ...] | None:
        """Return the parameters, those of the operation over those of its path; None where one cannot be sent."""
        found: dict[tuple[str, str], Parameter] = {}
        for each in map(self._schemas.follow, told):
            name, place = json_text(each.get("name", "")), json_text(each.get("in", ""))
            if place == "header" and name.lower() in UNSAID:
                continue
            if place in PLACES and "schema" in each:
                about = {"description": json_text(each["description"])} if each.get("description") else {}
                schema = {**self._schemas.plain_schema(each["schema"]), **about}
                is_exploded = bool(each.get("explode", each.get("style", "form") == "form"))
                is_required = bool(each.get("required")) or place == "path"
                found[name, place] = Parameter(name, name, place, schema, is_required, is_exploded)
            elif each.get("required"):
                return None
        return tuple(_with_own_arguments(found.values()))

    def _read_form(self, body: Json) -> tuple[str, Json]:
        """Return in which form a body is sent, empty for none, and its schema."""
        for form in FORMS:
            for kind, about in entries_of(body.get("content")):
                if kind.partition(";")[0].strip() == form and isinstance(about, Mapping):
                    return form, self._schemas.plain_schema(about.get("schema"))
        return "", {}

    def _base_of(self, servers: Any) -> str:
        """Return the address that all paths are under, the first that is named; raises SourceFailed."""
        first = self._schemas.follow(next(iter(_items(servers)), {}))
        url = json_text(first.get("url", "/"))
        for name, about in entries_of(first.get("variables")):
            url = url.replace(f"{{{name}}}", json_text(self._schemas.follow(about).get("default", "")))
        try:
            whole = urljoin(self._address, url) if self._address else url
            is_whole = urlsplit(whole).scheme in {"http", "https"} and bool(urlsplit(whole).hostname)
        except ValueError:
            is_whole = False
        if not is_whole:
            raise SourceFailed(NO_SERVER)
        return whole.rstrip("/")


def _schema_of(parameters: Iterable[Parameter], body: Json | None, *, must_have_body: bool) -> Json:
    """Return the schema of the arguments of which an operation is called."""
    properties = {each.argument: each.schema for each in parameters}
    required = [each.argument for each in parameters if each.is_required]
    if body is not None:
        properties["body"] = body
        required += ["body"] if must_have_body else []
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _with_own_arguments(parameters: Iterable[Parameter]) -> Iterator[Parameter]:
    """Yield parameters each with an argument of its own: of two by the same name, the later one says its place."""
    taken = {"body"}
    for each in parameters:
        named = each.rename_argument(f"{each.place}_{each.name}") if each.argument in taken else each
        taken.add(named.argument)
        yield named


def _items(part: Any) -> list[Any]:
    return part if isinstance(part, list) else []
