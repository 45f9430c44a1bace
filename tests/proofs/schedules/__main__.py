"""Runs random schedules on the core: `python -m tests.proofs.schedules`."""

from tests.proofs.schedules.command import main

if __name__ == "__main__":
    main()
