"""A database and a media store of each test's own: a deep look sees all there is."""

from tests.backup.conftest import Source, api, connection, source

__all__ = ["Source", "api", "connection", "source"]
