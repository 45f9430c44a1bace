"""How a model's tokens compare with those that are counted here. Pure."""

from dataclasses import dataclass

SAFE_START = 1.25  # how many more tokens than ours a model with another vocabulary is taken to see, before it has told
PRIOR = 400  # tokens: below this, what an endpoint adds to every prompt says more than the text
PLAUSIBLE = (0.4, 4.0)  # the model's tokens for one of ours; what lies outside is no count of this prompt


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

    def anchored_on(self, counted: int, reported: int) -> "TokenRatio":
        """Return the gauge after an endpoint's report; one that cannot be a count of that prompt changes nothing."""
        low, high = PLAUSIBLE
        return (
            TokenRatio(counted, reported, self.start) if low * counted <= reported <= high * counted + PRIOR else self
        )
