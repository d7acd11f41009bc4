"""Where bytes live: local disk or any S3, behind one protocol. Knows nothing of the application."""

from media_store.address import open_media_store
from media_store.errors import (
    InvalidMediaKey,
    InvalidMediaStoreUrl,
    MediaNotFound,
    MediaRangeInvalid,
    MediaStoreError,
    MediaStoreFull,
    MediaStoreUnavailable,
)
from media_store.local import LocalMediaStore
from media_store.protocol import MediaEntry, MediaReader, MediaStore, check_key
from media_store.s3 import S3Address, S3MediaStore

__all__ = [
    "InvalidMediaKey",
    "InvalidMediaStoreUrl",
    "LocalMediaStore",
    "MediaEntry",
    "MediaNotFound",
    "MediaRangeInvalid",
    "MediaReader",
    "MediaStore",
    "MediaStoreError",
    "MediaStoreFull",
    "MediaStoreUnavailable",
    "S3Address",
    "S3MediaStore",
    "check_key",
    "open_media_store",
]
