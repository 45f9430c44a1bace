"""What runs Confab, and what it can be tried against."""
