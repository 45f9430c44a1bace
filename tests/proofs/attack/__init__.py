"""The bot under attack, with somebody else's questions measured beside it."""
