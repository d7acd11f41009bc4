"""The built app on disk: precompressed files, the shell for every screen's address, CSP."""

import base64
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from servestatic import ServeStaticASGI

if TYPE_CHECKING:
    from wsgiref.headers import Headers

SHARE_PATH: Final = "/share"
"""The manifest's share target: answered by the service worker, and by us while there is none."""
API_PATHS: Final = ("/api/", "/open311/", "/healthz", "/metrics")
_INLINE_SCRIPT: Final = re.compile(rb"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)

_ANNOUNCER_STYLE: Final = "'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='"
"""The one style attribute in the built app: SvelteKit's line that reads out a new screen's name."""

SECURITY_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(self)",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def content_security_policy(shell: bytes, tiles_origin: str | None) -> str:
    """Only our own scripts: by origin, and the shell's inline starter by its hash (CSP3 §2.3.1)."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"
        for script in _INLINE_SCRIPT.findall(shell)
    )
    tiles = f" {tiles_origin}" if tiles_origin else ""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {hashes}".rstrip(),
            f"style-src 'self' 'unsafe-hashes' {_ANNOUNCER_STYLE}",
            f"img-src 'self' blob: data:{tiles}",
            "media-src 'self' blob:",
            f"connect-src 'self'{tiles}",
            "worker-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        )
    )


class AppFiles:
    """Serves the built app in front of the API.

    Hashed files are immutable for a year. Any other address a browser navigates to gets the shell,
    `index.html`, which must be asked for anew each time.
    """

    def __init__(self, api: ASGIApp, folder: Path, tiles_origin: str | None = None) -> None:
        self.api = api
        shell = folder / "index.html"
        policy = content_security_policy(
            shell.read_bytes() if shell.exists() else b"", tiles_origin
        )

        def add_headers(headers: "Headers", path: str, _url: str) -> None:
            for name, value in SECURITY_HEADERS.items():
                headers[name] = value
            headers["Content-Security-Policy"] = policy
            if path.endswith((".html", "service-worker.js", ".webmanifest", "version.json")):
                headers["Cache-Control"] = "no-cache"

        self.files = ServeStaticASGI(
            cast("Any", api),
            root=folder if folder.exists() else None,
            index_file=True,
            max_age=3600,
            allow_all_origins=False,
            immutable_file_test=r"^/_app/immutable/",
            mimetypes={".webmanifest": "application/manifest+json"},
            add_headers_function=add_headers,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["path"].startswith(API_PATHS):
            await self.api(scope, receive, _with_headers(send))
            return
        if scope["path"] == SHARE_PATH and scope["method"] == "POST":
            await _begin_report(receive, send)
            return
        asks_for_a_screen = (
            scope["path"] not in self.files.files
            and scope["method"] in {"GET", "HEAD"}
            and "." not in scope["path"].rsplit("/", 1)[-1]
            and "/" in self.files.files
        )
        if asks_for_a_screen:
            scope = cast("Scope", {**scope, "path": "/", "raw_path": b"/"})
        await self.files(cast("Any", scope), cast("Any", receive), cast("Any", send))


async def _begin_report(receive: Receive, send: Send) -> None:
    """What was shared cannot be kept without a service worker: the person begins with the camera.

    The body is taken in first, or the browser would say that the connection broke.
    """
    more = True
    while more:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body", False)
    headers = [(b"location", b"/report"), (b"content-length", b"0"), *_RAW_HEADERS]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


_RAW_HEADERS = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [
                *message["headers"],
                *(header for header in _RAW_HEADERS if header[0] not in present),
            ]
        await send(message)

    return send_with_headers
