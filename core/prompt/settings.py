"""What an operator can set about prompts."""

from typing import ClassVar

from pydantic import PositiveInt

from core.setting_fields import Section, setting_field

INSTRUCTIONS = (
    "You are Confab, a helpful colleague in a team's chat. Answer briefly and plainly, in the language of the "
    "question, and say so when you do not know."
)


class PromptSettings(Section):
    """What every prompt begins with, and the room that the model has; `context_window` is in tokens.

    `schemas` is what every request holds beside its messages, as JSON: it takes room as well.
    """

    title: ClassVar[str] = "Prompts"

    instructions: str = setting_field(
        "CONFAB_INSTRUCTIONS", "What the model is told before every conversation", INSTRUCTIONS
    )
    context_window: PositiveInt | None = setting_field(
        "CONFAB_CONTEXT_WINDOW", "The model's window in tokens; empty: asked of the endpoint, or learnt from its errors"
    )
    schemas: str = ""
