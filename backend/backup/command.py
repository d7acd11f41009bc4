"""`khupho backup` and `khupho restore`: what they print, and how they end (0 well, 1 not)."""

import asyncio
import signal
import sys
from datetime import timedelta
from typing import Final

from backend.backup.errors import ArchiveDamaged, BackupError
from backend.backup.repository import open_place, taken_at
from backend.backup.service import TAR, Taken, check_backup, restore_backup, take_backup
from backend.backup.timer import FAILURES, keep_taking
from backend.media import service as media
from backend.settings import Settings

SHOWN: Final = 20


async def run_backup(settings: Settings, destination: str, keep: int | None) -> int:
    """One backup."""
    media.open_store(settings)
    try:
        _print_taken(await take_backup(settings, destination, keep=keep))
    except FAILURES as error:
        _print_error(error)
        return 1
    finally:
        await media.close_store()
    return 0


async def run_backups(
    settings: Settings, destination: str, every: timedelta, keep: int | None
) -> int:
    """One after the other, until SIGTERM or SIGINT. Goes on counting from the newest there is."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    if destination.endswith(TAR) and not destination.startswith("s3://"):
        _print_error(BackupError("--every needs a folder or an S3 prefix, not a .tar file"))
        return 1
    media.open_store(settings)

    async def take() -> None:
        _print_taken(await take_backup(settings, destination, keep=keep))

    try:
        place = open_place(destination, make=True)
        stamps = await place.stamps()
        await place.store.close()
        last = taken_at(stamps[-1]) if stamps else None
        await keep_taking(every, last, take, _print_error, stopping)
    except FAILURES as error:
        _print_error(error)
        return 1
    finally:
        await media.close_store()
    return 0


async def run_backup_check(source: str, at: str | None) -> int:
    """Is that backup whole?"""
    try:
        about, files = await check_backup(source, at=at)
    except FAILURES as error:
        _print_error(error)
        return 1
    print(
        f"The backup of {about.taken_at:%Y-%m-%d %H:%M} UTC is whole: {files} files, "
        f"khupho {about.app}, PostgreSQL {about.server}."
    )
    return 0


async def run_restore(settings: Settings, source: str, at: str | None, force: bool) -> int:
    """Put a backup in the place of what is here."""
    media.open_store(settings)
    try:
        done = await restore_backup(settings, source, at=at, force=force, say=_say)
    except FAILURES as error:
        _print_error(error)
        return 1
    finally:
        await media.close_store()
    print(
        f"Everything is as it was on {done.about.taken_at:%Y-%m-%d %H:%M} UTC. Phones will start "
        "their copies over by themselves; what waits in them to be sent will still be sent."
    )
    if done.lost:
        print(
            f"{done.lost} files of photos were missing already when the backup was made; "
            "`khupho check --deep` tells which.",
            file=sys.stderr,
        )
    return 0


def _print_taken(taken: Taken) -> None:
    print(
        f"{taken.name}: database and {taken.files} media files, {_size(taken.bytes)}.", flush=True
    )
    for words, keys in (
        ("are named by the database but not in the media store", taken.lost),
        ("are not what was received", taken.damaged),
    ):
        if keys:
            print(f"{len(keys)} media files {words}; see `khupho check --deep`:", file=sys.stderr)
            for key in keys[:SHOWN]:
                print(f"  {key}", file=sys.stderr)


def _print_error(error: Exception) -> None:
    if isinstance(error, ArchiveDamaged):
        print("khupho: the backup is damaged:", file=sys.stderr)
        for finding in error.findings:
            print(f"  {finding}", file=sys.stderr, flush=True)
    else:
        words = str(error) or type(error).__name__
        print(f"khupho: {words}", file=sys.stderr, flush=True)


def _say(words: str) -> None:
    print(words, flush=True)


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count < 1e9 else f"{count / 1e9:.1f} GB"
