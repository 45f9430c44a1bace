"""Messages that the sandbox does not write by itself: odd, old, broken or new shapes, as a platform may send them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class RawFields:
    """How a message's JSON differs from an ordinary one: fields put in place of its own, and fields that it lacks."""

    replaced: Mapping[str, Any] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()

    def apply(self, ordinary: dict[str, Any]) -> dict[str, Any]:
        """Return an ordinary message's JSON with these differences."""
        return {name: value for name, value in {**ordinary, **self.replaced}.items() if name not in self.missing}

    def covers(self, name: str) -> bool:
        """Say whether a field is not the ordinary one."""
        return name in self.replaced or name in self.missing


ORDINARY = RawFields()
