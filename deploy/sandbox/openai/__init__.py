"""The pretend OpenAI-compatible API: chat, pictures, tools, recordings and moderation."""
