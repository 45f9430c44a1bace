"""How long a prompt may be: what is known of the model's window, and how its tokens compare with ours."""

from dataclasses import dataclass

from core.errors import ContextOverflow

UNKNOWN = 128_000  # tokens that a window is taken for until somebody says otherwise: an error's figures teach better
ANSWER = 4_096  # tokens that are left for the answer where no limit is set
RESERVE = 0.1  # of the prompt's share, since counting is not exact
SAFE_START = 1.25  # how many more tokens than ours a model with another vocabulary is taken to see, before it has told
PRIOR = 400  # tokens: below this, what an endpoint adds to every prompt says more than the text
PLAUSIBLE = (0.4, 4.0)  # the model's tokens for one of ours; what lies outside is no count of this prompt
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


@dataclass(frozen=True, slots=True)
class TokenRatio:
    """Compares tokens as counted here with the model's own, anchored on one prompt of the same conversation.

    `counted` is that prompt's length by our count, `reported` by the endpoint's; both 0 where there is none yet, and
    then the model is taken to see `start` tokens for one of ours.
    """

    counted: int = 0
    reported: int = 0
    start: float = SAFE_START

    @property
    def rate(self) -> float:
        """The model's tokens for one of ours."""
        return (self.reported + PRIOR) / (self.counted + PRIOR) if self.counted else self.start

    def tokens(self, counted: int) -> int:
        """Return how long a prompt is by the model's count, from its length by ours."""
        return round(self.reported + (counted - self.counted) * self.rate)

    def counts(self, tokens: int) -> int:
        """Return how long a prompt may be by our count so that it has no more than so many tokens by the model's."""
        return max(0, int(self.counted + (tokens - self.reported) / self.rate))

    def anchored(self, counted: int, reported: int) -> "TokenRatio":
        """Return the gauge after an endpoint's report; one that cannot be a count of that prompt changes nothing."""
        low, high = PLAUSIBLE
        return (
            TokenRatio(counted, reported, self.start) if low * counted <= reported <= high * counted + PRIOR else self
        )
