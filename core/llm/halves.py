"""Characters that come in two halves."""

from core.sanitize import valid_text


class HalfJoiner:
    """Joins the halves of characters that come in two pieces; a half without its other becomes U+FFFD."""

    def __init__(self) -> None:
        self._half = ""

    def join(self, piece: str) -> str:
        """Return a piece as valid text, without a first half at its end, which waits for the second."""
        piece = self._half + piece
        whole = len(piece) - ("\ud800" <= piece[-1:] <= "\udbff")
        self._half = piece[whole:]
        return valid_text(piece[:whole])

    def replace_rest(self) -> str:
        """Return what stands for a half that was left alone."""
        return valid_text(self._half)
