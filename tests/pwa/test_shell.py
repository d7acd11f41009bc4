"""The app's shell in a real browser: languages, looks, without a network, notifications."""

import json
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests.pwa.built import APP, BUILD

pytestmark = pytest.mark.e2e

CHROMIUM: Final = {
    "executable_path": "/usr/bin/chromium",
    "args": [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    ],
}
LOCALES: Final = {"vi": "vi-VN", "fa": "fa-IR", "en": "en-GB"}
SCREENS: Final = ("/", "/me", "/there/is/no/such/screen")
REPORT: Final = "0192a7c8-1111-7000-8000-000000000001"


class Server:
    """The file server as a process of its own, which can be stopped and started on its port."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", "--interface", "asgi", "--log-level", "error"),
                *("--host", "127.0.0.1", "--port", str(self.port), "tests.pwa.shell_server:app"),
            ],
            cwd=APP.parent,
        )
        wait_for(self.answers)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.origin}/", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=10)


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)  # between two looks, never instead of one


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    if not (BUILD / "index.html").exists():
        pytest.fail("the app is not built: run `npm run build` in pwa/")
    server = Server()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(**CHROMIUM)  # type: ignore[arg-type]
    yield browser
    browser.close()


@pytest.fixture
def phone(
    playwright: Playwright, server: Server, tmp_path: Path
) -> Iterator[Callable[[str], BrowserContext]]:
    """Opens (or, called again, starts anew) the browser of one phone; what it stored stays."""
    opened: list[BrowserContext] = []

    def start(language: str) -> BrowserContext:
        for context in opened:
            context.close()
        opened.clear()
        opened.append(
            playwright.chromium.launch_persistent_context(
                str(tmp_path),
                **CHROMIUM,  # type: ignore[arg-type]
                locale=LOCALES[language],
                viewport={"width": 360, "height": 720},
                permissions=["notifications"],
            )
        )
        return opened[0]

    yield start
    for context in opened:
        context.close()


def open_screen(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("h1")
    return page


def settled(page: Page) -> None:
    """The worker has the whole app and watches over this page."""
    wait_for(lambda: page.evaluate("navigator.serviceWorker.controller?.state === 'activated'"))


@pytest.mark.parametrize("language", ["vi", "fa", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_320_pixels(
    browser: Browser, server: Server, language: str, scheme: str
) -> None:
    axe = (APP / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
    context = browser.new_context(
        locale=LOCALES[language],
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": 320, "height": 640},
        bypass_csp=True,  # only axe itself needs it
        service_workers="block",
    )
    for path in SCREENS:
        page = open_screen(context, server.origin + path)
        page.add_script_tag(content=axe)
        found = page.evaluate("axe.run(document).then((result) => result.violations)")
        assert found == [], json.dumps(found, indent=1)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{path} scrolls sideways"
        page.close()
    context.close()


@pytest.mark.parametrize("language", ["vi", "fa", "en"])
def test_nothing_scrolls_sideways_with_text_twice_as_large(
    browser: Browser, server: Server, language: str
) -> None:
    context = browser.new_context(
        locale=LOCALES[language], viewport={"width": 320, "height": 640}, service_workers="block"
    )
    for path in SCREENS:
        page = open_screen(context, server.origin + path)
        page.evaluate("document.documentElement.style.fontSize = '225%'")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    context.close()


def test_the_policy_of_scripts_and_trusted_types_is_kept(browser: Browser, server: Server) -> None:
    context = browser.new_context(locale="vi-VN")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in SCREENS:
        page.goto(server.origin + path)
        page.wait_for_selector("h1")
    settled(page)
    assert [text for text in complaints if re.search("Security|Trusted|Error", text)] == []
    context.close()


def test_the_language_changes_at_once_and_is_remembered(browser: Browser, server: Server) -> None:
    context = browser.new_context(locale="en-GB", service_workers="block")
    page = open_screen(context, f"{server.origin}/me")
    page.evaluate("window.sameDocument = true")
    page.get_by_label("فارسی").check()
    wait_for(lambda: page.inner_text("h1") == "من و تنظیمات")
    assert page.evaluate("document.documentElement.dir") == "rtl"
    assert page.evaluate("document.querySelector('link[rel=manifest]').href").endswith(
        "/manifest.fa.webmanifest"
    )
    assert page.evaluate("window.sameDocument")
    circle, name = page.get_by_label("English"), page.get_by_text("English", exact=True)
    assert circle.bounding_box()["x"] > name.bounding_box()["x"]  # type: ignore[index]
    page.reload()
    page.wait_for_selector("h1")
    assert page.inner_text("h1") == "من و تنظیمات"
    context.close()


@pytest.mark.parametrize(
    ("wishes", "language"), [("fr-FR", "vi"), ("fa", "fa"), ("en-US", "en"), ("vi", "vi")]
)
def test_a_new_phone_speaks_its_owners_language_or_vietnamese(
    browser: Browser, server: Server, wishes: str, language: str
) -> None:
    context = browser.new_context(locale=wishes, service_workers="block")
    page = open_screen(context, server.origin)
    assert page.evaluate("document.documentElement.lang") == language
    context.close()


def test_only_persian_fetches_a_font(browser: Browser, server: Server) -> None:
    for language in LOCALES:
        context = browser.new_context(locale=LOCALES[language], service_workers="block")
        page = context.new_page()
        fonts: list[str] = []
        page.on(
            "request",
            lambda request, to=fonts: (
                to.append(request.url) if request.resource_type == "font" else None
            ),
        )
        page.goto(server.origin)
        page.wait_for_selector("h1")
        page.evaluate("document.fonts.ready.then(() => true)")
        assert bool(fonts) == (language == "fa"), language
        context.close()


def test_a_killed_app_starts_without_a_network_on_any_screen(
    phone: Callable[[str], BrowserContext], server: Server
) -> None:
    page = open_screen(phone("fa"), server.origin)
    settled(page)
    wait_for(
        lambda: page.evaluate(
            "caches.match('/').then(async () => { for (const name of await caches.keys())"
            " for (const kept of await (await caches.open(name)).keys())"
            " if (kept.url.endsWith('.woff2')) return true; return false; })"
        )
    )
    server.stop()
    try:
        context = phone("fa")
        for path in SCREENS:
            page = open_screen(context, server.origin + path)
            assert page.inner_text("h1")
        page = open_screen(context, f"{server.origin}/me")
        assert page.evaluate("document.fonts.load('18px Vazirmatn', 'سلام').then((f) => f.length)")
        page.get_by_label("Tiếng Việt").check()
        wait_for(lambda: page.inner_text("h1") == "Tôi và cài đặt")
    finally:
        server.start()


def test_a_shared_photo_waits_for_the_report_screen(
    phone: Callable[[str], BrowserContext], server: Server
) -> None:
    page = open_screen(phone("vi"), server.origin)
    settled(page)
    server.stop()
    try:
        kept = page.evaluate(
            """async () => {
                const form = new FormData();
                const type = 'image/jpeg';
                form.append('photos', new File([new Uint8Array([1, 2, 3])], 'ảnh.jpg', { type }));
                const options = { method: 'POST', body: form, redirect: 'manual' };
                const answer = await fetch('/share', options);
                const inbox = await caches.open('share-inbox');
                const [file, ...more] = await inbox.keys();
                const photo = await (await inbox.match(file)).blob();
                return [answer.type, 1 + more.length, photo.size];
            }"""
        )
        assert kept == ["opaqueredirect", 1, 3]
    finally:
        server.start()


@pytest.mark.parametrize(
    ("payload", "title", "direction", "url"),
    [
        (
            {"v": 1, "kind": "state", "detail": "resolved", "report": REPORT, "lang": "fa"},
            "مشکل باید برطرف شده باشد",
            "rtl",
            f"/reports/{REPORT}",
        ),
        (
            {"v": 1, "kind": "question", "detail": None, "report": REPORT, "lang": "vi"},
            "Có câu hỏi cho bạn",
            "ltr",
            f"/reports/{REPORT}",
        ),
        ({"v": 9, "kind": "from the future"}, "Có tin mới cho bạn", "ltr", "/"),
        ("not JSON", "Có tin mới cho bạn", "ltr", "/"),
        ({"v": 1, "kind": "state", "report": "//evil"}, "Có tin mới cho bạn", "ltr", "/"),
    ],
)
def test_a_push_shows_a_notice_in_the_persons_language(
    phone: Callable[[str], BrowserContext],
    server: Server,
    payload: dict[str, object] | str,
    title: str,
    direction: str,
    url: str,
) -> None:
    context = phone("en")
    page = open_screen(context, server.origin)
    settled(page)
    worker = context.service_workers[0]
    # Asking the browser for its notices too early takes them away again: note them as they pass.
    worker.evaluate(
        """() => {
            self.noted = [];
            const show = ServiceWorkerRegistration.prototype.showNotification;
            ServiceWorkerRegistration.prototype.showNotification = async function (title, options) {
                await show.call(this, title, options);
                self.noted.push([title, options.dir, options.data.url]);
            };
        }"""
    )
    push(context, page, server, payload if isinstance(payload, str) else json.dumps(payload))
    wait_for(lambda: worker.evaluate("self.noted.length"))
    assert worker.evaluate("self.noted") == [[title, direction, url]]


def test_touching_a_notice_leads_the_open_window_there(
    phone: Callable[[str], BrowserContext], server: Server
) -> None:
    context = phone("en")
    page = open_screen(context, f"{server.origin}/me")
    settled(page)
    page.evaluate("window.sameDocument = true")
    # Only a finger can touch a real one; its event is the same.
    context.service_workers[0].evaluate(
        """() => {
            const notification = { data: { url: '/' }, close() {} };
            const event = new ExtendableEvent('notificationclick');
            Object.defineProperty(event, 'notification', { value: notification });
            self.dispatchEvent(event);
        }"""
    )
    wait_for(lambda: page.evaluate("location.pathname") == "/")
    assert page.evaluate("window.sameDocument")


def push(context: BrowserContext, page: Page, server: Server, data: str) -> None:
    """Lets the browser deliver a real push event to the app's worker."""
    devtools = context.new_cdp_session(page)
    registrations: list[str] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registrations.extend(one["registrationId"] for one in event["registrations"]),
    )
    devtools.send("ServiceWorker.enable")
    wait_for(lambda: page.evaluate("true") and registrations)
    devtools.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": server.origin, "registrationId": registrations[0], "data": data},
    )


