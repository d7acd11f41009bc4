"""One seed in one browser: a resident acts on a bad line, an officer speaks meanwhile, all heals.

Who does what in which weather comes from `tests.faults.plan`, of which one phone with one tab is
played. The phone is the page of `tests/faults/client`: the app's own data layer.
"""

import asyncio
import contextlib
import hashlib
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
import httpx

from backend import db
from tests.engines.driving import Browser
from tests.faults.plan import Act, Device, make_plan
from tests.faults.proxy import FaultProxy
from tests.faults.weather import Weather
from tests.faults.world import Ward, id_of, revoke_session, sign_in_again

HASTE: Final = 10
DRAIN_SECONDS: Final = 60.0
STORES: Final = {"report": "reports", "message": "messages", "notification": "notifications"}

NOT_PLAYED: Final = {
    "fill_storage": "no protocol of theirs sets the room of one origin",
    "free_storage": "goes with fill_storage",
    "start_worker": "what drains in a worker there is the app's own, in the journey",
    "stop_worker": "no protocol of theirs stops a service worker",
    "wake_worker": "neither has Background Sync",
    "kill_browser": "the journey kills it, once and for certain",
    "update_app": "the same database code in all engines; Chromium plays it",
    "withdraw": "a move like others; Chromium plays them against a desk that moves, too",
    "answer_result": "as withdraw",
    "take_back": "as withdraw",
    "lose_grant": "the server's doing, whatever the engine",
}
"""Acts of the plan that are left out here, and why."""


class Refused(Exception):
    """The app said no, by an error of this name."""


class Phone:
    """A browser with the page of the fault harness: `window.phone` in place of fingers."""

    def __init__(self, browser: Browser, proxy: FaultProxy, label: str) -> None:
        self.browser = browser
        self.proxy = proxy
        self.label = label

    async def open(self) -> None:
        """Loads the page (again)."""
        await self.browser.goto(f"{self.proxy.origin(self.label)}/")
        await self.browser.run(
            """const end = performance.now() + 10000;
               while (!window.phone && performance.now() < end)
                 await new Promise((resolve) => setTimeout(resolve, 20));
               if (!window.phone) throw new Error('the page did not start');"""
        )

    async def close(self) -> None:
        await self.browser.goto("about:blank")

    async def sign_in(self, token: str) -> None:
        """The cookie, set on a page of this origin that runs nothing."""
        await self.browser.goto(f"{self.proxy.origin(self.label)}/clock.js")
        await self.browser.run(
            "document.cookie = `khupho=${given[0]}; path=/; max-age=86400`;", token
        )

    async def call(self, name: str, *arguments: object) -> Any:
        """`phone.<name>(…)`; raises Refused, Gone."""
        answer = await self.browser.run(
            """const [name, list] = given;
               try { return { value: await window.phone[name](...list) }; }
               catch (error) { return { refused: `${error?.name}: ${error?.message}` }; }""",
            name,
            list(arguments),
        )
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer.get("value")


