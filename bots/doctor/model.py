"""Whether the model answers: its address, its key, its name, whether it streams, and how much it reads."""

import asyncio
from difflib import get_close_matches

from bots.doctor.check import Check, unreachable_check
from bots.settings import Settings
from core.errors import EndpointUnreachable, ModelError, UnknownModel
from core.llm.client import OpenAI, open_client
from core.llm.settings import ModelSettings
from core.messages import PromptMessage
from core.spending.charge import Charge

QUESTION = "Answer with this one word and nothing else: ready"
PATIENCE = 30.0  # seconds for the word: a local model may have to be loaded first
AGAIN = 2.0  # seconds of trying again where the endpoint fails
LISTED = 5  # names of models that are told
NAMES = "OPENAI_BASE_URL"


async def check_model(settings: Settings) -> list[Check]:
    """Return what is found by asking the model for one word."""
    changes = {"retry_deadline": AGAIN, "first_token_timeout": PATIENCE, "answer_timeout": 2 * PATIENCE, "opening": ""}
    options = settings.model.model_copy(update=changes)
    async with open_client(options) as client:
        model = OpenAI(options, client)
        began = asyncio.get_running_loop().time()
        try:
            await model.fetch_answer([PromptMessage("user", QUESTION)], Charge("answer"))
        except ModelError as error:
            return [await _check_fault(model, options, error)]
        seconds = asyncio.get_running_loop().time() - began
        told = f"{options.model} at {options.host} answers, after {seconds:.1f} seconds."
        return [
            Check("model.answer", "ok", told),
            *_check_address(model),
            _check_stream(model),
            await _check_window(model, settings),
        ]


async def _check_fault(model: OpenAI, options: ModelSettings, error: ModelError) -> Check:
    if isinstance(error, EndpointUnreachable):
        return unreachable_check("model.reach", options.host, str(error), NAMES)
    mend = error.hint
    if isinstance(error, UnknownModel) and (names := await _listed_names(model)):
        near = get_close_matches(options.model, names, n=LISTED, cutoff=0.4) or names[:LISTED]
        mend = f"{mend} It has {', '.join(near)}."
    kind = type(error).__name__
    return Check("model.answer", "fail", f"{options.model} at {options.host} does not answer ({kind}).", mend)


async def _listed_names(model: OpenAI) -> list[str]:
    try:
        return await model.list_models()
    except ModelError:
        return []


def _check_address(model: OpenAI) -> list[Check]:
    if not model.is_address_corrected:
        return []
    told = "The model's address lacks /v1 at its end; it is asked with it all the same."
    return [Check("model.address", "warn", told, "Write /v1 at the end of OPENAI_BASE_URL.")]


def _check_stream(model: OpenAI) -> Check:
    if model.is_streaming:
        return Check("model.streaming", "ok", "Its answers grow as they are made.")
    told = "It sends each answer only when it is whole, so that people wait for all of it."
    return Check(
        "model.streaming", "warn", told, "Have the server behind OPENAI_BASE_URL stream, or whatever is before it."
    )


async def _check_window(model: OpenAI, settings: Settings) -> Check:
    if settings.prompt.context_window:
        return Check("model.window", "ok", f"It reads {settings.prompt.context_window} tokens, as you have set.")
    try:
        size = await model.window()
    except ModelError:
        size = None
    told = f"It reads {size} tokens." if size else "It does not tell how much it reads: its errors will."
    return Check("model.window", "ok", told)
