"""A card: a message of the bot's with buttons under it, which says in the end what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "confab:"  # how the names of buttons begin
CHOICES: Mapping[str, str] = {"allow": "Allow", "always": "Always here", "no": "No"}


@dataclass(frozen=True, slots=True)
class CardEnd:
    """How a card ended: what was decided, as words, by whom (the platform's id, empty for nobody), and when.

    `at` is in seconds since the epoch; a platform shows it in each reader's own zone.
    """

    text: str
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says, in Markdown, under an id that its buttons bear; with an `end` it has none any more."""

    id: str
    text: str
    end: CardEnd | None = None


def format_click(choice: str, card_id: str) -> str:
    """Return the text of the message that a click is in the inbox."""
    return f"{choice} {card_id}"


def parse_click(text: str) -> tuple[str, str]:
    """Return the choice and the card's id of a click; both empty where a text is none."""
    choice, _, card_id = text.partition(" ")
    return (choice, card_id) if choice in CHOICES else ("", "")
