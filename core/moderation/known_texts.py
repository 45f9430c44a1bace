"""Two texts of which it is known what a checker finds in them, to see whether it can check at all."""

from core.moderation.verdict import Checker, Sample

CLEAN_TEXT = "hello"
HARMFUL_TEXT = "I know where you live. Tonight I will come and kill you and your whole family."


async def is_telling_apart(checker: Checker) -> bool:
    """Return whether a checker passes what is harmless and flags a threat; raise CheckFailed where it does not say."""
    harmless, harmful = await checker.findings([Sample(CLEAN_TEXT), Sample(HARMFUL_TEXT)])
    return harmful.verdict_by({}).is_flagged and not harmless.verdict_by({}).is_flagged
