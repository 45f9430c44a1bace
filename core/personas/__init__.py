"""Characters that the bot can be: taken in from cards, kept, chosen and played."""
