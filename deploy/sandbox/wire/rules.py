"""A rule that a platform holds its bots to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """What a bot may not break, the answer if it does, and the name of the test in which the real SDK is refused.

    `code` is the platform's own error or close code where the rule has one, else what happens instead.
    """

    rule: str
    code: str
    test: str
