"""What Confab does, as sentences that can fail."""
