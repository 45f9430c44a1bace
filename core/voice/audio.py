"""A recording as pieces, of which parts are made: with its codec as it is, or made anew."""

from __future__ import annotations  # at run time a packet has no parameter

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer, OutputContainer
from av.packet import Packet

RATE, BITS = 16_000, 24_000  # samples and bits a second of what is made anew: enough for speech
# A playlist would name other files, so that only containers are opened (FFmpeg, format_whitelist).
CONTAINERS = (
    "ogg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mp3,wav,w64,flac,aac,amr,aiff,au,caf,asf,avi,mpegts,mpeg,flv,ac3"
)
SAFE = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
ENDINGS = {"opus": "ogg", "vorbis": "ogg", "aac": "m4a", "mp3": "mp3", "flac": "flac"}


def open_container(path: str) -> InputContainer:
    """Open a recording, whatever it is called; raises FFmpegError."""
    return av.open(path, options=SAFE, metadata_errors="replace")


def codec_of(source: InputContainer) -> str:
    """Return the name of a recording's codec, whoever decodes it."""
    return str(source.streams.audio[0].codec_context.codec.canonical_name)


def read_samples(source: InputContainer) -> Iterator[memoryview]:
    """Yield the sound as samples of 16 bits, mono, in blocks of any length."""
    resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
    for frame in decode_frames(source):
        for each in resampler.resample(frame):
            yield samples_of(each)


def decode_frames(source: InputContainer) -> Iterator[AudioFrame]:
    """Yield what can be decoded; a damaged packet is passed over, as a player does."""
    for packet in source.demux(source.streams.audio[0]):
        try:
            yield from packet.decode()
        except av.FFmpegError:
            continue


def samples_of(frame: AudioFrame) -> memoryview:
    """Return a frame's samples; behind them a frame may hold more bytes."""
    return memoryview(bytes(frame.planes[0])[: frame.samples * 2]).cast("h")


class PassthroughAudio:
    """A recording whose parts keep its codec: nothing is lost, and next to no time."""

    most = 1_000  # pieces that are held to be said again; Opus has 50 a second

    def __init__(self, source: InputContainer) -> None:
        self._source = source
        self._stream = source.streams.audio[0]
        self._resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
        self.ending = ENDINGS[codec_of(source)]
        self._base = self._stream.time_base or Fraction(1, RATE)
        self.tick = float(self._base)  # seconds

    def pieces(self) -> Iterator[Packet[Any]]:
        """Yield the packets."""
        return (packet for packet in self._source.demux(self._stream) if packet.pts is not None and packet.size)

    def length(self, piece: Packet[Any]) -> int:
        """Return how many ticks a packet lasts."""
        return piece.duration or 0

    def samples(self, piece: Packet[Any]) -> list[memoryview]:
        """Return a packet's sound."""
        try:
            return [samples_of(each) for frame in piece.decode() for each in self._resampler.resample(frame)]  # type: ignore[arg-type]
        except av.FFmpegError:
            return []

    def stream(self, target: OutputContainer) -> Any:
        """Return where packets go."""
        return target.add_stream_from_template(self._stream)

    def write(self, target: OutputContainer, stream: Any, piece: Packet[Any], clock: int) -> int:
        """Put a packet into a part at the time `clock`; return the time after it."""
        length = piece.duration or 0
        piece.stream, piece.pts, piece.dts = stream, clock, clock
        target.mux(piece)
        piece.stream, piece.time_base = self._stream, self._base  # a muxer leaves its own
        piece.duration = length
        return clock + length

    def end(self, target: OutputContainer, stream: Any) -> None:
        """A codec that is copied holds nothing back."""


class OpusAudio:
    """A recording whose parts are made anew: mono Opus in Ogg."""

    ending = "ogg"
    tick = 1 / RATE  # seconds
    most = 200

    def __init__(self, source: InputContainer) -> None:
        self._source = source

    def pieces(self) -> Iterator[AudioFrame]:
        """Yield the sound in frames."""
        resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
        return (each for frame in decode_frames(self._source) for each in resampler.resample(frame))

    def length(self, piece: AudioFrame) -> int:
        """Return how many ticks a frame lasts."""
        return piece.samples

    def samples(self, piece: AudioFrame) -> list[memoryview]:
        """Return a frame's sound."""
        return [samples_of(piece)]

    def stream(self, target: OutputContainer) -> Any:
        """Return where frames go."""
        options = {"application": "voip", "compression_level": "0"}  # twice as fast, and as well understood
        stream = target.add_stream("libopus", rate=RATE, layout="mono", options=options)
        stream.bit_rate = BITS
        return stream

    def write(self, target: OutputContainer, stream: Any, piece: AudioFrame, clock: int) -> int:
        """Put a frame into a part at the time `clock`; return the time after it."""
        piece.pts, piece.time_base = clock, Fraction(1, RATE)
        target.mux(stream.encode(piece))
        return clock + piece.samples

    def end(self, target: OutputContainer, stream: Any) -> None:
        """Write what the encoder still holds."""
        target.mux(stream.encode(None))
