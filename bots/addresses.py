"""The addresses of endpoints as they turn out at the start: with the /v1 that one lacks."""

import asyncio
from dataclasses import replace

from bots.settings import Settings
from core.llm.http_client import open_http_client
from core.llm.models import find_versioned_address


async def settings_with_versions(settings: Settings) -> Settings:
    """Return the settings with `/v1` at the end of each endpoint's address where the API lies there alone."""
    model, transcription, moderation = settings.model, settings.transcription, settings.moderation
    asked = ((model.base_url, model.api_key), (transcription.base_url, transcription.api_key))
    others = ((moderation.url, moderation.key), *((each.base_url, each.api_key) for each in transcription.further))
    async with open_http_client(max_connections=8) as client:
        found = await asyncio.gather(*(find_versioned_address(client, *each) for each in (*asked, *others)))
    model_url, transcription_url, moderation_url, *urls = found
    further = zip(transcription.further, urls, strict=True)
    changes = {
        "base_url": transcription_url,
        "further": tuple(each.model_copy(update={"base_url": url}) for each, url in further),
    }
    return replace(
        settings,
        model=model.model_copy(update={"base_url": model_url}),
        transcription=transcription.model_copy(update=changes),
        moderation=moderation.model_copy(update={"url": moderation_url}),
    )
