"""Who answers: the model that is asked everywhere, and those that channels may have in its place."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.llm.client import OpenAI

Parameters = tuple[tuple[str, float], ...]
MOST_VARIANTS = 256  # that are kept with what each has learnt of its endpoint


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The usual model, and the others by name."""

    usual: OpenAI
    by_name: Mapping[str, OpenAI] = field(default_factory=dict)
    _variants: dict[tuple[str, Parameters], OpenAI] = field(default_factory=dict)

    def model_named(self, name: str, parameters: Parameters = ()) -> OpenAI:
        """Return the model of this name, or the usual one where there is none; asked with `parameters` of its own."""
        model = self.by_name.get(name, self.usual)
        if not parameters:
            return model
        if len(self._variants) >= MOST_VARIANTS:
            self._variants.clear()
        return self._variants.setdefault((name, parameters), model.with_parameters(dict(parameters)))
