"""Plays one seed: people act, lines are bad, things are killed; then all heals."""

import asyncio
import contextlib
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import httpx

from backend.accounts.service import revoke_role
from tests.faults.browsers import Browser, Gone, Phone, Refused
from tests.faults.fate import LOST, NEXT_STATE, mend, play_desk
from tests.faults.house import House
from tests.faults.plan import Device, Plan
from tests.faults.stack import Line
from tests.faults.weather import Weather
from tests.faults.world import Ward, id_of, revoke_session, sign_in_again

DRAIN_SECONDS: Final = 240.0
HASTE: Final = 10
LONGEST_WAIT_MS: Final = 2 * 3600 * 1000
"""Nobody may ask a phone to wait longer than an hour."""

WORDS: Final = ("Đèn", "đường", "hỏng", "trước", "nhà", "số", "chín", "từ", "hôm", "qua")
OUTDATED: Final = frozenset({"AppOutdated", "InvalidStateError", "AbortError"})
"""What a page of the old version may say once a new one has taken the database over."""

EXCUSED: Final = frozenset({"StorageFull", "QuotaExceededError", "Unreachable", "Problem"})
"""What a phone may say to a person who wants something in bad weather: nothing was queued."""

TOO_LATE: Final = frozenset({"illegal_move", "thread_closed"})
"""What a person may be told of something queued: the report had moved on."""


@dataclass
class Deed:
    """One action of which a phone said "queued", and what became of it."""

    device: str
    person: str
    id: UUID
    kind: str
    report_id: UUID | None
    order: int
    payload: dict[str, Any]
    photos: list[dict[str, Any]]
    fate: str = "queued"
    """`queued`, `taken_back`, `refused`, or `unknown`: the phone died before it could say."""
    problem: str | None = None


@dataclass
class Outcome:
    """What is known after a seed. `findings` empty: every promise held."""

    seed: int
    findings: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    bytes_up: int = 0
    bytes_down: int = 0
    requests: int = 0
    seconds: float = 0.0
    drain_seconds: float = 0.0
    history: list[str] = field(default_factory=list)


@dataclass
class Bench:
    """What a seed runs on."""

    browser: Browser
    line: Line
    house: House


