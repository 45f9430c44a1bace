"""What people set in the chat itself: for themselves, and administrators for a channel."""
