"""Discord: its events in, its replies out."""
