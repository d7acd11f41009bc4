"""What desk and fate do meanwhile: a department answers, things fail or are killed."""

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

import asyncpg
import httpx

from tests.faults.browsers import Gone, Refused
from tests.faults.plan import Act
from tests.faults.world import id_of

if TYPE_CHECKING:
    from tests.faults.acting import Play

NEXT_STATE: Final = {
    "submitted": "accepted",
    "accepted": "in_progress",
    "in_progress": "resolved",
    "awaiting_reporter": "resolved",
    "disputed": "in_progress",
}
LOST: Final = (
    httpx.TransportError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
SEGMENTS: Final = 20
"""Of the write-ahead log: more than PostgreSQL keeps in store in these small databases."""


async def play_desk(play: "Play") -> None:
    """The desk's script, act by act."""
    for number, act in enumerate(play.plan.desk):
        await asyncio.sleep(act.pause)
        try:
            if act.do in FATE:
                if act.do not in HELP:
                    name = NAMES.get(act.do) or f"{act.wish['disk']}_disk_full"
                    play.outcome.faults[name] += 1
                await FATE[act.do](play, act)
                play.note(f"fate {act.do} {dict(act.wish)}")
            else:
                await _at_desk(play, number, act)
        except LOST as error:
            play.note(f"desk {act.do}: {type(error).__name__}")


async def mend(play: "Play") -> None:
    """Whatever was down comes up."""
    house = play.house
    if house.store_line is not None:
        house.store_line.set("up")
    if house.disks:
        await _free_disks(play)
    if not house.worker.is_running():
        house.worker.start()


async def _at_desk(play: "Play", number: int, act: Act) -> None:
    rows = await play.house.rows(
        """SELECT id, state, department_id FROM report WHERE ward_id = $1
           ORDER BY created_at, id""",
        play.ward.id("ward"),
    )
    if not rows:
        return
    row = rows[int(act.wish["which"]) % len(rows)]  # type: ignore[call-overload]
    desks = {play.ward.id("lighting"): "chi", play.ward.id("waste"): "emine"}
    who = desks.get(row["department_id"], "farid")
    report_id, id = row["id"], id_of(play.plan.seed, "desk", number)
    if act.do in {"say", "ask"}:
        path = f"/api/reports/{report_id}/messages/{id}"
        body: dict[str, object] = {"text": f"Tổ {number}", "question": act.do == "ask"}
    else:
        to = "rejected" if act.do == "reject" else NEXT_STATE.get(row["state"])
        if to is None:
            return
        path = f"/api/reports/{report_id}/moves/{id}"
        body = {"to": to, "text": "Đã xong", "reason": "Trùng" if act.do == "reject" else ""}
    cookie = {"cookie": f"khupho={play.ward.people[who].token('desk')}"}
    answer = await play.http.put(path, json=body, headers=cookie)
    play.outcome.actions[f"desk_{act.do}"] += 1
    play.note(f"desk {who} {act.do} {report_id} {row['state']} -> {answer.status_code}")
    if answer.status_code >= 500 and play.plan.lane in {"line", "store"}:
        play.find(f"desk: {act.do} answered {answer.status_code}: {answer.text[:200]}")


async def _kill_server(play: "Play", _act: Act) -> None:
    play.bench.line.kill()


async def _kill_worker(play: "Play", _act: Act) -> None:
    play.house.worker.kill()


async def _kill_database(play: "Play", _act: Act) -> None:
    await asyncio.to_thread(play.house.database.kill)
    await asyncio.sleep(play.plan.downtime)
    await asyncio.to_thread(play.house.database.start)


async def _cut_store(play: "Play", _act: Act) -> None:
    assert play.house.store_line is not None
    play.house.store_line.set("down")


async def _slow_store(play: "Play", _act: Act) -> None:
    assert play.house.store_line is not None
    play.house.store_line.set("slow")


async def _mend_store(play: "Play", _act: Act) -> None:
    assert play.house.store_line is not None
    play.house.store_line.set("up")


async def _fill_disk(play: "Play", act: Act) -> None:
    name = str(act.wish["disk"])
    play.house.disks[name].fill()
    if name == "log":
        for _ in range(SEGMENTS):
            await play.house.rows("SELECT pg_logical_emit_message(true, 'fault', 'full')")
            await play.house.rows("SELECT pg_switch_wal()")


async def _free_disk(play: "Play", _act: Act) -> None:
    await _free_disks(play)


async def _free_disks(play: "Play") -> None:
    for disk in play.house.disks.values():
        with contextlib.suppress(FileNotFoundError):
            disk.make_room()
    # Without room for its log PostgreSQL gives up; somebody starts it again.
    await asyncio.to_thread(play.house.database.start)


async def _back_up(play: "Play", _act: Act) -> None:
    if not await play.house.back_up(_backup_of(play)):
        play.find("khupho backup failed")


async def _restore(play: "Play", _act: Act) -> None:
    """The server comes back as it was. What phones had sent since, they may have forgotten."""
    line, house = play.bench.line, play.house
    play.restored = True
    line.kill()
    house.worker.kill()
    await house.restore(_backup_of(play))
    for device, phone in play.phones.items():
        known = {deed.id for deed in play.deeds if deed.device == device}
        kept: set[UUID] = set()
        with contextlib.suppress(Gone, Refused):
            rows = await phone.call("outbox")
            kept = {UUID(row["id"]) for row in rows if row["state"] != "done"}
        play.forgiven |= known - kept
    house.worker.start()
    await line.start()
    _backup_of(play).unlink()


def _backup_of(play: "Play") -> Path:
    return play.house.folder / f"backup-{play.plan.seed}.tar"


FATE: Final = {
    "kill_server": _kill_server,
    "kill_worker": _kill_worker,
    "kill_database": _kill_database,
    "cut_store": _cut_store,
    "slow_store": _slow_store,
    "mend_store": _mend_store,
    "fill_disk": _fill_disk,
    "free_disk": _free_disk,
    "back_up": _back_up,
    "restore": _restore,
}
HELP: Final = frozenset({"mend_store", "free_disk", "back_up"})
NAMES: Final = {
    "kill_server": "server_killed",
    "kill_worker": "worker_process_killed",
    "kill_database": "database_killed",
    "cut_store": "store_cut",
    "slow_store": "store_slow",
    "restore": "backup_restored",
}
