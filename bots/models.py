"""Opens the models that answer: the one that is asked everywhere, and those that channels may have in its place."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bots.settings import Settings
from bots.spending import bound_answers
from core.llm.choice import ModelChoice
from core.llm.client import OpenAI
from core.llm.settings import ModelSettings
from core.llm.transcriptions import Client
from core.prompt.context_window import ContextWindow, ask_window
from core.spending.meter import Meter


@dataclass(frozen=True, slots=True)
class OpenedModels:
    """Who answers, and how much each reads: `window` is the usual model's, `windows` are the others' by name."""

    choice: ModelChoice
    window: ContextWindow
    windows: Mapping[str, ContextWindow]


def open_models(
    settings: Settings, asked: ModelSettings, client: Client, stack: AsyncExitStack, meter: Meter
) -> OpenedModels:
    """Return the models at the endpoint that `asked` names; `stack` ends the questions for their windows."""

    def open_model(options: ModelSettings) -> tuple[OpenAI, ContextWindow]:
        options = bound_answers(options, meter)
        model = OpenAI(options, client, meter)
        window = ContextWindow(settings.prompt.context_window, options.max_tokens)
        window.begin_asking()
        stack.callback(asyncio.create_task(ask_window(model, window)).cancel)
        return model, window

    model, window = open_model(asked)
    names = sorted(set(_named_models(settings)) - {"", asked.model})
    opened = {name: open_model(asked.model_copy(update={"model": name})) for name in names}
    choice = ModelChoice(model, {name: each for name, (each, _) in opened.items()})
    return OpenedModels(choice, window, {name: each for name, (_, each) in opened.items()})


def _named_models(settings: Settings) -> Iterable[str]:
    """Yield the models that may be chosen, and those that the operator gave to channels."""
    yield from settings.preferences.models
    yield from (channel.model for channel in settings.conversations.channels.values())
