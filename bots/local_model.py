"""The model that Confab serves itself, where CONFAB_LOCAL_MODEL names one, put together from the settings."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from bots.settings import Settings
from core.llm.local_model import serve_local_model

# All that its process is given of our environment: where libraries lie, and which processors it may use.
GIVEN = ("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "OMP_NUM_THREADS")


@asynccontextmanager
async def settings_with_model(settings: Settings, environ: Mapping[str, str]) -> AsyncIterator[Settings]:
    """Give the settings with the address of such a model, which runs until the block ends; raise SettingsError."""
    given = {name: environ[name] for name in GIVEN if name in environ}
    async with serve_local_model(settings.model, given) as model:
        yield replace(settings, model=model)
