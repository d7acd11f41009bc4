"""The HTTP server process: granian around `backend.app:create_app`."""

import os

from granian import Granian
from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings

from backend.settings import Settings

STOP_SECONDS = 20


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; requests in hand are answered first."""
    os.environ.setdefault("DATABASE_URL", settings.database_url or "")
    server = Granian(
        "backend.app:create_app",
        factory=True,
        interface=Interfaces.ASGI,
        address=settings.host,
        port=settings.port,
        workers=settings.server_processes,
        loop=Loops.uvloop,
        websockets=False,
        log_access=False,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        http1_settings=HTTP1Settings(header_read_timeout=30_000, keep_alive=True),
    )
    server.serve()