def test_photos_are_kept_for_the_person_signed_in_and_nobody_else(
    phone: Callable[[str], BrowserContext], server: Server
) -> None:
    page = open_screen(phone("vi"), server.origin)
    settled(page)

    def tell(message: dict[str, str]) -> None:
        page.evaluate("(m) => navigator.serviceWorker.controller.postMessage(m)", message)

    def keeper() -> object:
        return page.evaluate(
            "caches.open('photos').then((c) => c.match('/session')).then((r) => r?.text() ?? null)"
        )

    tell({"type": "signed-in", "session": "alice"})
    wait_for(lambda: keeper() == "alice")
    page.evaluate(
        "caches.open('photos').then((c) => c.put('/api/photos/1/thumb', new Response('photo')))"
    )
    fetch = "fetch('/api/photos/1/thumb').then((r) => r.status)"
    assert page.evaluate(fetch) == 200
    tell({"type": "signed-in", "session": "dariush"})
    wait_for(lambda: keeper() == "dariush")
    assert page.evaluate(fetch) == 503
    tell({"type": "signed-out"})
    wait_for(lambda: keeper() is None)


def test_an_update_is_offered_and_taken_only_when_asked(
    phone: Callable[[str], BrowserContext], server: Server
) -> None:
    page = open_screen(phone("en"), f"{server.origin}/me")
    settled(page)
    worker = BUILD / "service-worker.js"
    packed = [worker.with_name(worker.name + end) for end in (".br", ".gz")]
    before = {path: path.read_bytes() for path in (worker, *packed)}
    try:
        server.stop()
        for path in packed:
            path.unlink()
        worker.write_text(before[worker].decode() + "\n// a newer version\n", encoding="utf-8")
        server.start()
        page.evaluate("navigator.serviceWorker.ready.then((r) => r.update()).then(() => true)")
        offer = page.get_by_role("button", name="Use it now")
        offer.wait_for()
        with page.expect_event("load"):
            offer.click()
        page.wait_for_selector("h1")
        assert offer.count() == 0
    finally:
        server.stop()
        for path, content in before.items():
            path.write_bytes(content)
        server.start()
