"""What Firefox records becomes what everybody plays, Firefox among them (R3)."""

import base64
from pathlib import Path
from typing import Any, Final

import pytest

from backend.media.sound import VOICE_NAME, process_voice
from tests.engines.driving import Browser, Firefox
from tests.engines.test_abilities import blank_page

pytestmark = pytest.mark.engines

__all__ = ["blank_page"]

# As `recording.svelte.ts` does it.
_RECORD: Final = """
const type = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4;codecs=mp4a.40.2',
  'audio/mp4'].find((one) => MediaRecorder.isTypeSupported(one));
const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
const recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: 14000 });
const pieces = [];
recorder.ondataavailable = ({ data }) => pieces.push(data);
const ended = new Promise((resolve) => { recorder.onstop = resolve; });
recorder.start(1000);
await new Promise((done) => setTimeout(done, 5000));
recorder.stop();
await ended;
const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
const text = bytes.reduce((so_far, byte) => so_far + String.fromCharCode(byte), '');
return { type: type.split(';')[0], base64: btoa(text) };
"""

_LENGTH: Final = """
const audio = new Audio('data:audio/mp4;base64,' + given[0]);
return await new Promise((resolve) => {
  audio.onloadedmetadata = () => resolve(audio.duration);
  audio.onerror = () => resolve(`${audio.error?.code}: ${audio.error?.message}`);
  setTimeout(() => resolve('nothing'), 20000);
});
"""


async def test_what_firefox_records_is_made_playable_and_played(
    engine: type[Browser],
    browser: Browser,
    blank_page: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await browser.goto(blank_page)
    if engine is not Firefox:
        return  # see LACKS: the engine is asked whether that is still so
    made: dict[str, Any] = await browser.run(_RECORD)
    data = base64.b64decode(made["base64"])
    (tmp_path / "original").write_bytes(data)
    voice = await process_voice(tmp_path / "original", tmp_path)
    with capsys.disabled():
        minute = len(data) / voice.seconds * 60 / 1000
        print(f"\nFirefox records {made['type']}, {minute:.0f} KB a minute")
    assert 3 < voice.seconds < 12
    assert not voice.silent
    assert minute <= 150
    sound = base64.b64encode((tmp_path / VOICE_NAME).read_bytes()).decode()
    assert await browser.run(_LENGTH, sound) == pytest.approx(voice.seconds, abs=0.3)
