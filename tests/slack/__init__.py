"""The Slack adapter, over the wire."""
