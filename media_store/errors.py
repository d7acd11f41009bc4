"""What can go wrong where bytes live. Callers never see an error of the disk or of the S3 SDK."""


class MediaStoreError(Exception):
    """Every error of this package; `code` is stable and may be logged or mapped by the caller."""

    code = "media_store_error"


class MediaNotFound(MediaStoreError):
    """Nothing is stored under that key."""

    code = "media_not_found"


class MediaStoreUnavailable(MediaStoreError):
    """The store did not answer, refused us, or answered nonsense. Trying again later may help."""

    code = "media_store_unavailable"


class MediaStoreFull(MediaStoreError):
    """No room: the disk, the quota or the bucket is full. Trying again at once does not help."""

    code = "media_store_full"


class MediaRangeInvalid(MediaStoreError):
    """The asked part of the object begins at or after its end."""

    code = "media_range_invalid"


class InvalidMediaKey(MediaStoreError, ValueError):
    """The key is not one a store accepts; see `check_key`."""

    code = "media_key_invalid"


class InvalidMediaStoreUrl(MediaStoreError, ValueError):
    """A store's address cannot be used. The message never repeats it: it may hold a secret."""

    code = "media_store_url_invalid"
