"""From an address in the settings to an open store."""

import re
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from media_store.errors import InvalidMediaStoreUrl
from media_store.local import LocalMediaStore
from media_store.protocol import MediaStore
from media_store.s3 import S3Address, S3MediaStore

_YES_NO = {"1": True, "true": True, "0": False, "false": False}
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_S3_OPTIONS = {"secure", "region", "ca"}


def open_media_store(url: str) -> MediaStore:
    """Open `file:///srv/khupho/media` or an `s3://` address.

    `s3://KEY:SECRET@host:9000/bucket?secure=0&region=eu-1&ca=/path.pem`.

    Key and secret are percent-encoded where they hold `/`, `:`, `@`, `+` or `%`. `secure` (default
    1) means HTTPS, `ca` a file of private authorities. Only the shape is checked and the folder
    made: ask `check()` whether the store answers. Raises `InvalidMediaStoreUrl`, whose message is
    safe to log.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        # The cause would carry the address, and with it the secret, into a log.
        raise InvalidMediaStoreUrl("not an address: check brackets and port") from None
    if parts.scheme == "file":
        return LocalMediaStore(_folder(parts))
    if parts.scheme == "s3":
        try:
            return S3MediaStore(_s3_address(parts))
        except InvalidMediaStoreUrl:
            raise
        except ValueError:
            raise InvalidMediaStoreUrl("not an S3 address: check the host") from None
    raise InvalidMediaStoreUrl("must begin with file:/// or s3://")


def _folder(parts: SplitResult) -> Path:
    if parts.netloc or parts.query or parts.fragment or not parts.path.startswith("/"):
        raise InvalidMediaStoreUrl("a folder is written file:///absolute/path")
    return Path(unquote(parts.path))


def _s3_address(parts: SplitResult) -> S3Address:
    if not (parts.username and parts.password):
        raise InvalidMediaStoreUrl("an S3 address needs KEY:SECRET@ before the host")
    if not parts.hostname:
        raise InvalidMediaStoreUrl("an S3 address needs a host")
    bucket = parts.path.strip("/")
    if not _BUCKET.fullmatch(bucket):
        raise InvalidMediaStoreUrl("an S3 address ends in /bucket: 3 to 63 of a-z, 0-9, '.', '-'")
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if options.keys() - _S3_OPTIONS:
        raise InvalidMediaStoreUrl("the options of an S3 address are secure, region and ca")
    secure = _YES_NO.get(options.get("secure", "1").lower())
    if secure is None:
        raise InvalidMediaStoreUrl("secure is 0 or 1")
    ca_file = Path(options["ca"]) if "ca" in options else None
    if ca_file and not ca_file.is_file():
        raise InvalidMediaStoreUrl(f"there is no file {ca_file} (option ca)")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return S3Address(
        endpoint=f"{host}:{parts.port}" if parts.port else host,
        bucket=bucket,
        access_key=unquote(parts.username),
        secret_key=unquote(parts.password),
        secure=secure,
        region=options.get("region", "us-east-1"),
        ca_file=ca_file,
    )
