"""Moderation as the settings want it, put together for the composition root."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack

import structlog

from bots.spending import bound_answers
from core.errors import SettingsError
from core.llm.client import open_client
from core.llm.judge import Judge
from core.llm.moderations import Moderations, open_moderation_client
from core.llm.settings import ModelSettings
from core.messages import Author, ConversationKey
from core.moderation.access import WITHIN, AccessControl, AccessLists
from core.moderation.automatic import AutomaticChecker
from core.moderation.checkers import CheckerPool
from core.moderation.errors import CheckFailed
from core.moderation.known_texts import CLEAN_TEXT
from core.moderation.log import PERSONAL, ModerationLog
from core.moderation.moderation import Moderation
from core.moderation.settings import ModerationSettings
from core.moderation.verdict import Checker, Sample
from core.moderation.words import WordList
from core.policy import Policies
from core.ports import Platform
from core.spending.meter import Meter
from core.storage.store import Store

log = structlog.get_logger()

WAYS_OUT = (
    "set CONFAB_MODERATION_URL and CONFAB_MODERATION_KEY to an endpoint that has it, as https://api.openai.com/v1; "
    "or CONFAB_MODERATION=judge, so that a chat model judges; or CONFAB_MODERATION=list, with CONFAB_MODERATION_WORDS "
    "alone; or CONFAB_MODERATION=off."
)
JUDGES_PATIENCE = 30.0  # seconds for a judgement: a chat model takes longer than a moderation model
AT_THE_START = 10.0  # seconds that the start waits to know who checks


async def guard_of(  # noqa: PLR0913, PLR0917 - all that a verdict depends on comes together here
    settings: ModerationSettings,
    model: ModelSettings,
    policies: Policies,
    store: Store,
    platforms: Mapping[str, Platform],
    stack: AsyncExitStack,
    meter: Meter | None = None,
    leaves_out: Callable[[ConversationKey, Author], bool] | None = None,
) -> Moderation | None:
    """Return what every text passes, None where nothing is checked and everybody served and read.

    `leaves_out` tells who does not want to be read; `stack` closes the clients. Raises SettingsError where the endpoint
    has no moderation, or a pattern cannot be read.
    """
    lists = AccessLists(frozenset(settings.allow), frozenset(settings.deny))
    if not settings.is_on and not lists.allow and not lists.deny and leaves_out is None:
        return None
    admission = AccessControl(lists, settings.violations, settings.pause, leaves_out or (lambda _, __: False))
    since = time.time() - WITHIN - settings.pause
    admission.restore_record(await store.violations_since(sorted(PERSONAL), since))
    moderators = dict(place.split(":", 1) for place in settings.moderators)
    reports = ModerationLog(store, platforms, admission, moderators, keep_text=settings.keep_text)
    stack.push_async_callback(reports.close)
    checkers = await _checkers(settings, model, stack, meter) if settings.is_on else []
    words = _words(settings) if settings.is_on else WordList()
    patience = JUDGES_PATIENCE if any(isinstance(each, Judge | AutomaticChecker) for each in checkers) else 0.0
    pool = CheckerPool(words, checkers, max(settings.deadline, patience))
    return Moderation(pool, reports, admission, settings, policies)


def _words(settings: ModerationSettings) -> WordList:
    try:
        return WordList(settings.words, settings.patterns)
    except ValueError as error:
        raise SettingsError([f"CONFAB_MODERATION_PATTERNS: {error}."]) from None


async def _checkers(
    settings: ModerationSettings, model: ModelSettings, stack: AsyncExitStack, meter: Meter | None
) -> list[Checker]:
    if settings.checkers == ("auto",):
        return await _find_checkers(settings, model, stack, meter)
    checkers: list[Checker] = []
    if "endpoint" in settings.checkers:
        own = endpoint_settings(settings, model)
        endpoint = Moderations(own, await stack.enter_async_context(open_moderation_client(own)))
        await _probe(endpoint, own)
        checkers.append(endpoint)
    if "judge" in settings.checkers:
        checkers.append(await open_judge(settings, model, stack, meter))
    return checkers


async def _find_checkers(
    settings: ModerationSettings, model: ModelSettings, stack: AsyncExitStack, meter: Meter | None
) -> list[Checker]:
    """Return who turns out to be there to check; nobody where it is known by now that nobody is."""
    checker = await open_automatic_checker(settings, model, stack, meter)
    try:
        async with asyncio.timeout(AT_THE_START):
            return [] if await checker.choose_checker() == "off" else [checker]
    except (CheckFailed, TimeoutError) as error:
        log.warning("moderation not found yet", detail=str(error), hint="Nobody is answered unchecked till it is.")
    return [checker]


async def open_automatic_checker(
    settings: ModerationSettings, model: ModelSettings, stack: AsyncExitStack, meter: Meter | None = None
) -> AutomaticChecker:
    """Return what finds out who checks; `stack` closes it and its clients."""
    own = endpoint_settings(settings, model)
    endpoint = Moderations(own, await stack.enter_async_context(open_moderation_client(own)))
    checker = AutomaticChecker(endpoint, await open_judge(settings, model, stack, meter))
    stack.push_async_callback(checker.close)
    return checker


async def open_judge(
    settings: ModerationSettings, model: ModelSettings, stack: AsyncExitStack, meter: Meter | None = None
) -> Judge:
    """Return the chat model that judges; `stack` closes its client."""
    changes = {"model": settings.judge or model.model, "first_token_timeout": JUDGES_PATIENCE}
    judge = model.for_background_calls().model_copy(update=changes)
    judge = bound_answers(judge, meter) if meter else judge
    return Judge(judge, await stack.enter_async_context(open_client(judge)), meter)


def endpoint_settings(settings: ModerationSettings, model: ModelSettings) -> ModerationSettings:
    """Return where moderation is asked; the model's key goes to the model's own address alone."""
    key = settings.key or ("" if settings.url else model.api_key)
    changes = {"url": settings.url or model.base_url, "key": key, "max_connections": 2 * model.max_connections}
    return settings.model_copy(update=changes)


async def _probe(endpoint: Moderations, settings: ModerationSettings) -> None:
    """Ask once at the start: what will never work ends it with the ways out; what may pass is only told."""
    try:
        await endpoint.findings([Sample(CLEAN_TEXT)])
    except CheckFailed as error:
        if error.status in {200, 404, 405, 410, 501}:
            raise SettingsError([f"Nothing answers at {settings.url}/moderations: {WAYS_OUT}"]) from None
        if error.status in {401, 403}:
            raise SettingsError(["CONFAB_MODERATION_KEY is not accepted by the moderation endpoint."]) from None
        if error.status == 400:
            raise SettingsError([f"The moderation endpoint refuses CONFAB_MODERATION_MODEL: {error}."]) from None
        log.warning("moderation out of reach", detail=str(error), hint="It is asked again with the first question.")
