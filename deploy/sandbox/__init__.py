"""Slack and the OpenAI-compatible API on loopback, so that the bot runs without accounts."""
