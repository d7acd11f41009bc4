"""Seeds that once found something, with what it was. They are played in every run of the tests."""

from typing import Final

KEPT: Final[dict[int, str]] = {}
