"""What may be sent, shown and kept: checks, and what becomes of their verdicts."""
