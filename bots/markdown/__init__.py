"""Markdown as messages: its blocks, and where a long text is cut."""
