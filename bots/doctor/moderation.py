"""Whether whoever is to check does so, shown by two texts of which it is known what is to be found."""

from contextlib import AsyncExitStack

from bots.doctor.check import Check
from bots.moderating import endpoint_settings, open_automatic_checker, open_judge
from bots.settings import Settings
from core.llm.moderations import Moderations, open_moderation_client
from core.llm.settings import ModelSettings
from core.moderation.automatic import OFF
from core.moderation.errors import CheckFailed
from core.moderation.known_texts import is_telling_apart
from core.moderation.settings import ModerationSettings
from core.moderation.verdict import Checker
from core.moderation.words import WordList

OTHERS = (
    "Set CONFAB_MODERATION_URL and CONFAB_MODERATION_KEY to an endpoint that has /moderations, or let "
    "CONFAB_MODERATION say auto, judge, list or off."
)


async def check_moderation(settings: Settings) -> list[Check]:
    """Return what each of those who are to check finds."""
    wanted = settings.moderation
    if not wanted.is_on:
        return [Check("moderation", "ok", "Nothing is checked, as you have set.")]
    async with AsyncExitStack() as stack:
        found = _check_list(wanted)
        for how in wanted.checkers:
            if how != "list":
                found.append(await _check_one(how, wanted, settings.model, stack))
    return found


def _check_list(wanted: ModerationSettings) -> list[Check]:
    try:
        words = WordList(wanted.words, wanted.patterns)
    except ValueError as error:
        return [
            Check(
                "moderation.list",
                "fail",
                f"{str(error)[:1].upper()}{str(error)[1:]}.",
                "Correct CONFAB_MODERATION_PATTERNS.",
            )
        ]
    return [Check("moderation.list", "ok", "Your own list can be used.")] if words else []


async def _check_one(how: str, wanted: ModerationSettings, model: ModelSettings, stack: AsyncExitStack) -> Check:
    name = f"moderation.{how}"
    try:
        if how == "auto":
            automatic = await open_automatic_checker(wanted, model, stack)
            how = await automatic.choose_checker()
            if how == "off":
                return Check(name, "warn", "Nobody checks what is asked and answered but your own list.", OFF)
            checker: Checker = automatic
        else:
            checker = await _open_checker(how, wanted, model, stack)
        if await is_telling_apart(checker):
            return Check(name, "ok", f"The {how} tells a threat from a greeting.")
    except CheckFailed as error:
        return Check(name, "fail", f"Moderation does not say what it finds ({error}).", OTHERS)
    return Check(name, "fail", f"The {how} does not tell a threat from a greeting.", OTHERS)


async def _open_checker(how: str, wanted: ModerationSettings, model: ModelSettings, stack: AsyncExitStack) -> Checker:
    if how == "judge":
        return await open_judge(wanted, model, stack)
    own = endpoint_settings(wanted, model)
    return Moderations(own, await stack.enter_async_context(open_moderation_client(own)))
