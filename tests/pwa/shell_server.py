"""The built app behind the real file server (its headers, its CSP), with an API that is down."""

from litestar.types import Receive, Scope, Send

from backend.static import AppFiles
from tests.pwa.built import BUILD


async def _down(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 503, "headers": []})  # type: ignore[typeddict-item]
        await send({"type": "http.response.body", "body": b"", "more_body": False})


app = AppFiles(_down, BUILD)  # type: ignore[arg-type]
