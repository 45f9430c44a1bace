"""What an operator asks to see whether all is well: each subject's checks, as one table."""
