"""The words that an operator has every answer begin with."""


class AnswerOpening:
    """Puts the opening before an answer once, also where the model repeats it."""

    def __init__(self, opening: str) -> None:
        self._opening = opening
        self._held = ""
        self._decided = not opening

    def put_before(self, piece: str) -> str:
        """Return what can be shown now that `piece` has come."""
        if self._decided:
            return piece
        self._held += piece
        said, target = self._held.lstrip(), self._opening.strip()
        if len(said) < len(target) and target.startswith(said):
            return ""  # it may be about to repeat the opening
        self._decided = True
        return said if said.startswith(target) else self._opening + self._held

    def rest(self) -> str:
        """Return what is held back when the answer has ended: what only began like the opening did not repeat it."""
        return "" if self._decided or not self._held.strip() else self._opening + self._held
