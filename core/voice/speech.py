"""Where somebody who speaks draws breath."""

QUIET = 0.2  # of the usual loudness
AUDIBLE = 33  # of 32,768: a sample below -60 dB is silence
BLOCK = 320  # samples whose loudness is looked at together: 20 ms
ENOUGH = 15  # blocks: 0.3 s of quiet are a pause between words


class PauseDetector:
    """Listens for a pause. Its answers are about the sound up to now."""

    def __init__(self) -> None:
        self._usual = 0.0
        self._blocks = 0
        self._quiet = 0
        self._rest: list[int] = []

    def feed(self, samples: memoryview) -> bool:
        """Take sound in; return whether it ends within a pause."""
        self._rest += samples.tolist()
        while len(self._rest) >= BLOCK:
            block, self._rest = self._rest[:BLOCK:8], self._rest[BLOCK:]
            level = sum(map(abs, block)) / len(block)
            self._blocks += 1
            self._usual += (level - self._usual) / self._blocks
            self._quiet = self._quiet + 1 if level <= max(QUIET * self._usual, AUDIBLE) else 0
        return self._quiet >= ENOUGH
