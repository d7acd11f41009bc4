"""Each contract test runs on a local disk and on a real S3 server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from media_store import MediaStore, open_media_store
from tests.fixtures.s3 import S3Server


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[MediaStore]:
    if request.param == "s3":
        server: S3Server = request.getfixturevalue("s3_server")
        opened = open_media_store(server.url(server.new_bucket()))
    else:
        opened = open_media_store((tmp_path / "media").as_uri())
    yield opened
    await opened.close()
