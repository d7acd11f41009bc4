"""The promises I1 to I7 (DESIGN §4), looked at from outside: rows, files, and what phones show."""

import asyncio
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx

from tests.faults.acting import Deed, Play
from tests.faults.plan import Device
from tests.faults.world import id_of

STORES: Final = {
    "area": "areas",
    "category": "categories",
    "department": "departments",
    "report": "reports",
    "message": "messages",
    "notification": "notifications",
}
LOOKS: Final = 8


async def check(play: Play, begun: datetime) -> None:
    """Everything that must be true of one seed once it has healed; says what is not."""
    accounts = [someone.account_id for someone in play.ward.people.values()]
    reports = await play.house.rows("SELECT * FROM report WHERE ward_id = $1", play.ward.id("ward"))
    messages = await play.house.rows(
        "SELECT * FROM message WHERE account_id = ANY($1) OR thread_id = ANY($2) ORDER BY seq",
        accounts,
        [row["id"] for row in reports],
    )
    await _exactly_once(play, reports, messages)
    _order(play, reports, messages)
    _server_time(play, messages, begun)
    await _photos(play, play.house.media)
    await _notifications(play, reports, messages)
    await asyncio.gather(*(_same_everywhere(play, device) for device in play.plan.devices))


async def _exactly_once(play: Play, reports: list[Any], messages: list[Any]) -> None:
    """I1, I2: what was called queued is there once, with what was written; nothing else is."""
    by_id = {row["id"]: row for row in reports}
    said = {row["id"]: row for row in messages if row["kind"] in {"message", "note"} or _moved(row)}
    deeds = {deed.id: deed for deed in play.deeds if deed.kind in {"report", "message", "move"}}
    edits = _edits(play.deeds)
    for deed in deeds.values():
        row = (by_id if deed.kind == "report" else said).get(deed.id)
        if deed.fate == "queued" and row is None and deed.id not in play.forgiven:
            play.find(f"I1 lost: {deed.device} queued {deed.kind} {deed.id}, no row")
        elif deed.fate in {"refused", "taken_back"} and row is not None:
            play.find(
                f"I1: {deed.device} was told {deed.fate} of {deed.kind} {deed.id}: it is there"
            )
        elif deed.fate == "queued" and row is not None:
            _same_words(play, deed, row, edits)
    theirs = {someone.account_id: name for name, someone in play.ward.people.items()}
    for row in reports:
        if row["id"] not in deeds:
            play.find(f"I1 doubled: report {row['id']} of {theirs.get(row['account_id'])}")
    desk = {id_of(play.plan.seed, "desk", number) for number in range(len(play.plan.desk))}
    for row in said.values():
        if row["id"] not in deeds and row["id"] not in desk and row["account_id"] is not None:
            play.find(f"I1 doubled: {row['kind']} {row['id']} of {theirs.get(row['account_id'])}")
    for id, count in Counter(row["id"] for row in [*reports, *messages]).items():
        if count > 1:
            play.find(f"I1 doubled: {id} stands there {count} times")


def _moved(row: Any) -> bool:
    return row["kind"] == "event" and json.loads(row["event"])["type"] == "moved"


def _edits(deeds: Iterable[Deed]) -> dict[UUID, list[str]]:
    """The descriptions a report was given by edits that were not refused, in order."""
    edits = defaultdict(list)
    for deed in sorted(deeds, key=lambda deed: deed.order):
        if deed.kind == "edit" and deed.fate == "queued" and deed.report_id is not None:
            edits[deed.report_id].append(str(deed.payload["description"]))
    return edits


def _same_words(play: Play, deed: Deed, row: Any, edits: dict[UUID, list[str]]) -> None:
    owner = play.ward.people[deed.person].account_id
    if row["account_id"] != owner:
        play.find(f"I7: {deed.kind} {deed.id} belongs to {row['account_id']}, not {deed.person}")
    if deed.kind == "report":
        said = [deed.payload.get("description", ""), *edits.get(deed.id, ())]
        # Of an edit during which the phone died nobody knows, nor which of the two came last.
        unknown = [other for other in play.deeds if other.kind == "edit"
                   and other.fate == "unknown" and other.report_id == deed.id]  # fmt: skip
        maybe = [edit.payload["description"] for edit in unknown]
        if row["description"] not in (said if play.restored else said[-1:]) + maybe:
            play.find(f"I1: report {deed.id} says {row['description']!r}, last was {said[-1]!r}")
    elif row["body"] != deed.payload.get("text", ""):
        play.find(f"I1: {deed.kind} {deed.id} says {row['body']!r}")


