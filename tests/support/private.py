"""What sees to what is kept, inside a test: the real parts, as the composition root opens them."""

from collections.abc import Sequence
from pathlib import Path

from bots.privacy import GLOBAL_IDS, OpenedPrivacy
from core.policy import ConversationSettings
from core.privacy.hold import LegalHold
from core.privacy.keeper import Keeper
from core.privacy.opt_outs import OptOuts
from core.privacy.requests import PrivacyRules
from core.privacy.statement import Endpoint, PrivacyFacts
from core.storage.store import Store

FACTS = PrivacyFacts(
    operator="The librarian",
    endpoints=(Endpoint("to answer", "what you ask", "models.example"),),
    transcript_days=30.0,
    is_encrypted=False,
    is_held=False,
    keeps_refused_text=False,
)


async def opened_privacy(
    store: Store, database: Path, hold: Sequence[str] = (), settings: ConversationSettings | None = None
) -> OpenedPrivacy:
    """Return it, once what was forgotten or is past its days is gone."""
    rules, opt_outs = PrivacyRules(LegalHold(hold), FACTS, GLOBAL_IDS), OptOuts(store)
    keeper = Keeper(store, database, settings or ConversationSettings(), rules.hold)
    await keeper.begin()
    await opt_outs.load_opt_outs()
    return OpenedPrivacy(store, rules, keeper, opt_outs)
