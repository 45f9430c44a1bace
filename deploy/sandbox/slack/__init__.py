"""A pretend Slack workspace: Web API, Socket Mode, signed HTTP events and files, with the real rules."""
