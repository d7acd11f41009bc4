"""A stranger's voice note becomes one that every phone plays. Loaded by `decode_child.py` alone.

In: WebM or Ogg (Chromium, Firefox) or MP4 (Safari) with one track of sound. Out: `voice.m4a`,
AAC-LC (ISO/IEC 14496-3), mono, without any metadata, its index in front so that it plays before it
is whole. What a file says of its own length is not believed: sound is counted as it is decoded.
"""

from array import array
from collections.abc import Iterator
from contextlib import suppress
from math import log10
from operator import mul
from typing import BinaryIO

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.container import InputContainer

RATE = 16_000
"""Samples a second: all that speech needs, and half of what music does."""
BIT_RATE = 14_500
"""As much as leaves a minute of anything below 150 KB: the encoder exceeds it for what is noisy."""
LEAST_SECONDS = 0.2
WINDOW = RATE // 10
SILENT_DB = -50.0
"""Louder than a phone's own noise in a quiet room, softer than a whisper held at arm's length."""

CODECS = {"opus", "vorbis", "aac"}
MOST_CHANNELS = 2
MOST_RATE = 96_000


class VoiceUnreadable(Exception):
    """No sound that a browser records: another container, another codec, or no track of sound."""

    code = "voice_unreadable"


class VoiceIsVideo(VoiceUnreadable):
    code = "voice_is_video"


class VoiceCorrupt(VoiceUnreadable):
    code = "voice_corrupt"


class VoiceTooLong(VoiceUnreadable):
    code = "voice_too_long"


def process(source: BinaryIO, limits: dict[str, int]) -> dict[str, object]:
    """Writes `voice.m4a`; returns its length in seconds and how loud its loudest moment is."""
    with _open(source) as recording:
        samples = _samples(recording, _track(recording), limits["max_seconds"] * RATE)
        length, loudest = _write(samples)
    if length < LEAST_SECONDS * RATE:
        raise VoiceCorrupt(f"{length} samples of sound")
    loudest_db = 10 * log10(max(loudest, 1e-9) / 32768**2)
    return {
        "type": "voice",
        "seconds": round(length / RATE, 2),
        "loudest_db": round(loudest_db, 1),
        "silent": loudest_db < SILENT_DB,
    }


def _open(source: BinaryIO) -> InputContainer:
    """By the one demuxer its first bytes call for: FFmpeg knows 300 more, which stay untried."""
    head = source.read(12)
    source.seek(0)
    if head.startswith(b"\x1aE\xdf\xa3"):
        kind = "matroska"
    elif head.startswith(b"OggS"):
        kind = "ogg"
    elif head[4:8] == b"ftyp":
        kind = "mp4"
    else:
        raise VoiceUnreadable(f"begins with {head.hex()}")
    try:
        opened = av.open(source, format=kind, options={"enable_drefs": "0"})
    except (av.FFmpegError, ValueError) as error:
        raise VoiceCorrupt(f"{kind}: {error}") from error
    assert isinstance(opened, InputContainer)
    return opened


def _track(recording: InputContainer) -> AudioStream:
    if recording.streams.video:
        raise VoiceIsVideo("it has pictures")
    if len(recording.streams.audio) != 1:
        raise VoiceUnreadable(f"{len(recording.streams.audio)} tracks of sound")
    track = recording.streams.audio[0]
    context = track.codec_context
    if context.name not in CODECS:
        raise VoiceUnreadable(f"codec {context.name}")
    if context.channels > MOST_CHANNELS or not 0 < context.sample_rate <= MOST_RATE:
        raise VoiceUnreadable(f"{context.channels} channels at {context.sample_rate} Hz")
    context.thread_count = 1
    return track


def _samples(recording: InputContainer, track: AudioStream, most: int) -> Iterator[AudioFrame]:
    """The sound at `RATE`, mono, in 16 bits; what was cut off or damaged ends it."""
    resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
    heard = 0
    for frame in _frames(recording, track, resampler):
        heard += frame.samples
        if heard > most:
            raise VoiceTooLong(f"more than {most // RATE} s")
        frame.pts = None
        yield frame


def _frames(
    recording: InputContainer, track: AudioStream, resampler: AudioResampler
) -> Iterator[AudioFrame]:
    with suppress(av.InvalidDataError, av.EOFError):
        for packet in recording.demux(track):
            # A gap between packets would be filled by nobody: what was said is joined together.
            for frame in packet.decode():
                frame.pts = None
                yield from resampler.resample(frame)
    yield from resampler.resample(None)


def _write(samples: Iterator[AudioFrame]) -> tuple[int, float]:
    """Encodes; returns the number of samples, and the mean square of the loudest tenth second."""
    length, loudest = 0, 0.0
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open("voice.m4a", "w", format="mp4", options=options) as file:
        track = file.add_stream("aac", rate=RATE, layout="mono")
        track.bit_rate = BIT_RATE
        track.codec_context.flags |= Flags.bitexact
        track.codec_context.thread_count = 1
        try:
            for frame in samples:
                length += frame.samples
                loudest = max(loudest, _loudest(frame))
                file.mux(track.encode(frame))
        except (av.FFmpegError, ValueError) as error:
            raise VoiceCorrupt(str(error)) from error
        file.mux(track.encode(None))
    return length, loudest


def _loudest(frame: AudioFrame) -> float:
    values = array("h", bytes(frame.planes[0])[: frame.samples * 2])
    windows = [values[at : at + WINDOW] for at in range(0, len(values), WINDOW)]
    return max((sum(map(mul, window, window)) / len(window) for window in windows), default=0.0)
