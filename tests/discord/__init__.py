"""The Discord adapter, over the wire."""
