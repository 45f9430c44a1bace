"""The platforms, and the way in."""
