"""Whether the arguments of a call are what its tool wants: the part of JSON Schema that tools use.

The library for all of it takes a third of a second to import, and would fetch what a schema refers to. What is not
known here (patterns, formats, conditions) is left to the tool itself.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.llm.body import decode_json

Schema = Mapping[str, Any]

MOST = 32_000  # characters of one call's arguments
DEEPEST = 20  # schemas within each other
MOST_PARTS = 5_000  # of a schema are looked at for one call, references to the same counted again
TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: _is_number(value) and (isinstance(value, int) or value.is_integer()),
    "number": lambda value: _is_number(value),  # noqa: PLW0108 - it is defined below
}
BOUNDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, bound: not _is_number(value) or value >= bound,
    "maximum": lambda value, bound: not _is_number(value) or value <= bound,
    "exclusiveMinimum": lambda value, bound: not _is_number(value) or value > bound,
    "exclusiveMaximum": lambda value, bound: not _is_number(value) or value < bound,
    "minLength": lambda value, bound: not isinstance(value, str) or len(value) >= bound,
    "maxLength": lambda value, bound: not isinstance(value, str) or len(value) <= bound,
    "minItems": lambda value, bound: not isinstance(value, list) or len(value) >= bound,
    "maxItems": lambda value, bound: not isinstance(value, list) or len(value) <= bound,
}


def decode_arguments(text: str) -> dict[str, Any] | None:
    """Return the object that arguments are, also where they are a text that holds it; None where they are none."""
    value: Any = text
    for _ in range(2):
        if not isinstance(value, str) or len(value) > MOST:
            break
        try:
            value = decode_json(value)
        except ValueError:
            return None
    return value if isinstance(value, dict) else None


def find_argument_fault(arguments: Any, schema: Schema) -> str:
    """Return the first fault of a value by its schema, as a sentence without the value; empty where there is none."""
    return next(_faults(arguments, schema, _Scope(schema), "the arguments", 0), "")


@dataclass(slots=True)
class _Scope:
    """The whole schema, to which its references lead, and how many of its parts may still be looked at."""

    root: Schema
    left: int = MOST_PARTS


def _faults(value: Any, schema: Any, scope: _Scope, where: str, depth: int) -> Iterator[str]:
    scope.left -= 1
    if not isinstance(schema, Mapping) or depth > DEEPEST or scope.left < 0:
        return
    if isinstance(schema.get("$ref"), str):
        yield from _faults(value, _resolve_reference(schema["$ref"], scope.root), scope, where, depth + 1)
    yield from _own_faults(value, schema, where)
    for part in _list_at(schema, "allOf"):
        yield from _faults(value, part, scope, where, depth + 1)
    for choices in (_list_at(schema, "anyOf"), _list_at(schema, "oneOf")):
        found = [next(_faults(value, part, scope, where, depth + 1), "") for part in choices]
        if found and all(found):
            yield found[0]
    yield from _inner_faults(value, schema, scope, where, depth)


def _own_faults(value: Any, schema: Schema, where: str) -> Iterator[str]:
    """Yield what is wrong with a value as a whole."""
    wanted = schema.get("type")
    named = [each for each in (wanted if isinstance(wanted, list) else [wanted]) if isinstance(each, str)]
    types = [each for each in named if each in TYPES]
    if types and not any(TYPES[each](value) for each in types):
        yield f"{where} must be of type {' or '.join(types)}"
    if isinstance(schema.get("enum"), list) and value not in schema["enum"]:
        yield f"{where} must be one of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{where} must be {schema['const']!r}"
    for name, holds in BOUNDS.items():
        if _is_number(schema.get(name)) and not holds(value, schema[name]):
            yield f"{where} does not keep to {name} {schema[name]}"


def _inner_faults(value: Any, schema: Schema, scope: _Scope, where: str, depth: int) -> Iterator[str]:
    """Yield what is wrong within an object or a list."""
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from _faults(item, schema.get("items"), scope, f"{where}[{place}]", depth + 1)
    if isinstance(value, dict):
        yield from _property_faults(value, schema, scope, where, depth)


def _property_faults(value: dict[str, Any], schema: Schema, scope: _Scope, where: str, depth: int) -> Iterator[str]:
    properties = schema.get("properties")
    properties = properties if isinstance(properties, Mapping) else {}
    for name in _list_at(schema, "required"):
        if isinstance(name, str) and name not in value:
            yield f"{where} must have `{name}`"
    for name, item in value.items():
        if name in properties:
            yield from _faults(item, properties[name], scope, f"`{name}`", depth + 1)
        elif schema.get("additionalProperties") is False:
            yield f"{where} must not have `{name[:40]}`"


def _resolve_reference(reference: str, root: Schema) -> Any:
    """Return what a reference within the schema leads to; one that leads elsewhere holds for everything."""
    found: Any = root
    if not reference.startswith("#"):
        return {}
    for step in filter(None, reference.removeprefix("#").split("/")):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _list_at(schema: Schema, name: str) -> list[Any]:
    found = schema.get(name)
    return found if isinstance(found, list) else []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
