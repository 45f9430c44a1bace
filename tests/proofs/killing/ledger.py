"""What is wrong in the ledger once all is answered."""

from pathlib import Path

from tests.support.database import rows

HELD = "SELECT count(*) FROM spending WHERE state <> 'done' OR held_tokens <> 0 OR held_nanos <> 0"
CALLS = "SELECT count(*) FROM spending WHERE purpose IN ('answer', 'tool_round', 'summary')"
TWICE = "SELECT turn_id FROM spending WHERE turn_id <> '' GROUP BY turn_id HAVING sum(answers) > 1"


def find_misspent(file: Path, called: int) -> list[str]:
    """Return a fault for what is held for good, counted as two answers, or was called without a row of its own.

    `called` is how often the model was asked for what had to be held before.
    """
    (held,), (kept,) = rows(file, HELD)[0], rows(file, CALLS)[0]
    twice = [f"a turn counts as {len(rows(file, TWICE))} answers too many"] if rows(file, TWICE) else []
    unkept = [f"{called} calls, of which {kept} are in the ledger"] if called > kept else []
    return [*([f"{held} calls are held for good"] if held else []), *twice, *unkept]