def _order(play: Play, reports: list[Any], messages: list[Any]) -> None:
    """I4: what one device said in one thread stands there in the order it was said."""
    seqs = {row["id"]: row["seq"] for row in messages}
    lanes: dict[tuple[str, UUID | None], list[Deed]] = defaultdict(list)
    for deed in sorted(play.deeds, key=lambda deed: deed.order):
        if deed.kind in {"message", "move"} and deed.fate == "queued" and deed.id in seqs:
            lanes[deed.device, deed.report_id].append(deed)
    for (device, report_id), deeds in lanes.items():
        order = [seqs[deed.id] for deed in deeds]
        if order != sorted(order):
            play.find(f"I4: {device} in {report_id}: {[(str(d.id), seqs[d.id]) for d in deeds]}")
    threads: dict[UUID, list[int]] = defaultdict(list)
    for row in messages:
        threads[row["thread_id"]].append(row["seq"])
    for report in reports:
        wanted = list(range(1, report["last_seq"] + 1))
        if sorted(threads[report["id"]]) != wanted:
            play.find(f"I4: thread {report['id']} has numbers {sorted(threads[report['id']])}")


def _server_time(play: Play, messages: list[Any], begun: datetime) -> None:
    """I5: no phone's clock, three years off, gets into what orders; times stand as numbers do."""
    latest: dict[UUID, datetime] = {}
    for row in messages:
        if not begun - timedelta(seconds=5) < row["created_at"] < datetime.now(UTC):
            play.find(f"I5: message {row['id']} is of {row['created_at']}")
        if row["created_at"] < latest.get(row["thread_id"], row["created_at"]):
            play.find(f"I5: message {row['id']} of {row['thread_id']} is older than the one before")
        latest[row["thread_id"]] = row["created_at"]


async def _photos(play: Play, media: Path) -> None:
    """I1, I3: the bytes of each named photo are right; no file without row, no row without file."""
    named = {
        (deed.id, photo["sha256"])
        for deed in play.deeds
        if deed.fate == "queued" and deed.id not in play.forgiven
        for photo in deed.photos
    }
    maybe = {deed.id for deed in play.deeds if deed.fate == "unknown"} | play.forgiven
    accounts = [someone.account_id for someone in play.ward.people.values()]
    rows = await play.house.rows("SELECT * FROM photo WHERE account_id = ANY($1)", accounts)
    uploads = await play.house.rows("SELECT * FROM upload WHERE account_id = ANY($1)", accounts)
    found = {(row["message_id"], row["sha256"].hex()): row for row in rows}
    for key in named - found.keys():
        play.find(f"I1 lost: photo {key[1][:12]} of {key[0]} has no row")
    for key, row in found.items():
        if key not in named and key[0] not in maybe:
            play.find(f"I1 doubled: photo {key[1][:12]} of {key[0]} was never taken")
        if key in named and row["state"] == "expected":
            play.find(f"I1 lost: the bytes of photo {key[1][:12]} of {key[0]} never came")
    for row in rows:
        for column in ("media_key", "full_key", "thumb_key"):
            if row[column] is not None and not (media / row[column]).is_file():
                play.find(f"I3: photo {row['id']} has no file {row[column]}")
        if row["media_key"] is not None and (media / row["media_key"]).is_file():
            bytes_there = await asyncio.to_thread((media / row["media_key"]).read_bytes)
            if hashlib.sha256(bytes_there).digest() != row["sha256"]:
                play.find(f"I1: photo {row['id']} has other bytes than were taken")
    keys = {row["media_key"]: row for row in uploads if row["media_key"] is not None}
    for row in uploads:
        if row["completed_at"] is not None and not (media / row["media_key"]).is_file():
            play.find(f"I3: upload {row['id']} has no file")
    for account in accounts:
        folder = media / "original" / str(account)
        for file in folder.iterdir() if folder.is_dir() else ():
            key = f"original/{account}/{file.name}"
            if key not in keys and not play.restored:
                play.find(f"I3: file {key} has no row")


async def _notifications(play: Play, reports: list[Any], messages: list[Any]) -> None:
    """I6: told is exactly who must be told of what has been committed."""
    by_id = {row["id"]: row for row in reports}
    accounts = [someone.account_id for someone in play.ward.people.values()]
    rows = await play.house.rows("SELECT * FROM notification WHERE account_id = ANY($1)", accounts)
    told: Counter[tuple[UUID, UUID]] = Counter(
        (row["account_id"], row["message_id"]) for row in rows
    )
    bang = play.ward.people["bang"].account_id
    wanted = set()
    for message in messages:
        report = by_id.get(message["thread_id"])
        if report is not None:
            wanted |= {(account, message["id"]) for account in _to_tell(play, report, message)}
    for key in wanted - told.keys():
        if not (play.lost_grant and key[0] == bang):
            play.find(f"I6: {_name(play, key[0])} was not told of {key[1]}")
    for key, count in told.items():
        if key not in wanted:
            play.find(f"I6: {_name(play, key[0])} was told of {key[1]}")
        if count > 1:
            play.find(f"I6: {_name(play, key[0])} was told {count} times of {key[1]}")


