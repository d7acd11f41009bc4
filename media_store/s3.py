"""Media in a bucket of any S3 server, through the MinIO SDK (path style)."""

import io
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from xml.etree.ElementTree import ParseError

import urllib3
from minio import Minio
from minio.datatypes import Object
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from media_store.errors import (
    MediaNotFound,
    MediaRangeInvalid,
    MediaStoreError,
    MediaStoreFull,
    MediaStoreUnavailable,
)
from media_store.protocol import CHUNK_BYTES, MediaEntry, MediaReader, check_key, check_prefix
from media_store.threads import CallThreads

CONNECTIONS = 8
CONNECT_SECONDS = 3.0
READ_SECONDS = 15.0
# One part, so one atomic request, for every photo: the SDK holds a part in memory, CONNECTIONS at
# most.
PART_BYTES = 32 * 1024 * 1024

_MISSING = {"NoSuchKey", "NoSuchObject", "NotFound"}
# MinIO, Ceph, SeaweedFS and Garage each have a name of their own for "no room"; 507 is the common
# one.
_FULL = {
    "QuotaExceeded",
    "XMinioStorageFull",
    "XMinioAdminBucketQuotaExceeded",
    "InsufficientStorage",
    "EntityTooLarge",
}
_INSUFFICIENT_STORAGE = 507
_PARTIAL_CONTENT = 206


@dataclass(frozen=True, slots=True)
class S3Address:
    """How to reach a bucket. `endpoint` is `host:port`; `ca_file` a PEM file of authorities."""

    endpoint: str
    bucket: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    secure: bool = True
    region: str = "us-east-1"
    ca_file: Path | None = None


class S3MediaStore:
    """A `MediaStore` in one bucket, which must exist: nothing here makes or configures it."""

    def __init__(self, address: S3Address) -> None:
        self._bucket = address.bucket
        self._endpoint = address.endpoint
        self._threads = CallThreads(CONNECTIONS)
        self._pool = urllib3.PoolManager(
            maxsize=CONNECTIONS,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            retries=urllib3.Retry(
                total=2, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]
            ),
            cert_reqs="CERT_REQUIRED",
            # None: what the system trusts, where an administrator adds an authority of their own.
            ca_certs=str(address.ca_file) if address.ca_file else None,
        )
        self._client = Minio(
            address.endpoint,
            access_key=address.access_key,
            secret_key=address.secret_key,
            secure=address.secure,
            # Named, so that the SDK never asks the server for it.
            region=address.region,
            http_client=self._pool,
        )
        self._client.disable_virtual_style_endpoint()  # type: ignore[no-untyped-call]

    def __repr__(self) -> str:
        return f"S3MediaStore({self._endpoint!r}, bucket={self._bucket!r})"

    async def put_file(self, key: str, path: Path, *, content_type: str) -> int:
        """See `MediaStore.put_file`."""
        check_key(key)

        def upload() -> int:
            with path.open("rb") as file:
                return self._put(key, file, path.stat().st_size, content_type)

        return await self._threads.run(upload)

    async def put_bytes(self, key: str, data: bytes, *, content_type: str) -> int:
        """See `MediaStore.put_bytes`."""
        check_key(key)
        return await self._threads.run(self._put, key, io.BytesIO(data), len(data), content_type)

    async def open(self, key: str, *, offset: int = 0, length: int | None = None) -> MediaReader:
        """See `MediaStore.open`."""
        response = await self._threads.run(self._get, check_key(key), offset, length)
        carried = int(response.headers.get("content-length", "0"))
        # "bytes 0-99/1234" (RFC 9110, 14.4): what follows the slash is the size of the whole.
        whole = response.headers.get("content-range", "").rpartition("/")[2]

        def read(count: int) -> bytes:
            with _s3_errors(key):
                chunk = response.read(count)
            if not chunk:
                raise MediaStoreUnavailable(f"{key} ended before its {carried} bytes")
            return chunk

        return MediaReader(
            size=int(whole) if whole.isdecimal() else carried,
            offset=offset,
            length=carried,
            read=read,
            close=lambda: _give_back(response),
            threads=self._threads,
        )

    async def read(self, key: str) -> bytes:
        """See `MediaStore.read`."""
        return await self._threads.run(self._read, check_key(key))

    async def get_file(self, key: str, path: Path) -> int:
        """See `MediaStore.get_file`."""
        check_key(key)

        def download() -> int:
            response = self._get(key, 0, None)
            try:
                with path.open("wb") as target:
                    while chunk := self._next(key, response):
                        target.write(chunk)
                    return target.tell()
            finally:
                _give_back(response)

        return await self._threads.run(download)

    async def stat(self, key: str) -> MediaEntry:
        """See `MediaStore.stat`."""
        check_key(key)

        def stat() -> MediaEntry:
            with _s3_errors(key):
                return _entry(key, self._client.stat_object(self._bucket, key))

        return await self._threads.run(stat)

    async def exists(self, key: str) -> bool:
        """See `MediaStore.exists`."""
        try:
            await self.stat(key)
        except MediaNotFound:
            return False
        return True

    async def delete(self, key: str) -> None:
        """See `MediaStore.delete`."""
        check_key(key)

        def remove() -> None:
            # S3 answers 204 for an absent object; some servers say 404 all the same.
            try:
                with _s3_errors(key):
                    self._client.remove_object(self._bucket, key)
            except MediaNotFound:
                return

        await self._threads.run(remove)

    def list(self, prefix: str = "") -> AsyncIterator[MediaEntry]:
        """See `MediaStore.list`."""
        return self._threads.iterate(self._walk(check_prefix(prefix)))

    async def check(self) -> None:
        """See `MediaStore.check`: one HEAD of the bucket."""

        def head() -> bool:
            with _s3_errors(self._bucket):
                return self._client.bucket_exists(self._bucket)

        if not await self._threads.run(head):
            raise MediaStoreUnavailable(f"there is no bucket {self._bucket} at {self._endpoint}")

    async def close(self) -> None:
        """See `MediaStore.close`."""
        self._threads.close()
        self._pool.clear()

    def _put(self, key: str, data: BinaryIO, size: int, content_type: str) -> int:
        with _s3_errors(key):
            self._client.put_object(
                self._bucket,
                key,
                data,
                size,
                content_type=content_type,
                part_size=PART_BYTES,
                num_parallel_uploads=1,
            )
        return size

    def _get(self, key: str, offset: int, length: int | None) -> BaseHTTPResponse:
        with _s3_errors(key):
            response = self._client.get_object(self._bucket, key, offset=offset, length=length or 0)
        if offset and response.status != _PARTIAL_CONTENT:
            _give_back(response)
            raise MediaStoreUnavailable(f"the server at {self._endpoint} ignores byte ranges")
        return response

    def _read(self, key: str) -> bytes:
        response = self._get(key, 0, None)
        try:
            return b"".join(iter(lambda: self._next(key, response), b""))
        finally:
            _give_back(response)

    def _next(self, key: str, response: BaseHTTPResponse) -> bytes:
        with _s3_errors(key):
            return response.read(CHUNK_BYTES)

    def _walk(self, prefix: str) -> Iterator[MediaEntry]:
        with _s3_errors(prefix):
            for found in self._client.list_objects(self._bucket, prefix=prefix, recursive=True):
                yield _entry(found.object_name, found)


