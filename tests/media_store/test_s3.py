"""What only a server can do wrong. The refusals come from a small server that speaks HTTP."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from minio import Minio

from media_store import (
    MediaStore,
    MediaStoreFull,
    MediaStoreUnavailable,
    open_media_store,
)
from tests.fixtures.s3 import S3Server

WEBP = "image/webp"
ERROR_XML = "<Error><Code>{code}</Code><Message>no</Message></Error>"

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def server_that_answers(answer: Answer) -> Iterator[MediaStore]:
    class Handler(BaseHTTPRequestHandler):
        def do_ANY(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", "0")))
            answer(self)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_ANY  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield open_media_store(f"s3://k:s@127.0.0.1:{server.server_port}/bucket?secure=0")
        finally:
            server.shutdown()
            thread.join()


def refusal(status: int, code: str | None, kind: str = "application/xml") -> Answer:
    body = (ERROR_XML.format(code=code) if code else "no").encode()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("content-type", kind)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (507, "XMinioStorageFull", "application/xml"),
        (507, "SomethingNew", "application/xml"),
        (403, "QuotaExceeded", "application/xml"),
        (507, None, "text/plain"),
    ],
)
async def test_a_full_server_is_told_from_a_broken_one(
    status: int, code: str | None, kind: str
) -> None:
    with server_that_answers(refusal(status, code, kind)) as store:
        with pytest.raises(MediaStoreFull):
            await store.put_bytes("photo", b"data", content_type=WEBP)
        await store.close()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (503, "SlowDown", "application/xml"),
        (500, "InternalError", "application/xml"),
        (403, "SignatureDoesNotMatch", "application/xml"),
        (404, "NoSuchBucket", "application/xml"),
        (200, None, "text/html"),
        (502, None, "text/html"),
    ],
)
async def test_a_broken_server_is_unavailable_and_never_missing(
    status: int, code: str | None, kind: str
) -> None:
    with server_that_answers(refusal(status, code, kind)) as store:
        with pytest.raises(MediaStoreUnavailable):
            _ = [entry async for entry in store.list()]
        if status != 200:
            with pytest.raises(MediaStoreUnavailable):
                await store.read("photo")
        await store.close()


async def test_an_answer_cut_short_is_never_passed_off_as_whole() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-length", "1000000")
        handler.end_headers()
        handler.wfile.write(b"x" * 1000)

    with server_that_answers(answer) as store:
        with pytest.raises(MediaStoreUnavailable):
            await store.read("photo")
        with pytest.raises(MediaStoreUnavailable):
            async with await store.open("photo") as reader:
                _ = [chunk async for chunk in reader]
        await store.close()


async def test_a_server_that_ignores_ranges_cannot_hand_out_the_wrong_bytes() -> None:
    with server_that_answers(refusal(200, None, "image/webp")) as store:
        with pytest.raises(MediaStoreUnavailable):
            await store.open("photo", offset=1)
        await store.close()


async def test_nobody_listening_is_unavailable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        store = open_media_store(f"s3://k:s@127.0.0.1:{unused.getsockname()[1]}/bucket?secure=0")
        with pytest.raises(MediaStoreUnavailable):
            await store.check()
        with pytest.raises(MediaStoreUnavailable):
            await store.put_bytes("photo", b"data", content_type=WEBP)
        await store.close()


@pytest.mark.s3
async def test_a_wrong_secret_and_a_missing_bucket_are_said_by_name(s3_server: S3Server) -> None:
    bucket = s3_server.new_bucket()
    wrong = open_media_store(f"s3://khupho-test:wrong@{s3_server.endpoint}/{bucket}?secure=0")
    with pytest.raises(MediaStoreUnavailable):
        await wrong.check()
    await wrong.close()
    absent = open_media_store(s3_server.url("no-such-bucket"))
    with pytest.raises(MediaStoreUnavailable, match="no-such-bucket"):
        await absent.check()
    await absent.close()


@pytest.mark.s3
async def test_the_type_is_kept_for_whoever_looks_into_the_bucket(s3_server: S3Server) -> None:
    bucket = s3_server.new_bucket()
    store = open_media_store(s3_server.url(bucket))
    await store.put_bytes("photo", b"data", content_type=WEBP)
    client = Minio(
        s3_server.endpoint,
        access_key=s3_server.access_key,
        secret_key=s3_server.secret_key,
        secure=False,
    )
    assert client.stat_object(bucket, "photo").content_type == WEBP
    await store.close()
