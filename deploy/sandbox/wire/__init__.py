"""What all parts of the sandbox stand on: the server, its guard, and what each API does alike."""
