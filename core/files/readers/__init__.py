"""What runs in a process of its own for each file: one reader a kind, and the bounds within which they work."""
