"""What the model can look up and do: the tools, the rounds in which it calls them, and what is kept of each call."""
