"""Runs random schedules on the core: `python -m tests.schedules`."""

from tests.schedules.command import main

if __name__ == "__main__":
    main()