@dataclass
class Seed:
    """A seed while it is played. `findings` empty at the end: every promise held."""

    number: int
    ward: Ward
    phone: Phone
    server: str
    media: Path
    told: list[dict[str, Any]] = field(default_factory=list)
    edits: dict[str, str] = field(default_factory=dict)
    said: int = 0
    session: str = "phone"
    findings: list[str] = field(default_factory=list)
    actions: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def device(self) -> Device:
        return make_plan(self.number).devices[0]

    async def play(self) -> None:
        weather = Weather(
            random.Random(f"weather {self.number}"), self.device.chance, self.device.kinds
        )
        await self.phone.sign_in(self.alice.token(self.session))
        await self.phone.open()
        await self.phone.call("setClock", self.device.wrong_by_ms)
        await self.phone.call("settle")
        await self.phone.call("setHaste", HASTE)
        self.phone.proxy.weather[self.phone.label] = weather
        over = asyncio.Event()
        desk = asyncio.create_task(self._speak_at_the_desk(over))
        for act in self.device.tabs[0]:
            await asyncio.sleep(act.pause)
            await self._act(act)
        over.set()
        await desk
        await self._heal()
        await self.phone.proxy.late_arrivals(self.phone.label)
        await self._check()
        self.faults += weather.injected
        self.phone.proxy.forget(self.phone.label)

    @property
    def alice(self) -> Any:
        return self.ward.people["alice"]

    # what people do ------------------------------------------------------------------------------

    async def _act(self, act: Act) -> None:
        if act.do in NOT_PLAYED:
            return
        self.actions[act.do] += 1
        try:
            await getattr(self, f"_do_{act.do}")(**act.wish)
        except Refused as refused:
            if not str(refused).startswith(("Unreachable", "Problem")):
                self.findings.append(f"{act.do}: {refused}")

    def _reports(self) -> list[str]:
        return [one["id"] for one in self.told if one["kind"] == "report"]

    async def _do_report(self, category: str, shots: list[Any], words: int) -> None:
        lat, lon = self.ward.here
        wish = {
            "id": str(id_of(self.ward.seed, "engine", len(self.told))),
            "category_id": str(self.ward.id("category", category)),
            "description": "Đèn hỏng " * words,
            "lat": lat,
            "lon": lon,
            "shots": shots,
        }
        self.told.append(await self.phone.call("report", wish))

    async def _do_reply(self, which: int, shots: list[Any]) -> None:
        reports = self._reports()
        if reports:
            wish = {
                "id": str(id_of(self.ward.seed, "engine", len(self.told))),
                "reportId": reports[which % len(reports)],
                "text": f"Tin {len(self.told)}",
                "shots": shots,
                "question": False,
            }
            self.told.append(await self.phone.call("reply", wish))

    async def _do_edit(self, which: int, words: int) -> None:
        reports = self._reports()
        if reports:
            report_id = reports[which % len(reports)]
            text = f"sửa {words} {len(self.told)}"
            await self.phone.call("edit", report_id, text)
            self.edits[report_id] = text

    async def _do_read(self, which: int) -> None:
        reports = self._reports()
        if reports:
            await self.phone.call("read", reports[which % len(reports)])

    async def _do_read_notices(self) -> None:
        await self.phone.call("readNotices")

    async def _do_wake(self) -> None:
        await self.phone.call("wake")

    async def _do_send_now(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.phone.call("emptied", 500), 5)

    async def _do_reload(self) -> None:
        await self.phone.open()

    async def _do_close(self) -> None:
        """The app is swiped away in whatever it was doing, and opened again."""
        await self.phone.close()
        await self.phone.open()

    async def _do_reopen(self) -> None:
        await self.phone.open()

    async def _do_set_clock(self, ms: int) -> None:
        await self.phone.call("setClock", ms)

    async def _do_revoke_session(self) -> None:
        async with db.pool().acquire() as connection:
            await revoke_session(_plain(connection), self.alice, self.session)

    async def _speak_at_the_desk(self, over: asyncio.Event) -> None:
        chi = {"cookie": f"khupho={self.ward.people['chi'].token('desk')}"}
        async with httpx.AsyncClient(base_url=self.server, timeout=20, headers=chi) as desk:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), 0.4)
                rows = await db.fetch(
                    "SELECT id FROM report WHERE department_id = $1", self.ward.id("lighting")
                )
                if not rows:
                    continue
                self.said += 1
                id = id_of(self.ward.seed, "desk", self.said)
                path = f"/api/reports/{rows[self.said % len(rows)]['id']}/messages/{id}"
                answer = await desk.put(path, json={"text": f"Tổ {self.said}", "question": False})
                if answer.status_code not in {200, 201}:
                    self.findings.append(f"desk: {answer.status_code} {answer.text}")

    # healing -------------------------------------------------------------------------------------

    async def _heal(self) -> None:
        self.phone.proxy.calm(self.phone.label)
        await self.phone.open()
        await self.phone.call("setHaste", 1)
        left: dict[str, Any] = {}
        end = asyncio.get_running_loop().time() + DRAIN_SECONDS
        while asyncio.get_running_loop().time() < end:
            await self.phone.call("wake")
            left = await self.phone.call("emptied", 3000)
            if left["paused"]:
                await self._sign_in_again()
            elif not left["left"]:
                return
            elif any(entry["state"] == "needs_person" for entry in left["left"]):
                break
            elif any((entry["error"] or {}).get("status") == 429 for entry in left["left"]):
                await self.phone.call("sendNow")
        self.findings.append(f"not drained: {left}")

    async def _sign_in_again(self) -> None:
        self.session += "+"
        async with db.pool().acquire() as connection:
            await sign_in_again(_plain(connection), self.alice, self.session)
        await self.phone.sign_in(self.alice.token(self.session))
        await self.phone.open()
        await self.phone.call("settle")

    # what must be true ---------------------------------------------------------------------------

    async def _check(self) -> None:
        account = self.alice.account_id
        reports = await db.fetch("SELECT * FROM report WHERE account_id = $1", account)
        messages = await db.fetch(
            "SELECT * FROM message WHERE account_id = $1 AND kind = 'message' ORDER BY seq", account
        )
        wanted = {one["id"]: one for one in self.told}
        rows = {str(row["id"]): row for row in [*reports, *messages]}
        if rows.keys() != wanted.keys() or len(rows) != len(reports) + len(messages):
            lost, more = wanted.keys() - rows.keys(), rows.keys() - wanted.keys()
            self.findings.append(f"I1: lost {lost}, there besides {more}")
        for row in reports:
            one = wanted.get(str(row["id"]), {"payload": {}})
            words = self.edits.get(str(row["id"]), one["payload"].get("description"))
            if row["description"] != (words or "").strip():
                self.findings.append(f"I1: {row['id']} says {row['description']!r}, not {words!r}")
        for report_id in self._reports():
            queued = [one["id"] for one in self.told if one["kind"] == "message"
                      and one["reportId"] == report_id]  # fmt: skip
            there = [str(row["id"]) for row in messages if str(row["thread_id"]) == report_id]
            if queued != there:
                self.findings.append(f"I4: {report_id} has {there}, queued were {queued}")
        await self._check_photos(account)
        await self._check_shown()

    async def _check_photos(self, account: UUID) -> None:
        rows = await db.fetch("SELECT * FROM photo WHERE account_id = $1", account)
        named = Counter((one["id"], p["sha256"]) for one in self.told for p in one["photos"])
        there = Counter((str(row["message_id"]), row["sha256"].hex()) for row in rows)
        if named.keys() != there.keys():
            self.findings.append(f"I1: photos {named - there} lost, {there - named} besides")
        for row in rows:
            file = self.media / str(row["media_key"])
            kept = await asyncio.to_thread(file.read_bytes) if row["media_key"] else b""
            if hashlib.sha256(kept).digest() != row["sha256"]:
                self.findings.append(f"I1: photo {row['id']} is not what was taken")

    async def _check_shown(self) -> None:
        """The phone shows what the server holds of this person, no more and no less."""
        await self.phone.call("pull")
        shown = await self.phone.call("dump")
        truth = await self._pull_everything()
        for kind, store in STORES.items():
            here = {row["id"]: row for row in shown[store]}
            if here != truth[kind]:
                odd = {id for id in here.keys() | truth[kind].keys()
                       if here.get(id) != truth[kind].get(id)}  # fmt: skip
                self.findings.append(f"not converged: {store} {odd}")
        if shown["photos"] or any(row["state"] != "done" for row in shown["outbox"]):
            self.findings.append("something stays on the phone for nothing")

    async def _pull_everything(self) -> dict[str, dict[str, Any]]:
        kept: dict[str, dict[str, Any]] = {kind: {} for kind in STORES}
        cursor: str | None = None
        cookie = {"cookie": f"khupho={self.alice.token('desk')}"}
        async with httpx.AsyncClient(base_url=self.server, timeout=20, headers=cookie) as client:
            while True:
                asked = {"cursor": cursor} if cursor else {}
                page = (await client.get("/api/sync", params=asked)).json()
                for kind, rows in kept.items():
                    rows |= {row["id"]: row for row in page["upserts"].get(kind, ())}
                cursor = page["cursor"]
                if not page["more"]:
                    return kept


def _plain(connection: Any) -> "asyncpg.Connection[asyncpg.Record]":
    plain: asyncpg.Connection[asyncpg.Record] = connection
    return plain


def choose_seeds(count: int) -> list[int]:
    """Seeds with bad lines only, together with as many kinds of fault and of act as can be."""
    plans = {seed: make_plan(seed) for seed in range(120)}
    left = {seed: _variety(plan.devices[0]) for seed, plan in plans.items() if plan.lane == "line"}
    chosen: list[int] = []
    seen: set[str] = set()
    while len(chosen) < count:
        best = max(left, key=lambda seed: (len(left[seed] - seen), -seed))
        seen |= left.pop(best)
        chosen.append(best)
    return sorted(chosen)


def _variety(device: Device) -> set[str]:
    return {*device.kinds, *(act.do for act in device.tabs[0] if act.do not in NOT_PLAYED)}
