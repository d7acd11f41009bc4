"""Photos to try: real ones, where they are at hand."""

from pathlib import Path

import pytest

from tests.fixtures.realdata import realdata

__all__ = ["realdata"]


@pytest.fixture(scope="session")
def photos(realdata: Path) -> Path:
    return realdata / "photos"
