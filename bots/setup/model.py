"""How a model is connected: one that runs on this machine already, OpenAI's, or any other endpoint."""

from collections.abc import Mapping, Sequence

from bots.doctor.check import Check
from bots.doctor.model import check_model
from bots.local_model import settings_with_model
from bots.settings import Settings
from bots.setup.answers import ADDRESS
from bots.setup.step import Question, Step
from core.errors import SettingsError
from core.llm.local_servers import LocalModel
from core.llm.settings import OPENAI

TITLE = "The model"
SET_BY = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "CONFAB_LOCAL_MODEL")  # any of them names one
NAME = Question("OPENAI_MODEL", "The model's name there", is_secret=False)
FILE = Question("CONFAB_LOCAL_MODEL", "The model's file, *.gguf", is_secret=False)
USUAL_NAME = "gpt-5-mini"
OPENAI_GUIDE = "Make a key at https://platform.openai.com/api-keys."
OTHER_GUIDE = "Any OpenAI-compatible API will do; docs/endpoints.md tells of many. Its address ends in /v1 as a rule."
OPENAI_STEP = (
    Question("OPENAI_API_KEY", "OpenAI's key, sk-…"),
    Question("OPENAI_MODEL", "The model's name", usual=USUAL_NAME, is_secret=False),
)
OTHER_STEP = (
    Question("OPENAI_BASE_URL", "The address", ADDRESS, is_secret=False),
    Question("OPENAI_API_KEY", "Its key; Enter for none", usual=""),
    NAME,
)


def model_step(questions: Sequence[Question] = (), guide: str = "") -> Step:
    """Return the step that asks these questions, and the model itself for one word."""
    return Step(TITLE, guide, tuple(questions), _check_model)


def list_choices(found: Sequence[LocalModel]) -> list[tuple[str, dict[str, str], Step]]:
    """Return what a person can choose between: its name, what is set by the choice alone, and the step that follows."""
    local = [
        (
            f"{model.name}, which {model.server} runs on this machine",
            {"OPENAI_BASE_URL": model.base_url, "OPENAI_MODEL": model.name},
            model_step((OTHER_STEP[0], NAME)),
        )
        for model in found
    ]
    return [
        *local,
        (f"OpenAI ({OPENAI})", {}, model_step(OPENAI_STEP, OPENAI_GUIDE)),
        ("another endpoint, as Azure, OpenRouter, or a server of yours", {}, model_step(OTHER_STEP, OTHER_GUIDE)),
    ]


def step_of(given: Mapping[str, str]) -> Step:
    """Return the step for a model that is set already: what may be wrong of it is asked again."""
    if given.get("CONFAB_LOCAL_MODEL"):
        return model_step((FILE,))
    return model_step(OTHER_STEP if given.get("OPENAI_BASE_URL") else OPENAI_STEP)


async def _check_model(given: Mapping[str, str]) -> list[Check]:
    try:
        async with settings_with_model(Settings.load(given), given) as settings:
            return await check_model(settings)
    except SettingsError as error:
        return [Check("settings", "fail", fault, "Correct it in .env, or answer anew.") for fault in error.faults]
