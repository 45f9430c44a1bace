"""Kills the bot at every point of its way, starts it again, and reads what people see."""
