"""The sandbox and its page."""
