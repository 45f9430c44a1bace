"""The schemas of an OpenAPI document, each standing by itself, with what tools know of them alone."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from core.sanitize import valid_text
from core.tools.sources.source import SourceFailed

MOST_PARTS = 50_000  # of a document are looked at, what references lead to counted again
LETTERS = 256  # of a text that count as a part
DEEPEST = 40
IN_DEPTH = ("items", "additionalProperties")
CHOICES = ("anyOf", "oneOf", "allOf")
EXCLUSIVE = ("exclusiveMinimum", "exclusiveMaximum")
LIMITS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "additionalProperties", *EXCLUSIVE)
KNOWN = frozenset({"type", "required", "enum", "const", "description", "format", "default", "title", *LIMITS})
TOO_LARGE = "its document is too large"

Json = Mapping[str, Any]


class SchemaReader:
    """Looks at no more than MOST_PARTS of a document, however its references lead back to each other."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self._left = MOST_PARTS

    def follow(self, part: Any) -> Json:
        """Return an object of the document, or that to which it refers; an empty one where there is none."""
        for _ in range(DEEPEST):
            if not isinstance(part, Mapping):
                return {}
            if not isinstance(part.get("$ref"), str):
                return part
            part = self._part_at(part["$ref"])
        return {}

    def plain_schema(self, schema: Any, depth: int = 0, within: frozenset[str] = frozenset()) -> Json:
        """Return a schema that refers to nothing; where it would hold itself, anything is allowed. Raises SourceFailed.

        `within` are the references that led here.
        """
        self._count_part()
        if not isinstance(schema, Mapping) or depth > DEEPEST:
            return {}
        if isinstance(reference := schema.get("$ref"), str):
            found = {} if reference in within else self._part_at(reference)
            return self.plain_schema(found, depth + 1, within | {reference})
        parts = ((name, self._plain_part(name, part, depth + 1, within)) for name, part in entries_of(schema))
        plain = {name: part for name, part in parts if part is not None}
        if schema.get("nullable") is True and isinstance(plain.get("type"), str):  # as 3.0 has it
            plain["type"] = [plain["type"], "null"]
        return plain

    def _plain_part(self, name: str, part: Any, depth: int, within: frozenset[str]) -> Any:
        """Return what a schema says under a name; None for what tools do not know."""
        match part:
            case Mapping() if name == "properties":
                return {key: self.plain_schema(each, depth, within) for key, each in entries_of(part)}
            case list() if name in CHOICES:
                return [self.plain_schema(each, depth, within) for each in part]
            case Mapping() if name in IN_DEPTH:
                return self.plain_schema(part, depth, within)
            case bool() if name in EXCLUSIVE:  # as 3.0 has it
                return None
        return self._plain_value(part, depth) if name in KNOWN else None

    def _plain_value(self, value: Any, depth: int) -> Any:
        """Return a value as JSON has it; YAML knows dates as well, and values that hold themselves."""
        self._count_part()
        if depth > DEEPEST:
            return None
        if isinstance(value, Mapping):
            return {name: self._plain_value(each, depth + 1) for name, each in entries_of(value)}
        if isinstance(value, list):
            return [self._plain_value(each, depth + 1) for each in value]
        if isinstance(value, str):
            self._count_part(len(value) // LETTERS)
            return valid_text(value)
        return value if value is None or isinstance(value, int | float) else json_text(value)

    def _count_part(self, count: int = 1) -> None:
        self._left -= count
        if self._left < 0:
            raise SourceFailed(TOO_LARGE)

    def _part_at(self, reference: str) -> Any:
        """Return what a reference within the document leads to; nothing for one that leads elsewhere."""
        found: Any = self._document if reference.startswith("#/") else None
        for step in reference.removeprefix("#/").split("/"):
            found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
        return found


def entries_of(part: Any) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of an object, none of anything else."""
    if isinstance(part, Mapping):
        yield from ((json_text(name), value) for name, value in part.items())


def json_text(value: Any) -> str:
    """Return what stands where a text should: a number or a date as one, nothing in place of lists and objects.

    YAML lets a few lines be a list of billions, which must never be written out.
    """
    return valid_text(str(value)) if isinstance(value, str | int | float | date) else ""
