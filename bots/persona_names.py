"""The names of personas beside those of people: none is shown under the name of a member."""

import unicodedata

from core.face import Face

MARKS = str.maketrans("", "", "*_~|\\`<>@#")  # what would be formatted, or bring somebody to life


def fold_name(name: str) -> str:
    """Return what is left of a name without case, accents, width and everything but letters and digits."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def shown_name(face: Face) -> str:
    """Return a persona's name as it may be shown, empty where nothing is left of it."""
    return " ".join(face.name.translate(MARKS).split())


def heading_of(face: Face | None) -> str:
    """Return the line that stands above an answer where its author cannot be shown otherwise; empty for the bot."""
    return f"**{shown_name(face)}**\n" if face and shown_name(face) else ""
