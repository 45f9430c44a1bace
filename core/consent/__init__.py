"""A person's consent before something is changed: asked for by a card, given by a click, kept as rows."""