def _to_tell(play: Play, report: Any, message: Any) -> set[UUID]:
    people = {name: someone.account_id for name, someone in play.ward.people.items()}
    desks = {play.ward.id("lighting"): "chi", play.ward.id("waste"): "emine"}
    desk = {people[desks.get(report["department_id"], "farid")]}
    author, speaker = report["account_id"], message["account_id"]
    event = json.loads(message["event"]) if message["event"] else {"type": None}
    if event["type"] == "created":
        heads = {people["bang"]} if report["neighbourhood_id"] == play.ward.id("here") else set()
        return (desk | heads) - {author}
    if message["kind"] == "note" or speaker is None:
        return set()
    if message["kind"] == "event" and event["type"] != "moved":
        return set()
    if message["side"] != "reporter":
        return {author} - {speaker}
    disputed = {people["farid"]} if event.get("to") == "disputed" else set()
    return (desk | disputed) - {speaker}


def _name(play: Play, account_id: UUID) -> str:
    for name, someone in play.ward.people.items():
        if someone.account_id == account_id:
            return name
    return str(account_id)


async def _same_everywhere(play: Play, device: Device) -> None:
    """Convergence and I7: a phone that has pulled holds what its person may see, and no more."""
    phone = play.phones[device.name]
    someone = play.ward.people[device.person]
    difference = ""
    for _ in range(LOOKS):
        # The worker may still be making pictures: look again until nothing moves under us.
        await phone.call("pull")
        shown = await phone.call("dump")
        truth = await _full_pull(play, someone.token("desk"))
        difference = _difference(shown, truth)
        if not difference:
            break
        await asyncio.sleep(0.25)
    if difference:
        play.find(f"not converged: {device.name} ({device.person}): {difference}")
    heads = device.person == "bang" and not play.lost_grant
    rows = await play.house.rows(
        """SELECT id FROM report WHERE account_id = $1
           OR ($2 AND neighbourhood_id = $3)""",
        someone.account_id,
        heads,
        play.ward.id("here"),
    )
    visible = {str(row["id"]) for row in rows}
    on_phone = {row["id"] for row in shown["reports"]}
    if on_phone - visible:
        play.find(f"I7: {device.name} ({device.person}) has foreign reports {on_phone - visible}")
    if visible - on_phone:
        play.find(f"not converged: {device.name} lacks reports {visible - on_phone}")
    threads = {row["report_id"] for row in shown["messages"]}
    if threads - visible:
        play.find(f"I7: {device.name} ({device.person}) has foreign threads {threads - visible}")
    waiting = [row for row in shown["outbox"] if row["state"] != "done"]
    if shown["photos"] and not waiting and not shown["drafts"]:
        play.find(f"{device.name}: {len(shown['photos'])} photos stay on the phone for nothing")


async def _full_pull(play: Play, token: str) -> dict[str, dict[str, Any]]:
    """Everything the server shows this person, asked from the beginning."""
    kept: dict[str, dict[str, Any]] = {store: {} for store in STORES.values()}
    cursor: str | None = None
    async with httpx.AsyncClient(base_url=play.bench.line.url, timeout=20) as client:
        while True:
            answer = await client.get(
                "/api/sync",
                params={"cursor": cursor} if cursor else {},
                headers={"cookie": f"khupho={token}"},
            )
            answer.raise_for_status()
            page = answer.json()
            for kind, store in STORES.items():
                for row in page["upserts"].get(kind, ()):
                    kept[store][row["id"]] = row
                for gone in page["removals"].get(kind, ()):
                    kept[store].pop(gone, None)
            cursor = page["cursor"]
            if not page["more"]:
                return kept


def _difference(shown: dict[str, list[Any]], truth: dict[str, dict[str, Any]]) -> str:
    for store, rows in truth.items():
        here = {row["id"]: row for row in shown[store]}
        if here.keys() != rows.keys():
            return f"{store}: lacks {sorted(rows.keys() - here.keys())[:3]}, " + (
                f"has besides {sorted(here.keys() - rows.keys())[:3]}"
            )
        for id, row in rows.items():
            if here[id] != row:
                fields = [name for name in row if here[id].get(name) != row[name]]
                return f"{store} {id}: " + ", ".join(
                    f"{name} {here[id].get(name)!r} instead of {row[name]!r}" for name in fields
                )
    return ""
