"""The built app's files, asked for without a browser."""

import httpx
import pytest
from litestar.types import Receive, Scope, Send

from backend.static import AppFiles
from tests.pwa.built import BUILD


async def _no_api(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError(f"the API was asked for {scope['path']}")


@pytest.fixture
def files() -> httpx.AsyncClient:
    app = AppFiles(_no_api, BUILD)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),  # type: ignore[arg-type]
        base_url="http://localhost",
    )


async def test_a_photo_shared_before_the_worker_runs_opens_a_report(
    files: httpx.AsyncClient,
) -> None:
    photo = {"photos": ("lamp.jpg", b"\xff\xd8\xff" * 100_000, "image/jpeg")}
    answer = await files.post("/share", files=photo)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/report"
    assert (await files.get("/report")).text == (BUILD / "index.html").read_text("utf-8")


async def test_no_style_or_script_of_somebody_else_is_let_in(files: httpx.AsyncClient) -> None:
    policy = (await files.get("/")).headers["content-security-policy"]
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
