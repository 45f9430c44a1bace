"""The bot, with no platform in it."""
