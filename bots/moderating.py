"""Moderation as the settings want it, put together for the composition root."""

import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace

import structlog

from core.errors import SettingsError
from core.llm.client import ModelOptions, OpenAI, open_client
from core.llm.judge import Judge
from core.llm.moderations import ModerationOptions, Moderations, open_moderation_client
from core.moderation.access import WITHIN, AccessControl, AccessLists
from core.moderation.checkers import CheckerPool
from core.moderation.errors import CheckFailed
from core.moderation.log import PERSONAL, ModerationLog
from core.moderation.moderation import Moderation, ModerationPolicy
from core.moderation.verdict import Checker, Sample
from core.moderation.words import WordList
from core.ports import Platform
from core.settings import Settings
from core.storage.store import Store

log = structlog.get_logger()

WAYS_OUT = (
    "set CONFAB_MODERATION_URL and CONFAB_MODERATION_KEY to an endpoint that has it, as https://api.openai.com/v1; "
    "or CONFAB_MODERATION=judge, so that a chat model judges; or CONFAB_MODERATION=list, with CONFAB_MODERATION_WORDS "
    "alone; or CONFAB_MODERATION=off."
)
JUDGES_PATIENCE = 30.0  # seconds for a judgement: a chat model takes longer than a moderation model


async def guard_of(
    settings: Settings,
    model: ModelOptions,
    store: Store,
    platforms: Mapping[str, Platform],
    stack: AsyncExitStack,
) -> Moderation | None:
    """Return what every text passes, None where nothing is checked and everybody served; `stack` closes its clients.

    Raises SettingsError where the endpoint has no moderation, or a pattern cannot be read.
    """
    lists = AccessLists(frozenset(settings.allow), frozenset(settings.deny))
    is_on = settings.moderation != ("off",)
    if not is_on and not lists.allow and not lists.deny:
        return None
    admission = AccessControl(lists, settings.moderation_violations, settings.moderation_pause)
    admission.restore_violations(await store.violations_since(sorted(PERSONAL), time.time() - WITHIN))
    moderators = dict(place.split(":", 1) for place in settings.moderators)
    reports = ModerationLog(store, platforms, admission, moderators, keep_text=settings.moderation_keep_text)
    stack.push_async_callback(reports.close)
    checkers = await _checkers(settings, model, stack) if is_on else []
    words = _words(settings) if is_on else WordList()
    return Moderation(
        CheckerPool(words, checkers, settings.moderation_deadline), reports, admission, _options(settings)
    )


def _words(settings: Settings) -> WordList:
    try:
        return WordList(settings.moderation_words, settings.moderation_patterns or ())
    except ValueError as error:
        raise SettingsError([f"CONFAB_MODERATION_PATTERNS: {error}."]) from None


def _options(settings: Settings) -> ModerationPolicy:
    return ModerationPolicy(
        thresholds=settings.moderation_thresholds,
        channels={name: each.thresholds for name, each in settings.channels.items() if each.thresholds},
        strict=settings.moderation_strict,
        output=settings.moderation_output,
        is_open=settings.moderation_unreachable == "open",
        hold=settings.moderation_hold,
    )


async def _checkers(settings: Settings, model: ModelOptions, stack: AsyncExitStack) -> list[Checker]:
    checkers: list[Checker] = []
    if "endpoint" in settings.moderation:
        options = _endpoint(settings, model)
        endpoint = Moderations(options, await stack.enter_async_context(open_moderation_client(options)))
        await _probe(endpoint, options)
        checkers.append(endpoint)
    if "judge" in settings.moderation:
        judge = replace(
            model, model=settings.moderation_judge or model.model, opening="", first_token_timeout=JUDGES_PATIENCE
        )
        checkers.append(Judge(OpenAI(judge, await stack.enter_async_context(open_client(judge)))))
    return checkers


def _endpoint(settings: Settings, model: ModelOptions) -> ModerationOptions:
    """Return where moderation is asked; the model's key goes to the model's own address alone."""
    own = settings.moderation_url is None
    return ModerationOptions(
        base_url=settings.moderation_url or model.base_url,
        api_key=settings.moderation_key or (model.api_key if own else ""),
        model=settings.moderation_model,
        timeout=settings.moderation_deadline,
        max_connections=2 * settings.concurrency,
    )


async def _probe(endpoint: Moderations, options: ModerationOptions) -> None:
    """Ask once at the start: what will never work ends it with the ways out; what may pass is only told."""
    try:
        await endpoint.findings([Sample("hello")])
    except CheckFailed as error:
        if error.status in {200, 404, 405, 410, 501}:
            raise SettingsError([f"Nothing answers at {options.base_url}/moderations: {WAYS_OUT}"]) from None
        if error.status in {401, 403}:
            raise SettingsError(["CONFAB_MODERATION_KEY is not accepted by the moderation endpoint."]) from None
        if error.status == 400:
            raise SettingsError([f"The moderation endpoint refuses CONFAB_MODERATION_MODEL: {error}."]) from None
        log.warning("moderation out of reach", detail=str(error), hint="It is asked again with the first question.")
