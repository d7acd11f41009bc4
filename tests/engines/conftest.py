"""Which engine, and whether it is there: in CI it must be."""

import os
from collections.abc import AsyncIterator

import pytest

from tests.engines.driving import Browser, Firefox, WebKit, missing

ENGINES: list[type[Browser]] = [WebKit, Firefox]


@pytest.fixture(scope="module", params=ENGINES, ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest) -> type[Browser]:
    kind: type[Browser] = request.param
    reason = missing(kind)
    if reason and os.environ.get("CI"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    return kind


@pytest.fixture(scope="module")
async def browser(
    engine: type[Browser], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Browser]:
    """A running browser with an empty profile, for tests that share one."""
    running = engine(tmp_path_factory.mktemp("profile"))
    await running.start()
    try:
        yield running
    finally:
        await put_away(running)


async def put_away(browser: Browser) -> None:
    """Closed, and its screen with it."""
    await browser.close()
    if isinstance(browser, WebKit):
        browser.end_display()
