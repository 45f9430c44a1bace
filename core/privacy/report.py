"""What people read of what was done with what is kept of them. Pure."""

from core.storage.erase_everywhere import Counts
from core.storage.erase_rules import RULES

GONE = "_Erased, and gone from my disk within a minute:_"
NOTHING = "_I kept nothing of you._"
NOTHING_HERE = "_I kept nothing of this conversation._"
STAYS = (
    "_What stays: that something was asked here or there at a time, so that it is not answered twice, but not by whom; "
    "in copies of the database what they held, until such a copy is put back, which erases it first; and whatever "
    "stands in the chat itself, which is not mine to delete. Summaries are written anew without you._"
)
STAYS_HERE = "_What stands in the chat itself stays: that is not mine to delete._"
HELD = "_Nothing was erased: what I keep of you is under a legal hold, so that it must not be erased now. {ask}_"
HELD_HERE = "_Nothing was erased: this conversation is under a legal hold, so that it must not be erased now. {ask}_"
ASK = "Whoever runs me can tell you more."
ASK_THEM = "{operator} can tell you more."
LEFT_OUT = (
    "_From now on I leave out what you say where others ask me, also where it is quoted. When you ask me yourself, I "
    "read it; `read me again` takes this back._"
)
READ_AGAIN = "_From now on I read what you say where others ask me, as I read everybody._"
NOT_IN_PUBLIC = (
    "_What I keep of you is for nobody else to read: write `export me` to me in a direct message, or choose it as a "
    "slash command._"
)


def format_forgotten(counts: Counts, *, of_person: bool) -> str:
    """Return what went, a line a kind, and what stays and why."""
    lines = [f"- {RULES[table].label}: {count}" for table, count in counts.items() if count and RULES[table].label]
    if not lines:
        return NOTHING if of_person else NOTHING_HERE
    return "\n".join([GONE, "", *lines, "", STAYS if of_person else STAYS_HERE])


def format_held(sentence: str, operator: str) -> str:
    """Return why nothing was erased, and whom to ask."""
    return sentence.format(ask=ASK_THEM.format(operator=operator) if operator else ASK)
