"""Moderation inside a test: the real parts, asked of the stand-in."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from core.llm.moderations import Moderations, open_moderation_client
from core.messages import Author, ConversationKey
from core.moderation.access import AccessControl, AccessLists
from core.moderation.checkers import CheckerPool
from core.moderation.log import PERSONAL, ModerationLog
from core.moderation.moderation import Moderation
from core.moderation.settings import ModerationSettings
from core.moderation.verdict import Checker
from core.moderation.words import WordList
from core.policy import Policies
from core.ports import Platform
from core.storage.store import Store
from deploy.sandbox.wire.server import Sandbox


@dataclass(frozen=True, slots=True)
class Moderated:
    """What a test wants of moderation; times in seconds."""

    options: ModerationSettings = field(default_factory=ModerationSettings)
    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    endpoint: bool = True
    deadline: float = 5.0
    lists: AccessLists = field(default_factory=AccessLists)
    violations: int = 100
    pause: float = 600.0
    moderators: Mapping[str, str] = field(default_factory=dict)
    keep_text: bool = False


async def guarded(
    wanted: Moderated | None,
    policies: Policies,
    sandbox: Sandbox,
    store: Store,
    platforms: Mapping[str, Platform],
    stack: AsyncExitStack,
    leaves_out: Callable[[ConversationKey, Author], bool] = lambda _, __: False,
) -> Moderation | None:
    """Return the guard that a test wants, None where it wants none."""
    if wanted is None:
        return None
    admission = AccessControl(wanted.lists, wanted.violations, wanted.pause, leaves_out)
    admission.restore_record(await store.violations_since(sorted(PERSONAL), 0.0))
    reports = ModerationLog(store, platforms, admission, wanted.moderators, keep_text=wanted.keep_text)
    stack.push_async_callback(reports.close)
    checkers: list[Checker] = []
    if wanted.endpoint:
        options = wanted.options.model_copy(
            update={
                "url": sandbox.openai_base_url,
                "key": "sk-test",
                "model": "stand-in",
                "deadline": wanted.deadline,
            }
        )
        checkers.append(Moderations(options, await stack.enter_async_context(open_moderation_client(options))))
    checks = CheckerPool(WordList(wanted.words, wanted.patterns), checkers, wanted.deadline, pauses=(0.1,))
    return Moderation(checks, reports, admission, wanted.options, policies)
