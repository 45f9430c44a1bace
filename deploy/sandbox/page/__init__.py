"""The page to talk in, and what it is shown of each platform."""
