"""A stranger's voice note becomes one file that every phone plays, in a process that may be killed.

No two families of browsers record the same: Chromium writes WebM, Firefox Ogg, both with Opus, and
Safari MP4 with AAC. AAC in MP4 is what all of them play.
"""

import os
from pathlib import Path

import msgspec

from backend.media.child import (
    DECODERS,
    ChildFailed,
    ChildFell,
    ChildLimits,
    ChildTookTooLong,
    Refusal,
    run_child,
)
from backend.media.schemas import VOICE_BYTES, VOICE_SECONDS

VOICE_NAME = "voice.m4a"


class VoiceRefused(Exception):
    """This recording cannot be used. `code` is stable; the text is for logs, not for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class VoiceDecoderFailed(Exception):
    """The decoder ended without an answer. Trying again may help."""

    code = "voice_decoder_failed"


class VoiceLimits(ChildLimits, frozen=True):
    """What one voice note may cost."""

    # A phone counts the seconds by its clock and stops a little late.
    max_seconds: int = VOICE_SECONDS + 2


class ProcessedVoice(msgspec.Struct, frozen=True, tag_field="type", tag="voice"):
    """What was made of it: mono, AAC, no metadata. `loudest_db` is the loudest tenth of a second.

    In decibels below full scale; `silent` if nobody would hear anything. `peak_bytes` is the memory
    that took at most (0: unknown).
    """

    seconds: float
    loudest_db: float
    silent: bool
    peak_bytes: int


_REPLY: msgspec.json.Decoder[ProcessedVoice | Refusal] = msgspec.json.Decoder(
    ProcessedVoice | Refusal
)


async def process_voice(
    source: Path, out_dir: Path, limits: VoiceLimits | None = None
) -> ProcessedVoice:
    """Make `voice.m4a` of the recording `source` in the existing folder `out_dir`.

    Raises:
        VoiceRefused: voice_unreadable, voice_is_video, voice_corrupt, voice_too_long,
            voice_too_large, voice_took_too_long; asking again is useless.
        VoiceDecoderFailed
    """
    async with DECODERS:
        try:
            with source.open("rb") as recording:
                size = os.fstat(recording.fileno()).st_size
                if size > VOICE_BYTES:
                    raise VoiceRefused("voice_too_large", f"{size} bytes")
                line = await run_child("voice", recording, out_dir, limits or VoiceLimits())
        except ChildTookTooLong as error:
            raise VoiceRefused("voice_took_too_long", str(error)) from error
        except ChildFell as error:
            raise VoiceRefused("voice_corrupt", str(error)) from error
        except ChildFailed as error:
            raise VoiceDecoderFailed(str(error)) from error
    try:
        reply = _REPLY.decode(line)
    except msgspec.DecodeError as error:
        raise VoiceDecoderFailed(f"its answer makes no sense: {line[:200]!r}") from error
    if isinstance(reply, Refusal):
        if reply.code == VoiceDecoderFailed.code:
            raise VoiceDecoderFailed(reply.detail)
        raise VoiceRefused(reply.code, reply.detail)
    return reply