def _entry(key: str, found: Object) -> MediaEntry:
    return MediaEntry(key, found.size or 0, found.last_modified or datetime.fromtimestamp(0, UTC))


def _give_back(response: BaseHTTPResponse) -> None:
    # A connection whose answer was not read to its end cannot be used again: close, then release.
    response.close()
    response.release_conn()


@contextmanager
def _s3_errors(key: str) -> Iterator[None]:
    """Speak of the server's and the network's errors in the store's own words."""
    try:
        yield
    except MediaStoreError:
        raise
    except (MinioException, HTTPError) as error:
        raise _translated(key, error) from error
    except (ParseError, ValueError) as error:
        # Not S3's answer (a proxy, a wrong address): the SDK lets the parser's error out.
        raise MediaStoreUnavailable(f"{key}: not an S3 answer: {error}") from error


def _translated(key: str, error: MinioException | HTTPError) -> MediaStoreError:
    if isinstance(error, S3Error):
        if error.code in _MISSING:
            return MediaNotFound(key)
        if error.code == "InvalidRange":
            return MediaRangeInvalid(key)
        if error.code in _FULL or error.response.status == _INSUFFICIENT_STORAGE:
            return MediaStoreFull(f"{key}: {error.code}")
        return MediaStoreUnavailable(f"{key}: {error.code}: {error.message}")
    # The status of these two is in an attribute, or only in the text, of the SDK's class.
    status = error.status_code if isinstance(error, ServerError) else None
    if isinstance(error, InvalidResponseError):
        status = error._code
    if status == _INSUFFICIENT_STORAGE:
        return MediaStoreFull(f"{key}: the server has no room")
    return MediaStoreUnavailable(f"{key}: {type(error).__name__}: {error}"[:300])
