"""Just enough HTTP/1.1 to know where a request and its answer end, and to answer in between."""

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Final

CAPTIVE_PAGE: Final = (
    b"<!doctype html><title>Wi-Fi</title><h1>Welcome! Please accept our terms.</h1>"
)
ERROR_PAGE: Final = (
    b"<html><head><title>Error</title></head><body><center>nginx</center></body></html>"
)


@dataclass
class Asked:
    """The head of one request."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def length(self) -> int:
        return int(self.headers.get("content-length", "0"))

    @property
    def label(self) -> str:
        return self.headers.get("host", "").partition(".")[0]

    @property
    def is_stream(self) -> bool:
        return self.path.startswith("/api/events")


@dataclass
class Answer:
    """The head of one answer, and its body when it was read whole."""

    status: int
    headers: dict[str, str]
    raw: bytes
    body: bytes = b""


def parse_request(raw: bytes) -> Asked:
    first, *lines = raw.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    return Asked(method, path, _parse_headers(lines), raw)


def _parse_headers(lines: list[str]) -> dict[str, str]:
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return headers


async def read_answer(reader: asyncio.StreamReader, asked: Asked) -> Answer:
    raw = await reader.readuntil(b"\r\n\r\n")
    first, *lines = raw.decode("latin-1").split("\r\n")
    answer = Answer(int(first.split(" ")[1]), _parse_headers(lines), raw)
    if asked.method == "HEAD" or answer.status in {204, 304}:
        return answer
    if "content-length" in answer.headers:
        answer.body = await reader.readexactly(int(answer.headers["content-length"]))
    elif answer.headers.get("transfer-encoding") == "chunked":
        answer.body = await _read_chunks(reader)
    return answer


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    """All chunks as they came, framing included (RFC 9112 §7.1)."""
    whole = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        whole += line + await reader.readexactly(size + 2)
        if size == 0:
            return whole


def page_answer(status: str, body: bytes, *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: text/html", f"Content-Length: {len(body)}", *more]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _problem(status: int, title: str, code: str, retry_after: int) -> bytes:
    body = json.dumps(
        {"type": "about:blank", "title": title, "status": status, "detail": title, "code": code}
    ).encode()
    return (
        f"HTTP/1.1 {status} {title}\r\nContent-Type: application/problem+json\r\n"
        f"Retry-After: {retry_after}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def early_answer(kind: str) -> bytes | None:
    """What somebody on the way answers in the server's place."""
    match kind:
        case "captive_portal":
            return page_answer("200 OK", CAPTIVE_PAGE)
        case "bad_gateway":
            return page_answer("502 Bad Gateway", ERROR_PAGE)
        case "busy":
            return _problem(503, "Service Unavailable", "unavailable", 1)
        case "too_many":
            return _problem(429, "Too Many Requests", "quota_exceeded", 1)
    return None


def with_length(answer: Answer, length: int) -> bytes:
    raw = re.sub(rb"(?i)\r\ntransfer-encoding:[^\r]*", b"", answer.raw)
    if b"content-length" in raw.lower():
        return re.sub(rb"(?i)(\r\ncontent-length:)[^\r]*", rb"\g<1> %d" % length, raw)
    return raw.removesuffix(b"\r\n") + b"Content-Length: %d\r\n\r\n" % length
