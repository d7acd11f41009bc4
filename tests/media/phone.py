"""A phone that speaks tus, and photos for it to send."""

import hashlib
import uuid
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path

import httpx

from tests.conftest import Person

PIECE = 64 * 1024
TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = {**TUS, "Content-Type": "application/offset+octet-stream"}


def base64(value: str | bytes) -> str:
    return b64encode(value.encode() if isinstance(value, str) else value).decode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def checksum(data: bytes, algorithm: str = "sha256") -> dict[str, str]:
    return {"Upload-Checksum": f"{algorithm} {base64(hashlib.new(algorithm, data).digest())}"}


def announcement(data: bytes, content_type: str = "image/jpeg") -> dict[str, str]:
    return {
        **TUS,
        "Upload-Length": str(len(data)),
        "Upload-Metadata": f"sha256 {base64(sha256(data))},type {base64(content_type)}",
    }


async def create(
    person: Person, data: bytes, content_type: str = "image/jpeg", **headers: str
) -> httpx.Response:
    return await person.client.post(
        "/api/uploads", headers={**announcement(data, content_type), **headers}
    )


async def location(person: Person, data: bytes, content_type: str = "image/jpeg") -> str:
    answer = await create(person, data, content_type)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


async def append(
    person: Person, url: str, offset: int, data: bytes, **headers: str
) -> httpx.Response:
    return await person.client.patch(
        url,
        headers={**CHUNK, "Upload-Offset": str(offset), **headers},
        content=data,
    )


async def offset_of(person: Person, url: str) -> int:
    answer = await person.client.head(url, headers=TUS)
    assert answer.status_code == 200, answer.status_code
    return int(answer.headers["upload-offset"])


async def send(person: Person, data: bytes, content_type: str = "image/jpeg") -> str:
    """The whole upload, piece by piece with checksums, as the app does it. Returns its address."""
    url = await location(person, data, content_type)
    for start in range(0, len(data), PIECE):
        piece = data[start : start + PIECE]
        answer = await append(person, url, start, piece, **checksum(piece))
        assert answer.status_code == 204, answer.text
        assert answer.headers["upload-offset"] == str(start + len(piece))
    return url


def upload_id(url: str) -> uuid.UUID:
    return uuid.UUID(url.rsplit("/", 1)[-1])


def part_of(person: Person, url: str) -> Path:
    from backend.settings import get_settings

    folder = get_settings().var_dir / "uploads" / str(person.account_id)
    return folder / f"{upload_id(url)}.part"


class Wire:
    """One request at the application's own door, whose body comes when the test says so."""

    def __init__(
        self, app: object, person: Person, method: str, path: str, headers: dict[str, str]
    ) -> None:
        import asyncio

        self._app = app
        self._coming: asyncio.Queue[dict[str, object]] = asyncio.Queue()
        self.reading = asyncio.Event()
        """Set when the application asks for the body."""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        cookies = "; ".join(f"{name}={value}" for name, value in person.client.cookies.items())
        raw = {"host": "localhost:8000", "cookie": cookies, **headers}
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in raw.items()],
            "server": ("localhost", 8000),
            "client": ("127.0.0.1", 1),
            "state": {},
        }

    def arrives(self, chunks: Iterable[bytes]) -> None:
        for chunk in chunks:
            self._coming.put_nowait({"type": "http.request", "body": chunk, "more_body": True})

    def breaks_off(self) -> None:
        self._coming.put_nowait({"type": "http.disconnect"})

    async def run(self) -> "Wire":
        async def send(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]  # type: ignore[assignment]
                self.headers = {
                    name.decode(): value.decode()
                    for name, value in message["headers"]  # type: ignore[attr-defined]
                }
            else:
                self.body += message.get("body", b"")  # type: ignore[operator]

        async def receive() -> dict[str, object]:
            self.reading.set()
            return await self._coming.get()

        await self._app(self._scope, receive, send)  # type: ignore[operator]
        return self
