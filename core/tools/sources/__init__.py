"""Where tools come from beside the built-in ones: what each source offers just now, pinned to what it said first."""
