"""What an engine can do that the app relies on, and what it cannot do here, by name.

A line of `LACKS` that is no longer true fails, too: then the app may do more there, or the rest of
these tests.
"""

import functools
import http.server
import threading
from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from tests.engines.driving import Browser

NEEDED: Final[Mapping[str, str]] = {
    "secure context at localhost": "return isSecureContext;",
    "SHA-256": """
        return (await crypto.subtle.digest('SHA-256', new Uint8Array(3))).byteLength === 32;""",
    "service worker": "return 'serviceWorker' in navigator && 'caches' in window;",
    "Web Lock, held once": """
        let second = 'nobody asked';
        await navigator.locks.request('one', async () => {
          second = await navigator.locks.request('one', { ifAvailable: true }, (lock) => lock);
        });
        return second === null;""",
    "IndexedDB that waits for the disk": """
        const db = await new Promise((resolve, reject) => {
          const opening = indexedDB.open('ability', 1);
          opening.onupgradeneeded = () => opening.result.createObjectStore('photos');
          opening.onsuccess = () => resolve(opening.result);
          opening.onerror = () => reject(opening.error);
        });
        const tx = db.transaction('photos', 'readwrite', { durability: 'strict' });
        tx.objectStore('photos').put({ bytes: new Uint8Array([1, 2, 3]).buffer }, 'a');
        await new Promise((resolve, reject) => {
          tx.oncomplete = resolve;
          tx.onabort = () => reject(tx.error);
        });
        const asked = db.transaction('photos').objectStore('photos').get('a');
        await new Promise((resolve) => { asked.onsuccess = resolve; });
        db.close();
        return tx.durability === 'strict' && asked.result.bytes instanceof ArrayBuffer
          && new Uint8Array(asked.result.bytes).join() === '1,2,3';""",
    "words between tabs": """
        const [a, b] = [new BroadcastChannel('x'), new BroadcastChannel('x')];
        const heard = new Promise((resolve) => { b.onmessage = (e) => resolve(e.data); });
        a.postMessage('word');
        const word = await heard;
        a.close(); b.close();
        return word === 'word';""",
    "a canvas in a worker": "return 'convertToBlob' in OffscreenCanvas.prototype;",
    "a time limit beside a wish to stop": """
        const end = new AbortController();
        const limit = AbortSignal.timeout(1500);
        for (const signal of [new AbortController().signal, limit])
          signal.addEventListener('abort', () => end.abort(signal.reason));
        return await given_up(end.signal);""",
    "names sorted for people": "return new Intl.Collator('vi').compare('đ', 'e') < 0;",
    "Persian calendar": """
        return new Intl.DateTimeFormat('fa-IR-u-ca-persian', { year: 'numeric' })
          .format(new Date('2026-11-21')).includes('۱۴۰۵');""",
    "events while open": "return typeof EventSource === 'function';",
}

LACKS: Final[Mapping[str, Mapping[str, str]]] = {
    "WebKit": {
        "Background Sync": "Safari has none: what waits goes when the app is opened",
        "web push": "WebKitGTK is built without; on iPhones an installed app has it, untested here",
        "a promise to keep what is stored": "WebKitGTK knows no navigator.storage.persist; on "
        "iPhones an app on the home screen is kept anyway",
        "the browser's own offline switch": "no protocol for it: the line is cut by our proxy",
        "closing in order": "WebKitWebDriver leaves our window standing: closing is killing",
        "a time limit inside AbortSignal.any": "WebKit 2.50 may collect it, and then it never "
        "comes (19 of 20 in a trial, 0 of 1 in another); `client.ts` joins them by hand",
        "two tabs": "one window of one view; Chromium plays two tabs",
        "recording a voice": "WebKitGTK offers no format here, so the button is not shown; iPhones "
        "record MP4 with AAC, which is decoded in `tests/media/test_sound.py`",
        "playing a voice note": "WebKitGTK is without a decoder of AAC here; Safari has its own",
    },
    "Firefox": {
        "Background Sync": "has none: what waits goes when the app is opened",
        "web push": "Mozilla's push service is out of reach; the subscription is not tried here",
        "the browser's own offline switch": "the line is cut by our proxy, as with WebKit",
        "two tabs": "Chromium plays two tabs",
    },
}
"""What cannot be shown here, and why; what is in `ABSENT` was asked of the engine itself."""

_NO_SYNC: Final = "return !('SyncManager' in window);"
ABSENT: Final[Mapping[str, Mapping[str, str]]] = {
    "WebKit": {
        "Background Sync": _NO_SYNC,
        "web push": "return !('PushManager' in window);",
        "a promise to keep what is stored": "return !navigator.storage?.persist;",
        "recording a voice": """
            return typeof MediaRecorder === 'undefined'
              || !['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4'].some(
                (type) => MediaRecorder.isTypeSupported(type));""",
        "playing a voice note": """
            return new Audio().canPlayType('audio/mp4; codecs="mp4a.40.2"') === '';""",
    },
    "Firefox": {"Background Sync": _NO_SYNC},
}


GIVEN_UP: Final = """
async function given_up(signal) {
  // Much is thrown away meanwhile: what nobody holds is collected.
  const litter = setInterval(
    () => Array.from({ length: 20000 }, (_, i) => ({ i, text: `x${i}` })), 20);
  const asked = fetch('/silence', { signal }).then(() => false, () => true);
  const enough = new Promise((resolve) => setTimeout(() => resolve(false), 5000));
  const ended = await Promise.race([asked, enough]);
  clearInterval(litter);
  return ended;
}
"""
"""Whether a request that nobody answers ends by that signal."""


@pytest.fixture(scope="module")
def blank_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("blank")
    (folder / "index.html").write_text("<!doctype html><title>blank</title>")
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://ability.localhost:{server.server_port}/"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/silence":
            self.rfile.read(1)
        else:
            super().do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.engines
async def test_the_engine_can_do_what_the_app_relies_on(
    browser: Browser, blank_page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await browser.goto(blank_page)
    version = await browser.run("return navigator.userAgent;")
    missing = [name for name, script in NEEDED.items() if not await browser.run(GIVEN_UP + script)]
    with capsys.disabled():
        print(f"\n{browser.name}: {version}")
        for name, why in LACKS[browser.name].items():
            print(f"  cannot do here: {name} ({why})")
    assert missing == []
    for name, script in ABSENT[browser.name].items():
        assert await browser.run(GIVEN_UP + script), f"{browser.name} has {name} now: use it"


def test_what_was_asked_of_an_engine_is_said_of_it() -> None:
    assert set(LACKS) == set(ABSENT) == {"WebKit", "Firefox"}
    assert all(set(ABSENT[name]) <= set(LACKS[name]) for name in LACKS)
