"""What WebKit and Firefox record becomes what everybody plays, and they play it (R3)."""

import base64
from pathlib import Path
from typing import Any, Final

import pytest

from backend.media.sound import VOICE_NAME, process_voice
from tests.engines.driving import Browser
from tests.engines.test_abilities import blank_page
from tests.media.recordings import FORMATS

pytestmark = pytest.mark.engines

__all__ = ["blank_page"]

# No engine here has a microphone: a tone made in the page stands for it.
_RECORD: Final = """
if (typeof MediaRecorder === 'undefined') return { lacks: 'MediaRecorder' };
const asked = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4;codecs=mp4a.40.2',
  'audio/mp4'].find((type) => MediaRecorder.isTypeSupported(type));
if (!asked) return { lacks: 'a format of sound to record' };
const context = new AudioContext();
await Promise.race([context.resume(), new Promise((done) => setTimeout(done, 3000))]);
if (context.state !== 'running') return { lacks: 'a way to make a tone' };
const tone = context.createOscillator();
const outlet = context.createMediaStreamDestination();
tone.frequency.value = 220;
tone.connect(outlet);
tone.start();
const recorder = new MediaRecorder(outlet.stream, { mimeType: asked, audioBitsPerSecond: 16000 });
const pieces = [];
recorder.ondataavailable = ({ data }) => pieces.push(data);
const ended = new Promise((resolve) => { recorder.onstop = resolve; });
recorder.start(1000);
await new Promise((done) => setTimeout(done, 3500));
recorder.stop();
await ended;
const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
const text = bytes.reduce((so_far, byte) => so_far + String.fromCharCode(byte), '');
return { type: asked.split(';')[0], base64: btoa(text) };
"""

_PLAYS: Final = """
const audio = new Audio('data:audio/mp4;base64,' + arguments_[0]);
return await new Promise((resolve) => {
  audio.onloadedmetadata = () => resolve(audio.duration);
  audio.onerror = () => resolve(-(audio.error?.code ?? 9));
  setTimeout(() => resolve(0), 10000);
});
"""


async def test_what_this_engine_records_is_made_playable(
    browser: Browser, blank_page: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await browser.goto(blank_page)
    page = await browser.element("return document.documentElement;")
    await browser.press(page)
    made: dict[str, Any] = await browser.run(_RECORD)
    if lacks := made.get("lacks"):
        pytest.skip(f"{browser.name} has no {lacks} here; there the button is not shown")
    data = base64.b64decode(made["base64"])
    assert made["type"] in FORMATS
    (tmp_path / "original").write_bytes(data)
    voice = await process_voice(tmp_path / "original", tmp_path)
    with capsys.disabled():
        rate = len(data) * 8 / voice.seconds / 1000
        print(f"\n{browser.name} records {made['type']}, {rate:.0f} kbit/s")
    assert 2 < voice.seconds < 6
    assert not voice.silent
    sound = base64.b64encode((tmp_path / VOICE_NAME).read_bytes()).decode()
    length = await browser.run(f"const arguments_ = ['{sound}']; {_PLAYS}")
    assert length == pytest.approx(voice.seconds, abs=0.3)
