"""Attacks the bot: `python -m tests.proofs.attack`."""

from tests.proofs.attack.command import main

if __name__ == "__main__":
    main()
