"""Kills the bot at every point: `python -m tests.proofs.killing`."""

if __name__ == "__main__":  # every forked bot reads this file again, and needs nothing of it
    from tests.proofs.killing.command import main

    main()
