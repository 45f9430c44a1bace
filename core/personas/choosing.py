"""What people say to choose who the bot is, and what they read of it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.personas.character import Persona
from core.preferences.preferences import BY_ADMINISTRATORS
from core.sanitize import sanitize_text
from core.storage.personas import NOBODY, ListedPersona

MARKS = str.maketrans("", "", "*_~|\\`")  # what Markdown would read in a name
NOBODYS_NAMES = {"none", "nobody", "off", "yourself"}
USUAL_NAMES = {"usual", "default"}
EVERYWHERE = " everywhere"

NOT_THEIRS = f"_Nothing was changed: that is not yours to set here. {BY_ADMINISTRATORS}_"
NOT_CLEAN = "_Nothing was changed: moderation refuses something in that persona._"
NOT_CHECKED = "_Nothing was changed: that persona could not be checked just now. Please try again in a moment._"
UNKNOWN = "_There is no persona of that name._"
SEVERAL = "_Several have that name; the number behind it says which is meant:_"
MYSELF = "_From now on I am myself here._"
BACK = "_From now on I am here whom I usually am._"
AM_MYSELF = "_I am myself here, and no persona. `persona` with a name behind it makes me that one._"


@dataclass(frozen=True, slots=True)
class PersonaRequest:
    """Who the bot is to be, by a name as it was said; `whole` is all that was said, which may be a name itself.

    `is_nobody` asks for the bot itself, `is_usual` for whoever it is without this choice.
    """

    name: str
    whole: str
    is_everywhere: bool = False
    is_nobody: bool = False
    is_usual: bool = False


def read_request(said: str) -> PersonaRequest | None:
    """Return what was asked for, None where nothing was said but the command."""
    whole = " ".join(said.split()).strip("\"'“”")
    if not whole:
        return None
    is_everywhere = whole.casefold().endswith(EVERYWHERE)
    name = whole[: -len(EVERYWHERE)].strip() if is_everywhere else whole
    folded = name.casefold()
    return PersonaRequest(name, whole, is_everywhere, folded in NOBODYS_NAMES, folded in USUAL_NAMES)


def value_of_choice(asked: PersonaRequest, chosen: ListedPersona | None) -> str:
    """Return a choice as it is kept: the name that no other has, `none` for the bot itself, empty for what is usual."""
    if chosen:
        return chosen.handle
    return "" if asked.is_usual else NOBODY


def format_change(persona: Persona, *, everywhere: bool) -> str:
    """Return the line that says who the bot is from now on, with its greeting."""
    where = "in every conversation of this workspace that begins now" if everywhere else "here"
    line = f"_From now on I am {format_name(persona.name)} {where}._"
    return f"{line}\n\n{persona.greeting}" if persona.greeting else line


def format_speaker(persona: Persona | None) -> str:
    """Return who the bot is, with whose work that is."""
    if persona is None:
        return AM_MYSELF
    by = f", by {format_name(persona.creator)}" if persona.creator else ""
    line = (
        f"_I am {format_name(persona.name)} here (version {persona.number}{by}). `persona none` makes me myself again._"
    )
    return f"{line}\n\n{persona.notes}" if persona.notes else line


def format_list(head: str, found: Sequence[ListedPersona]) -> str:
    """Return a sentence, and below it personas that may be meant."""
    lines = [f"- {format_name(each.name)} #{each.seq}" + _format_creator(each) for each in found]
    if not lines or head == SEVERAL:
        return "\n".join([head, *lines])
    return "\n".join([f"{head[:-1]} These are near to it:_", *lines])


def format_label(persona: ListedPersona) -> str:
    """Return a persona as a menu shows it."""
    by = f" by {persona.creator}" if persona.creator else ""
    return f"{persona.handle}{by}" + (f" ({persona.tags})" if persona.tags else "")


def format_name(name: str) -> str:
    """Return a name as text in which nothing is formatted."""
    return sanitize_text(name).translate(MARKS)


def _format_creator(persona: ListedPersona) -> str:
    return f" by {format_name(persona.creator)}" if persona.creator else ""
