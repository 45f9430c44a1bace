"""Confab beside a bare bot, in the same run."""
