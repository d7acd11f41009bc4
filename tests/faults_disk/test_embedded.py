"""The database we bring comes back, whatever was left lying about."""

import os
from pathlib import Path

import asyncpg
import psutil

from tests.backup.house import House, until


def leave_mark(data_folder: Path, process: int) -> None:
    """As a server killed with its machine leaves it: its number belongs to somebody else now."""
    lines = (process, data_folder, 1700000000, 5432, data_folder, "", "  1234  0", "ready   ", "")
    (data_folder / "postmaster.pid").write_text("\n".join(str(line) for line in lines))


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_after_a_restart_of_the_machine_another_process_has_its_number(new_house: House) -> None:
    new_house.well("migrate")
    leave_mark(new_house.var / "postgres", os.getpid())
    assert "up to date" in new_house.well("migrate")


async def test_a_running_server_is_never_taken_for_a_dead_one(new_house: House) -> None:
    from backend.embedded import _forget_dead

    with new_house.database() as url:
        mark = new_house.var / "postgres" / "postmaster.pid"
        before = mark.read_text()
        _forget_dead(new_house.var / "postgres")
        assert mark.read_text() == before
        # Its head is cut off, a hand still works: nothing is removed before that is gone, too.
        guest = await asyncpg.connect(url)
        hand = psutil.Process(await guest.fetchval("SELECT pg_backend_pid()"))
        hand.suspend()
        head = psutil.Process(int(before.split("\n", 1)[0]))
        try:
            head.kill()
            await until(lambda: is_gone(head))
            _forget_dead(new_house.var / "postgres")
            assert mark.exists()
        finally:
            hand.resume()
        await until(lambda: is_gone(hand))
        guest.terminate()

        def forgotten() -> bool:
            _forget_dead(new_house.var / "postgres")
            return not mark.exists()

        await until(forgotten)
