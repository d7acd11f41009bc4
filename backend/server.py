"""The HTTP server process: granian around `backend.app:create_app`."""

import os
import resource
from typing import Final

from granian import Granian
from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings

from backend.settings import Settings

STOP_SECONDS: Final = 20
BACKLOG: Final = 4096
"""Lines the system holds for us until we take them; Linux has 4096 at most by default."""
OTHER_FILES: Final = 512
"""Of the files a process may have open: database, photos, the app, and some to spare."""


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; requests in hand are answered first."""
    os.environ.setdefault("DATABASE_URL", settings.database_url or "")
    _allow_open_files(settings.connections + OTHER_FILES)
    server = Granian(
        "backend.app:create_app",
        factory=True,
        interface=Interfaces.ASGI,
        address=settings.host,
        port=settings.port,
        workers=settings.server_processes,
        backlog=BACKLOG,
        # Granian's own default takes 1,024 lines and lets the rest wait unanswered.
        backpressure=settings.connections,
        loop=Loops.uvloop,
        websockets=False,
        log_access=False,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        http1_settings=HTTP1Settings(header_read_timeout=30_000, keep_alive=True),
    )
    server.serve()


def _allow_open_files(wanted: int) -> None:
    """Many systems give a process 1,024 at first, and more for the asking."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
