"""What ends an attempt at a turn that waits for a click."""


class TurnParked(Exception):
    """The turn waits for a click until `until`, in seconds since the epoch; at once where that is over."""

    def __init__(self, turn_id: str, until: float) -> None:
        super().__init__(turn_id)
        self.until = until
