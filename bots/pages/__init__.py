"""Pages for whoever runs the bot, on the port of /health: what was spent, what can be looked up, who it can be."""
