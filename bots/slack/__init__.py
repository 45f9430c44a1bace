"""Slack: its events in, its replies out."""
