"""Voice notes as browsers record them, made here: WebM and Ogg with Opus, MP4 with AAC."""

import io
import math
import random
from array import array
from fractions import Fraction
from functools import cache
from typing import Final

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

FORMATS: Final = {
    "audio/webm": ("webm", "libopus"),
    "audio/ogg": ("ogg", "libopus"),
    "audio/mp4": ("mp4", "aac"),
}
RATE: Final = 48_000
_STEP: Final = 960


def recording(
    content_type: str = "audio/webm",
    seconds: float = 3,
    *,
    loudness: float = 0.3,
    bit_rate: int = 16_000,
    pictures: bool = False,
    channels: int = 1,
) -> bytes:
    """A voice-like sound: syllables of changing pitch; no two are the same file.

    `loudness` 0 is silence. With `pictures` there is a track of them, as in a video.
    """
    container, codec = FORMATS[content_type]
    file = io.BytesIO()
    # Second by second, as the app asks a browser for it.
    options = {"movflags": "empty_moov", "frag_duration": "1000000"} if container == "mp4" else {}
    with av.open(file, "w", format=container, options=options) as made:
        made.metadata["title"] = f"Nha toi o so 12, {random.random()}"
        layout = "mono" if channels == 1 else "stereo"
        sound = made.add_stream(codec, rate=RATE, layout=layout)
        sound.bit_rate = bit_rate
        drawn = (
            made.add_stream("vp8" if container == "webm" else "mpeg4", rate=5) if pictures else None
        )
        if drawn is not None:
            drawn.width, drawn.height, drawn.pix_fmt = 64, 64, "yuv420p"
        total = round(seconds * RATE)
        for start in range(0, total, _STEP):
            count = min(_STEP, total - start)
            frame = AudioFrame("s16", layout, count)
            frame.planes[0].update(_tone(start, count, loudness, channels).tobytes())
            frame.rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
            made.mux(sound.encode(frame))
        made.mux(sound.encode(None))
        if drawn is not None:
            for number in range(math.ceil(seconds * 5)):
                picture = VideoFrame(64, 64, "yuv420p")
                picture.pts, picture.time_base = number, Fraction(1, 5)
                made.mux(drawn.encode(picture))
            made.mux(drawn.encode(None))
    return file.getvalue()


@cache
def _second(loudness: float, channels: int) -> "array[int]":
    values = array("h")
    for at in range(RATE):
        moment = at / RATE
        pitch = 140 + 60 * math.sin(2 * math.pi * moment)
        swell = max(0.0, math.sin(6 * math.pi * moment))
        wave = sum(math.sin(2 * math.pi * pitch * k * moment) / k for k in (1, 2, 3))
        values.extend([round(loudness * swell * wave * 16_000)] * channels)
    return values


def _tone(start: int, count: int, loudness: float, channels: int) -> "array[int]":
    second = _second(loudness, channels)
    at = start % RATE
    return (second + second)[at * channels : (at + count) * channels]


class Heard:
    """What is in a file that people get."""

    def __init__(self, data: bytes) -> None:
        with av.open(io.BytesIO(data)) as file:
            (track,) = file.streams
            self.format = file.format.name
            self.codec = track.codec_context.name
            self.channels = track.codec_context.channels
            self.metadata = {**file.metadata, **track.metadata}
            self.seconds = sum(frame.samples / frame.sample_rate for frame in file.decode(track))
