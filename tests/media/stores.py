"""The application's media store, on a local disk and on a real S3 server."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from media_store import MediaStore


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)])
async def store(request: pytest.FixtureRequest, api: object) -> AsyncIterator[MediaStore]:
    """The store the running application uses during this test."""
    if request.param == "s3":
        server = request.getfixturevalue("s3_server")
        async for opened in using(server.url(server.new_bucket())):
            yield opened
    else:
        from backend.media.store import media_store

        yield media_store()


async def using(url: str) -> AsyncIterator[MediaStore]:
    """Puts the store at `url` in the place of the application's own."""
    from backend.media import service
    from backend.media.store import media_store
    from backend.settings import get_settings

    await service.close_store()
    service.open_store(msgspec.structs.replace(get_settings(), media_url=url))
    try:
        yield media_store()
    finally:
        await service.close_store()
        service.open_store(get_settings())