class Play:
    """The state of one seed while it runs."""

    def __init__(self, plan: Plan, ward: Ward, bench: Bench) -> None:
        self.plan = plan
        self.ward = ward
        self.bench = bench
        self.house = bench.house
        self.outcome = Outcome(plan.seed)
        self.deeds: list[Deed] = []
        self.phones: dict[str, Phone] = {}
        self.sessions: dict[str, str] = {device.name: device.session for device in plan.devices}
        self.lost_grant = False
        self.restored = False
        self.forgiven: set[UUID] = set()
        """Sent before an older backup was restored: may be there, and may be lost."""
        self._numbers: Counter[str] = Counter()
        self.http = httpx.AsyncClient(base_url=bench.line.url, timeout=20)
        self._restarting = asyncio.Lock()

    # the course of a seed ------------------------------------------------------------------------

    async def act(self) -> None:
        """Everything up to the moment when the weather clears."""
        await asyncio.gather(*(self._switch_on(device) for device in self.plan.devices))
        scripts = [
            self._play(device, tab)
            for device in self.plan.devices
            for tab in range(len(device.tabs))
        ]
        if self.plan.lane == "server":
            self.bench.line.watch(self.plan.downtime, None)
        await asyncio.gather(play_desk(self), *scripts)

    async def heal(self) -> None:
        """The weather clears, what was down comes up, and every phone empties its queue."""
        await mend(self)
        begun = time.monotonic()
        await asyncio.gather(*(self._recover(device) for device in self.plan.devices))
        self.outcome.drain_seconds = time.monotonic() - begun
        if self.plan.lane == "server":
            # Not before: what makes it die may be reached only now.
            await self.bench.line.unwatch()
        for phone in self.phones.values():
            await self.bench.line.proxy.late_arrivals(phone.label)

    async def close(self) -> None:
        await self.http.aclose()
        for phone in self.phones.values():
            weather = self.bench.line.proxy.weather.get(phone.label)
            if weather is not None:
                self.outcome.faults += weather.injected
                self.outcome.bytes_up += weather.bytes_up
                self.outcome.bytes_down += weather.bytes_down
                self.outcome.requests += weather.requests
            self.bench.line.proxy.forget(phone.label)
            with contextlib.suppress(Exception):
                for tab in list(phone.tabs):
                    await phone.close(tab, ended=False)

    def note(self, text: str) -> None:
        self.outcome.history.append(text)

    def find(self, text: str) -> None:
        self.outcome.findings.append(text)

    # devices -------------------------------------------------------------------------------------

    async def _switch_on(self, device: Device) -> None:
        label = f"s{self.plan.seed}{device.name}-{random.randrange(16**6):06x}"
        phone = Phone(self.bench.browser, self.bench.line.proxy.origin(label), label)
        self.phones[device.name] = phone
        await phone.sign_in(self.ward.people[device.person].token(device.session))
        await phone.open()
        await phone.call("setClock", device.wrong_by_ms)
        await phone.call("settle")
        if not device.has_sync:
            await phone.call("withoutSync")
            self.outcome.faults["no_sync_manager"] += 1
        if device.worker:
            await phone.call("startWorker")
        await phone.call("setHaste", HASTE)
        self.bench.line.proxy.weather[label] = Weather(
            random.Random(f"weather {self.plan.seed} {device.name}"), device.chance, device.kinds
        )

    async def _play(self, device: Device, tab: int) -> None:
        phone = self.phones[device.name]
        if tab > 0:
            with contextlib.suppress(Gone):
                await phone.open(tab)
        for act in device.tabs[tab]:
            await asyncio.sleep(act.pause)
            self.outcome.actions[act.do] += 1
            try:
                said = await getattr(self, f"_do_{act.do}")(device, phone, tab, **act.wish)
                self.note(f"{device.name}{tab} {act.do} {said if said is not None else ''}")
            except Gone as error:
                self.note(f"{device.name}{tab} {act.do}: gone ({str(error)[:80]})")
            except Refused as error:
                self.note(f"{device.name}{tab} {act.do}: {error.name}")
                if error.name in OUTDATED and phone.is_updated:
                    await self._load_anew(phone, tab)
                elif error.name not in EXCUSED:
                    self.find(f"{device.name}: {act.do} failed with {error.name}: {error}")

    async def _queue(
        self, device: Device, phone: Phone, tab: int, do: str, id: UUID, kind: str, **wish: object
    ) -> str:
        """Has the phone queue something and writes down what it says."""
        report_id = UUID(str(wish["reportId"])) if "reportId" in wish else id
        deed = Deed(device.name, device.person, id, kind, report_id, -1, {}, [], fate="unknown")
        try:
            told = await phone.call(do, {"id": str(id), **wish}, tab=tab)
        except Gone:
            self.deeds.append(deed)
            raise
        except Refused as error:
            if error.name in OUTDATED:
                self.deeds.append(deed)
            raise
        deed.fate = "queued"
        deed.order, deed.payload, deed.photos = told["order"], told["payload"], told["photos"]
        self.deeds.append(deed)
        return f"{id} photos {len(deed.photos)}"

    def _next_id(self, device: Device, tab: int, kind: str) -> UUID:
        self._numbers[f"{device.name}{tab}{kind}"] += 1
        return id_of(
            self.plan.seed, device.name, tab, kind, self._numbers[f"{device.name}{tab}{kind}"]
        )

    async def _pick(self, device: Device, phone: Phone, tab: int, which: int) -> str | None:
        """A report this device knows of: its own queued ones first, then what its copy shows."""
        own = [
            str(deed.id)
            for deed in self.deeds
            if deed.device == device.name and deed.kind == "report" and deed.fate == "queued"
        ]
        known = [row["id"] for row in await phone.call("known", tab=tab)]
        all_of_them = list(dict.fromkeys([*own, *known]))
        return all_of_them[which % len(all_of_them)] if all_of_them else None

    # what people do ------------------------------------------------------------------------------

    async def _do_report(
        self, device: Device, phone: Phone, tab: int, *, category: str, shots: list[Any], words: int
    ) -> str:
        lat, lon = self.ward.there if device.person == "dariush" else self.ward.here
        return await self._queue(
            device, phone, tab, "report", self._next_id(device, tab, "report"), "report",
            category_id=str(self.ward.id("category", category)),
            description=" ".join(WORDS[:words]), lat=lat, lon=lon, shots=shots,
        )  # fmt: skip

    async def _do_reply(
        self, device: Device, phone: Phone, tab: int, *, which: int, shots: list[Any]
    ) -> str | None:
        report_id = await self._pick(device, phone, tab, which)
        if report_id is None:
            return None
        id = self._next_id(device, tab, "message")
        return await self._queue(
            device, phone, tab, "reply", id, "message",
            reportId=report_id, text=f"Tin {id.hex[:6]}", shots=shots, question=False,
        )  # fmt: skip

    async def _do_edit(
        self, device: Device, phone: Phone, tab: int, *, which: int, words: int
    ) -> str | None:
        own = [d for d in self.deeds if d.device == device.name and d.kind == "report"
               and d.fate == "queued"]  # fmt: skip
        if not own:
            return None
        report_id = own[which % len(own)].id
        number = self._numbers[f"edit{report_id}"]
        self._numbers[f"edit{report_id}"] += 1
        text = " ".join([*WORDS[-words:], f"sửa {number}"])
        deed = Deed(
            device.name, device.person, report_id, "edit", report_id, -1,
            {"description": text}, [], fate="unknown",
        )  # fmt: skip
        self.deeds.append(deed)
        told = await phone.call("edit", str(report_id), text, tab=tab)
        deed.id, deed.fate = UUID(told["id"]), "queued"
        deed.order, deed.payload = told["order"], told["payload"]
        return f"{report_id} {text}"

    async def _do_take_back(
        self, device: Device, phone: Phone, tab: int, *, which: int
    ) -> str | None:
        own = [d for d in self.deeds if d.device == device.name and d.kind == "report"
               and d.fate == "queued"]  # fmt: skip
        # Answers to it that wait behind it keep it from being taken back.
        if not own:
            return None
        deed = own[which % len(own)]
        before, deed.fate = deed.fate, "unknown"
        taken = await phone.call("takeBack", str(deed.id), tab=tab)
        deed.fate = "taken_back" if taken else before
        return f"{deed.id} {taken}"

    async def _do_withdraw(
        self, device: Device, phone: Phone, tab: int, *, which: int
    ) -> str | None:
        report_id = await self._pick(device, phone, tab, which)
        if report_id is None:
            return None
        return await self._move(device, phone, tab, report_id, {"to": "withdrawn"})

    async def _move(
        self, device: Device, phone: Phone, tab: int, report_id: str, move: dict[str, str],
        text: str = "", shots: list[Any] | None = None,
    ) -> str:  # fmt: skip
        return await self._queue(
            device, phone, tab, "move", self._next_id(device, tab, "move"), "move",
            reportId=report_id, move=move, text=text, shots=shots or [],
        )  # fmt: skip

    async def _do_answer_result(
        self, device: Device, phone: Phone, tab: int, *, to: str
    ) -> str | None:
        """Confirms or disputes the first report that this phone shows as solved."""
        solved = [row["id"] for row in await phone.call("known", tab=tab)
                  if row["mine"] and row["state"] == "resolved"]  # fmt: skip
        if not solved:
            return None
        return await self._move(device, phone, tab, solved[0], {"to": to})

    async def _do_head_reject(
        self, device: Device, phone: Phone, tab: int, *, which: int
    ) -> str | None:
        known = [row["id"] for row in await phone.call("known", tab=tab)
                 if row["state"] in {"submitted", "accepted"}]  # fmt: skip
        if not known:
            return None
        return await self._move(device, phone, tab, known[which % len(known)],
                                {"to": "rejected", "reason": "Không thuộc tổ"})  # fmt: skip

    async def _do_read(self, device: Device, phone: Phone, tab: int, *, which: int) -> str | None:
        report_id = await self._pick(device, phone, tab, which)
        return report_id and f"{report_id} {await phone.call('read', report_id, tab=tab)}"

    async def _do_read_notices(self, device: Device, phone: Phone, tab: int) -> str:
        return str(await phone.call("readNotices", tab=tab))

    async def _do_officer_advance(
        self, device: Device, phone: Phone, tab: int, *, which: int, shots: list[Any]
    ) -> str | None:
        found = await self._open_case(phone, tab, which)
        if found is None or found["state"] not in NEXT_STATE:
            return None
        to = NEXT_STATE[found["state"]]
        return await self._move(device, phone, tab, found["id"], {"to": to}, "Đã xong", shots)

    async def _do_officer_reply(
        self, device: Device, phone: Phone, tab: int, *, which: int, shots: list[Any]
    ) -> str | None:
        found = await self._open_case(phone, tab, which)
        if found is None:
            return None
        id = self._next_id(device, tab, "message")
        return await self._queue(
            device, phone, tab, "reply", id, "message",
            reportId=found["id"], text=f"Tổ {id.hex[:6]}", shots=shots, question=False,
        )  # fmt: skip

    async def _open_case(self, phone: Phone, tab: int, which: int) -> dict[str, Any] | None:
        rows = []
        with contextlib.suppress(*LOST):
            rows = await self.house.rows(
                "SELECT id FROM report WHERE department_id = $1 ORDER BY created_at",
                self.ward.id("lighting"),
            )
        if rows:
            with contextlib.suppress(Refused):
                await phone.call("open", str(rows[which % len(rows)]["id"]), tab=tab)
        known = await phone.call("known", tab=tab)
        return known[which % len(known)] if known else None

    # what happens to phones ----------------------------------------------------------------------

    async def _do_wake(self, device: Device, phone: Phone, tab: int) -> None:
        await phone.call("wake", tab=tab)

    async def _do_send_now(self, device: Device, phone: Phone, tab: int) -> None:
        task = asyncio.create_task(phone.call("sendNow", tab=tab))
        with contextlib.suppress(TimeoutError, Gone, Refused):
            await asyncio.wait_for(task, 1.0)

    async def _do_wake_worker(self, device: Device, phone: Phone, tab: int) -> None:
        await phone.call("wakeWorker", tab=tab)

    async def _do_stop_worker(self, device: Device, phone: Phone, tab: int) -> None:
        await phone.stop_worker()
        self.outcome.faults["worker_stopped"] += 1

    async def _do_reload(self, device: Device, phone: Phone, tab: int) -> None:
        await phone.open(tab)
        self.outcome.faults["page_reloaded"] += 1

    async def _do_close(self, device: Device, phone: Phone, tab: int) -> None:
        await phone.close(tab)
        self.outcome.faults["page_closed"] += 1

    async def _do_reopen(self, device: Device, phone: Phone, tab: int) -> None:
        await phone.open(tab)

    async def _do_update_app(self, device: Device, phone: Phone, tab: int) -> None:
        """This tab loads the next version, which migrates the database; other tabs have the old."""
        phone.is_updated = True
        self.bench.line.proxy.updated.add(phone.label)
        self.outcome.faults["app_updated"] += 1
        await phone.open(tab)

    async def _load_anew(self, phone: Phone, tab: int) -> None:
        with contextlib.suppress(Gone):
            await phone.open(tab)

    async def _do_set_clock(self, device: Device, phone: Phone, tab: int, *, ms: int) -> None:
        await phone.call("setClock", ms, tab=tab)
        self.outcome.faults["clock_jumped"] += 1

    async def _do_fill_storage(self, device: Device, phone: Phone, tab: int) -> None:
        await phone.limit_storage(1)
        self.outcome.faults["storage_full"] += 1

    async def _do_free_storage(self, device: Device, phone: Phone, tab: int) -> None:
        await phone.limit_storage(None)

    async def _do_revoke_session(self, device: Device, phone: Phone, tab: int) -> None:
        someone = self.ward.people[device.person]
        with contextlib.suppress(*LOST):
            async with self.house.connection() as connection:
                await revoke_session(connection, someone, self.sessions[device.name])
        self.outcome.faults["session_revoked"] += 1

    async def _do_lose_grant(self, device: Device, phone: Phone, tab: int) -> None:
        self.lost_grant = True
        await revoke_role(self.ward.people["bang"].account_id, "head", self.ward.id("here"))
        self.outcome.faults["grant_moved"] += 1

    async def _do_kill_browser(self, device: Device, phone: Phone, tab: int) -> None:
        async with self._restarting:
            self.bench.browser.kill()
            for other in self.phones.values():
                other.forget_tabs()
            self.outcome.faults["browser_killed"] += 1
            await self.bench.browser.restart()
            for name, other in self.phones.items():
                await self._sign_in_cookie(name)
                await other.open()
                kept = await other.call("dump")
                counts = {store: len(rows) for store, rows in kept.items() if rows}
                self.note(f"{name} after the kill has {counts}")

    async def _sign_in_cookie(self, name: str) -> None:
        device = next(one for one in self.plan.devices if one.name == name)
        await self.phones[name].sign_in(self.ward.people[device.person].token(self.sessions[name]))

    # healing -------------------------------------------------------------------------------------

    async def _recover(self, device: Device) -> None:
        phone = self.phones[device.name]
        self.bench.line.proxy.calm(phone.label)
        if 0 not in phone.tabs or phone.is_updated:
            await phone.open()
        if phone.is_full:
            await phone.limit_storage(None)
        await phone.call("setHaste", 1)
        await self._settle_unknown(device, phone)
        begun = time.monotonic()
        left: dict[str, Any] = {}
        while time.monotonic() - begun < DRAIN_SECONDS:
            with contextlib.suppress(Gone):
                await phone.call("wake")
                left = await phone.call("emptied", 3000)
                if left["paused"]:
                    await self._sign_in_again(device, phone)
                    continue
                if not left["left"]:
                    return
                await self._decide(device, phone, left["left"])
        self.find(f"{device.name}: not drained after {DRAIN_SECONDS:.0f} s: {left}")

    async def _settle_unknown(self, device: Device, phone: Phone) -> None:
        """What the phone was about to queue when it died: now it can be asked."""
        waiting = {UUID(row["id"]): row for row in await phone.call("outbox")}
        for deed in self.deeds:
            told = waiting.get(deed.id)
            if deed.device == device.name and deed.fate == "unknown" and told is not None:
                deed.fate, deed.order = "queued", told["order"]
                deed.payload, deed.photos = told["payload"], told["photos"]

    async def _sign_in_again(self, device: Device, phone: Phone) -> None:
        session = self.sessions[device.name] = f"{self.sessions[device.name]}+"
        someone = self.ward.people[device.person]
        async with self.house.connection() as connection:
            await sign_in_again(connection, someone, session)
        await phone.sign_in(someone.token(session))
        with contextlib.suppress(Refused):
            await phone.call("settle")

    async def _decide(self, device: Device, phone: Phone, left: list[dict[str, Any]]) -> None:
        """The person looks at what needs them, and at what does not move."""
        insist = False
        for entry in left:
            if entry["state"] == "needs_person":
                self._refused(device, entry)
                await phone.call("discard", entry["id"])
            elif (entry["error"] or {}).get("status") == 429:
                insist = True
                if entry["waitMs"] > LONGEST_WAIT_MS:
                    self.find(
                        f"{device.name}: {entry['kind']} {entry['id']} would wait "
                        f"{entry['waitMs'] / 86_400_000:.0f} days"
                    )
        if insist:
            await phone.call("sendNow")

    def _refused(self, device: Device, entry: dict[str, Any]) -> None:
        code = (entry["error"] or {}).get("code")
        for deed in self.deeds:
            if deed.device == device.name and str(deed.id) == entry["id"]:
                deed.fate, deed.problem = "refused", code
        allowed = set(TOO_LATE)
        if device.person == "bang" and self.lost_grant:
            allowed |= {"not_found", "forbidden"}
        taken_back = {deed.id for deed in self.deeds if deed.fate == "taken_back"}
        if self.restored or (entry["reportId"] and UUID(entry["reportId"]) in taken_back):
            # What was said in one tab of a report that was taken back in another.
            allowed.add("not_found")
        if (entry["received"] and not self.restored) or code not in allowed:
            self.find(f"{device.name}: {entry['kind']} {entry['id']} needs its person: "
                      f"{entry['error']} received {entry['received']}")  # fmt: skip
