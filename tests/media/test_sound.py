"""Whatever a browser records becomes one file that all of them play; everything else is refused."""

from pathlib import Path

import pytest

from backend.media.schemas import VOICE_BYTES
from backend.media.sound import (
    VOICE_NAME,
    ProcessedVoice,
    VoiceDecoderFailed,
    VoiceLimits,
    VoiceRefused,
    process_voice,
)
from tests.media.recordings import FORMATS, Heard, recording


async def made(data: bytes, folder: Path) -> tuple[ProcessedVoice, Heard]:
    (folder / "original").write_bytes(data)
    voice = await process_voice(folder / "original", folder)
    return voice, Heard((folder / VOICE_NAME).read_bytes())


async def refused(data: bytes, folder: Path) -> str:
    (folder / "original").write_bytes(data)
    with pytest.raises(VoiceRefused) as error:
        await process_voice(folder / "original", folder)
    return error.value.code


@pytest.mark.parametrize("content_type", sorted(FORMATS))
async def test_every_browsers_recording_becomes_one_that_all_play(
    content_type: str, tmp_path: Path
) -> None:
    voice, heard = await made(recording(content_type, 3), tmp_path)
    assert voice.seconds == pytest.approx(3, abs=0.15)
    assert not voice.silent
    assert (heard.codec, heard.channels) == ("aac", 1)
    assert heard.format.startswith("mov,mp4")
    assert heard.seconds == pytest.approx(voice.seconds, abs=0.15)


@pytest.mark.parametrize(
    ("content_type", "bit_rate"), [("audio/webm", 16_000), ("audio/mp4", 16_000)]
)
async def test_a_minute_is_no_larger_than_promised(
    content_type: str, bit_rate: int, tmp_path: Path
) -> None:
    sent = recording(content_type, 60, bit_rate=bit_rate)
    voice, _ = await made(sent, tmp_path)
    assert len(sent) <= 150_000
    assert (tmp_path / VOICE_NAME).stat().st_size <= 150_000
    assert voice.seconds == pytest.approx(60, abs=0.2)
    assert voice.peak_bytes < 100 * 1024 * 1024


async def test_nothing_of_the_phone_or_the_person_is_left_in_it(tmp_path: Path) -> None:
    await made(recording("audio/mp4"), tmp_path)
    data = (tmp_path / VOICE_NAME).read_bytes()
    for trace in (b"Nha toi", b"Lavf", b"Lavc", b"\xa9too"):
        assert trace not in data
    # Its index stands in front: it plays before all of it is there.
    assert data.index(b"moov") < data.index(b"mdat")
    header = data[data.index(b"mvhd") + 8 :]
    assert header[:8] == bytes(8), "when it was made"


async def test_silence_is_taken_and_said(tmp_path: Path) -> None:
    voice, _ = await made(recording(loudness=0), tmp_path)
    assert voice.silent
    quiet, _ = await made(recording(loudness=0.02), tmp_path)
    assert not quiet.silent


async def test_ten_minutes_are_refused_whatever_the_file_says_of_itself(tmp_path: Path) -> None:
    long = recording("audio/ogg", 64, bit_rate=6_000)
    assert await refused(long, tmp_path) == "voice_too_long"
    assert await refused(recording(seconds=600, loudness=0, bit_rate=6_000), tmp_path) == (
        "voice_too_long"
    )


@pytest.mark.parametrize("content_type", ["audio/webm", "audio/mp4"])
async def test_a_video_is_no_voice_note(content_type: str, tmp_path: Path) -> None:
    assert await refused(recording(content_type, 1, pictures=True), tmp_path) == "voice_is_video"


@pytest.mark.parametrize("content_type", sorted(FORMATS))
async def test_of_a_recording_cut_short_what_there_is_can_be_heard(
    content_type: str, tmp_path: Path
) -> None:
    whole = recording(content_type, 5)
    voice, _ = await made(whole[: len(whole) * 2 // 3], tmp_path)
    assert 1 < voice.seconds < 4.5


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "voice_unreadable"),
        (b"Xin chao" * 100, "voice_unreadable"),
        (b"\xff\xd8\xff\xe0" + bytes(3000), "voice_unreadable"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(5000), "voice_unreadable"),
        (b"\x1aE\xdf\xa3" + b"x" * 5000, "voice_corrupt"),
        (b"OggS" + bytes(5000), "voice_corrupt"),
        (b"\x00\x00\x00\x18ftypisom" + bytes(5000), "voice_corrupt"),
        (recording("audio/mp4", 5)[:600], "voice_corrupt"),
        (recording(seconds=0.1), "voice_corrupt"),
    ],
)
async def test_what_is_no_recording_is_refused(data: bytes, code: str, tmp_path: Path) -> None:
    assert await refused(data, tmp_path) == code
    assert not (tmp_path / VOICE_NAME).exists() or code == "voice_corrupt"


async def test_more_bytes_than_any_browser_makes_are_not_even_opened(tmp_path: Path) -> None:
    assert await refused(bytes(VOICE_BYTES + 1), tmp_path) == "voice_too_large"


async def test_a_decoder_that_takes_too_long_or_fails_is_ended(tmp_path: Path) -> None:
    (tmp_path / "original").write_bytes(recording(seconds=1))
    with pytest.raises(VoiceRefused) as error:
        await process_voice(tmp_path / "original", tmp_path, VoiceLimits(wall_seconds=0))
    assert error.value.code == "voice_took_too_long"
    with pytest.raises((VoiceDecoderFailed, VoiceRefused)):
        await process_voice(tmp_path / "original", tmp_path, VoiceLimits(memory_bytes=30_000_000))
