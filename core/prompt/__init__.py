"""What the model is sent: built from the history, within its window."""
