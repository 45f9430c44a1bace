"""Who answers: the model that is asked everywhere, and those that channels may have in its place."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.llm.client import OpenAI


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The usual model, and the others by name."""

    usual: OpenAI
    by_name: Mapping[str, OpenAI] = field(default_factory=dict)

    def model_named(self, name: str) -> OpenAI:
        """Return the model of this name, or the usual one where there is none."""
        return self.by_name.get(name, self.usual)
