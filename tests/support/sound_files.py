"""Recordings for tests: those of tests/support/sounds, and what is made of them.

The speech was made with flite's voice `rms` (`flite -voice rms -t "the weather is very nice today" -o weather.wav`,
16 kHz) and encoded with PyAV: Ogg Opus and WebM at 32 kbit/s, AAC at 32, MP3 at 64.
"""

import io
import math
import random
import tempfile
import wave
from array import array
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import av

SOUNDS = Path(__file__).with_name("sounds")
WEATHER = "the weather is very nice today"
FRIDAY = "we meet on friday morning"
BUDGET = "what did the team decide about the budget for next year"
DOG = "tell me a story about a little dog"
PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06" + bytes(60)
PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to your workspace</body></html>"


def sound(name: str) -> bytes:
    """Return a recording from tests/support/sounds."""
    return (SOUNDS / name).read_bytes()


def repeated(name: str, seconds: float) -> bytes:
    """Return an Ogg Opus recording said again and again for so long, packet by packet."""
    with av.open(io.BytesIO(sound(name)), "r") as source:
        stream = source.streams.audio[0]
        packets = [(bytes(packet), packet.duration) for packet in source.demux(stream) if packet.size]
        target = io.BytesIO()
        with av.open(target, "w", format="ogg") as written:
            out, at = written.add_stream_from_template(stream), 0
            while at < seconds * 48_000:
                for content, length in packets:
                    packet = av.Packet(content)
                    packet.stream, packet.pts, packet.dts, packet.time_base = out, at, at, Fraction(1, 48_000)
                    packet.duration = length
                    written.mux(packet)
                    at += length or 0
    return target.getvalue()


def spoken(*names: str, pause: float = 0.6, seconds: float = 0.0) -> bytes:
    """Return recordings one after the other as WAV, with a pause behind each; again and again for `seconds`."""
    pieces = [_samples(name) + bytes(int(pause * 16_000) * 2) for name in names]
    once = b"".join(pieces)
    return wav(once * max(1, int(seconds * 32_000 / len(once)) + 1 if seconds else 1))


def bomb(minutes: int) -> bytes:
    """Return silence as FLAC, which is eighty times as much once it is decoded."""
    target = io.BytesIO()
    with av.open(target, "w", format="flac") as written:
        stream = written.add_stream("flac", rate=8_000, layout="mono")
        for minute in range(minutes):
            frame = av.AudioFrame(format="s16", layout="mono", samples=480_000)
            frame.planes[0].update(bytes(960_000))
            frame.sample_rate, frame.pts = 8_000, minute * 480_000
            written.mux(stream.encode(frame))
        written.mux(stream.encode(None))
    return target.getvalue()


def encoded(samples: bytes, container: str, codec: str, options: dict[str, str] | None = None) -> bytes:
    """Return samples of 16 bits at 16 kHz in a container; all three names are FFmpeg's."""
    with (
        tempfile.NamedTemporaryFile() as target,
        av.open(target.name, "w", format=container, options=options) as written,
    ):
        written.metadata["title"] = "A memo"
        stream = written.add_stream(codec, rate=16_000, layout="mono")
        assert isinstance(stream, av.AudioStream)
        for start in range(0, len(samples), 1_920):
            content = samples[start : start + 1_920]
            frame = av.AudioFrame(format="s16", layout="mono", samples=len(content) // 2)
            frame.planes[0].update(content + bytes(frame.planes[0].buffer_size - len(content)))
            frame.sample_rate, frame.pts = 16_000, start // 2
            written.mux(stream.encode(frame))
        written.mux(stream.encode(None))
        written.close()
        return Path(target.name).read_bytes()


def noise(seconds: float, loudness: int = 1_500, kind: str = "white") -> bytes:
    """Return sound in which nobody speaks, as samples of 16 bits at 16 kHz: `white`, `brown`, `hum` or `chord`."""
    chance, count = random.Random(1), int(seconds * 16_000)
    match kind:
        case "white":
            values = [chance.gauss(0, loudness) for _ in range(count)]
        case "brown":
            values = list(accumulate((chance.gauss(0, loudness / 5) for _ in range(count)), lambda a, b: a * 0.99 + b))
        case _:
            tones = (50, 150) if kind == "hum" else (220, 277, 330)
            values = [sum(loudness * math.sin(math.tau * tone * at / 16_000) for tone in tones) for at in range(count)]
    return array("h", (max(-32_768, min(32_767, round(value))) for value in values)).tobytes()


def wav(samples: bytes) -> bytes:
    """Return samples of 16 bits at 16 kHz as WAV."""
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(16_000)
        written.writeframes(samples)
    return file.getvalue()


def _samples(name: str) -> bytes:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
    with av.open(str(SOUNDS / name)) as source:
        frames = [each for frame in source.decode(audio=0) for each in resampler.resample(frame)]
    return b"".join(bytes(each.planes[0])[: each.samples * 2] for each in frames)
