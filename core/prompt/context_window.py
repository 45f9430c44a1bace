"""How long a prompt may be: what is known of the model's window."""

from core.errors import ContextOverflow

UNKNOWN = 128_000  # tokens that a window is taken for until somebody says otherwise: an error's figures teach better
ANSWER = 4_096  # tokens that are left for the answer where no limit is set
RESERVE = 0.1  # of the prompt's share, since counting is not exact
LEAST = 1_024  # tokens: no error teaches that a window is smaller than this
WITHOUT_FIGURES = 0.6  # of the prompt that was refused, where the error does not say what would fit


class ContextWindow:
    """The model's window in tokens, by its own count: set, told by the endpoint, or learnt from its errors."""

    def __init__(self, setting: int | None = None, answer: int | None = None) -> None:
        """`setting` is what the operator says of the window; `answer` is the longest answer asked for."""
        self._size = setting
        self._is_set = setting is not None
        self._answer = answer

    @property
    def size(self) -> int:
        """The window, in tokens."""
        return self._size or UNKNOWN

    @property
    def prompt(self) -> int:
        """The tokens that a prompt may have: less than the window by the answer, and by a reserve."""
        answer = min(self._answer or min(ANSWER, self.size // 4), self.size // 2)
        return int((self.size - answer) * (1 - RESERVE))

    def tell(self, size: int) -> None:
        """Take what the endpoint says of its window; what the operator said goes before it."""
        if not self._is_set:
            self._size = size

    def learn(self, overflow: ContextOverflow, tokens: int) -> None:
        """Take what an error teaches; `tokens` is how long the refused prompt was, as far as is known."""
        learnt = overflow.window or int(tokens * WITHOUT_FIGURES)
        self._size = min(self.size, max(learnt, LEAST))
