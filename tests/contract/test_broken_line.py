"""A line that breaks within a request is daily life, not a mistake of the server."""

from typing import Any

from tests.conftest import World


async def test_a_body_that_is_cut_off_is_no_error_of_ours(world: World, api: Any) -> None:
    """Found by the fault harness: every broken line stood in the log as an unexpected error."""
    cookie = next(iter(world.alice.client.cookies.jar)).value
    sent: list[dict[str, Any]] = []
    pieces = iter([{"type": "http.request", "body": b'{"seq"', "more_body": True}])

    async def receive() -> dict[str, Any]:
        return next(pieces, {"type": "http.disconnect"})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "PUT",
        "scheme": "http",
        "path": "/api/notifications/read",
        "raw_path": b"/api/notifications/read",
        "query_string": b"",
        "headers": [
            (b"host", b"localhost:8000"),
            (b"cookie", f"khupho={cookie}".encode()),
            (b"content-type", b"application/json"),
            (b"content-length", b"100"),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 8000),
        "root_path": "",
        "extensions": {},
    }
    await api(scope, receive, send)
    assert [m["status"] for m in sent if m["type"] == "http.response.start"] == [400]
