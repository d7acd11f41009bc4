"""The address in the settings: what it may say, and what it never gives away."""

from pathlib import Path

import pytest

from media_store import InvalidMediaStoreUrl, LocalMediaStore, S3MediaStore, open_media_store

SECRET = "very-secret"


async def test_a_folder_with_spaces_and_marks(tmp_path: Path) -> None:
    folder = tmp_path / "ảnh khu phố"
    store = open_media_store(folder.as_uri())
    assert isinstance(store, LocalMediaStore)
    await store.check()
    assert folder.is_dir()


async def test_a_bucket(tmp_path: Path) -> None:
    authority = tmp_path / "own.pem"
    authority.touch()
    store = open_media_store(
        f"s3://key:{SECRET}@[::1]:9000/photos?secure=0&region=vn-1&ca={authority}"
    )
    assert isinstance(store, S3MediaStore)
    assert repr(store) == "S3MediaStore('[::1]:9000', bucket='photos')"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/srv/media",
        "http://host/bucket",
        "file://srv/media",
        "file:relative",
        "file:///srv/media?x=1",
        f"s3://key:{SECRET}@/bucket",
        f"s3://key:{SECRET}@host",
        f"s3://key:{SECRET}@host/a/b",
        f"s3://key:{SECRET}@host:port/bucket",
        f"s3://key:{SECRET}@host:99999/bucket",
        f"s3://key:{SECRET}@[::1/bucket",
        f"s3://key:{SECRET}@host/bucket?secure=maybe",
        f"s3://key:{SECRET}@host/bucket?regoin=x",
        f"s3://key:{SECRET}@host/bucket?ca=/no/such/file",
        f"s3://key:{SECRET}@host/B!",
        f"s3://:{SECRET}@host/bucket",
        "s3://key@host/bucket",
        "s3://host/bucket",
    ],
)
async def test_a_wrong_address_is_refused_without_repeating_the_secret(url: str) -> None:
    with pytest.raises(InvalidMediaStoreUrl) as refused:
        open_media_store(url)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None, "a cause would be logged with the address in it"
