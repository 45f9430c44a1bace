"""Voice notes and other recordings, from a message's attachment to words."""
