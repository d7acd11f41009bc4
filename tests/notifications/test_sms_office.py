"""Texts to callers: who gets one, when, what it says, and what becomes of it."""

import asyncio
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from backend import db
from backend.i18n import LANGUAGES
from backend.notifications import sms_texts
from backend.notifications.sms_office import AGE_MAX, MOST_AT_ONCE_A_DAY, SmsOffice
from backend.notifications.sms_providers import (
    HttpSms,
    Later,
    NobodyThere,
    Refused,
    Sent,
    SmsOutcome,
)
from backend.notifications.sms_queries import SmsDelivery
from tests.conftest import World
from tests.fixtures.sms_gateway import Answer, SmsGateway
from tests.reports.calling import fresh_number, logged
from tests.reports.steps import move, say, send

# The coming noon, night and morning in Vietnam, which is seven hours ahead.
NOON = (datetime.now(UTC) + timedelta(hours=19)).replace(hour=5, minute=0, second=0, microsecond=0)
LATE = NOON + timedelta(hours=10)
MORNING = NOON + timedelta(hours=19)


@dataclass
class Wire:
    """A provider that notes what it is given."""

    outcomes: list[SmsOutcome] = field(default_factory=list)
    sent: list[tuple[str, str, uuid.UUID]] = field(default_factory=list)

    async def send(self, number: str, text: str, key: uuid.UUID) -> SmsOutcome:
        self.sent.append((number, text, key))
        return self.outcomes.pop(0) if self.outcomes else Sent()

    async def aclose(self) -> None:
        pass


@dataclass
class Desk:
    """An office whose clock the test holds; texts of other tests are out of its way."""

    wire: Wire
    now: datetime = NOON

    def office(self) -> SmsOffice:
        return SmsOffice(self.wire, now=lambda: self.now, stretch=lambda: 1.0)

    async def run(self) -> None:
        await self.office().sweep()


@pytest.fixture
async def desk(api: object) -> Desk:
    await db.execute("UPDATE sms_delivery SET state = 'dropped' WHERE state = 'pending'")
    return Desk(Wire())


async def states(report_id: object) -> list[tuple[str, str]]:
    rows = await db.fetch(
        "SELECT kind, state FROM sms_delivery WHERE report_id = $1 ORDER BY created_at",
        uuid.UUID(str(report_id)),
    )
    return [(row["kind"], row["state"]) for row in rows]


async def test_the_code_goes_out_at_once_and_news_by_day(world: World, desk: Desk) -> None:
    number = fresh_number()
    receipt = await logged(world.farid, world, number)
    desk.now = LATE
    await desk.run()
    ((to, text, _),) = desk.wire.sent
    assert to == f"+84{number.replace(' ', '')[1:]}"
    assert str(receipt["code"]) in text
    await move(world.chi, receipt["id"], "accepted")
    await say(world.chi, receipt["id"], "Chiều nay tổ đến")
    await move(world.chi, receipt["id"], "in_progress")
    await desk.run()
    assert len(desk.wire.sent) == 1
    # What waited through the night is said once, with the newest.
    assert await states(receipt["id"]) == [
        ("logged", "sent"),
        ("state", "dropped"),
        ("message", "dropped"),
        ("state", "pending"),
    ]
    desk.now = MORNING
    await desk.run()
    assert len(desk.wire.sent) == 2
    assert "Chiều nay" not in desk.wire.sent[1][1]
    assert (await states(receipt["id"]))[-1] == ("state", "sent")


async def test_who_has_the_app_is_told_there(world: World, desk: Desk) -> None:
    number = fresh_number()
    await world.alice.patch("/api/me", {"phone": number})
    receipt = await send(world.alice, world)
    await move(world.chi, receipt["id"], "accepted")
    assert await states(receipt["id"]) == []
    # The last device is signed out while a text waits, or the other way round.
    await db.execute(
        "UPDATE session SET revoked_at = now() WHERE account_id = $1", world.alice.account_id
    )
    await move(world.chi, receipt["id"], "in_progress")
    await db.execute(
        "UPDATE session SET revoked_at = NULL WHERE account_id = $1", world.alice.account_id
    )
    await desk.run()
    assert (await states(receipt["id"]), desk.wire.sent) == ([("state", "dropped")], [])


async def test_nobody_is_texted_more_than_three_times_a_day(world: World, desk: Desk) -> None:
    number = fresh_number()
    reports = [await logged(world.farid, world, number) for _ in range(2)]
    await desk.run()
    moved = [
        (reports[0]["id"], "accepted"),
        (reports[1]["id"], "accepted"),
        (reports[0]["id"], "in_progress"),
    ]
    for report_id, to in moved:
        await move(world.chi, report_id, to)
        await db.execute("UPDATE sms_delivery SET finished_at = $1 WHERE state = 'sent'", desk.now)
        await desk.run()
    assert len(desk.wire.sent) == 3
    desk.now = MORNING
    await desk.run()
    told = [text.split(":")[0].split()[-1] for _, text, _ in desk.wire.sent[3:]]
    assert told == [reports[1]["code"], reports[0]["code"]]


async def test_a_joker_does_not_run_up_a_bill(world: World, desk: Desk) -> None:
    number = fresh_number()
    for _ in range(MOST_AT_ONCE_A_DAY + 2):
        await logged(world.farid, world, number)
    desk.now = datetime.now(UTC)
    await desk.run()
    assert len(desk.wire.sent) == MOST_AT_ONCE_A_DAY


async def test_a_dead_number_is_left_alone_until_somebody_calls_from_it(
    world: World, desk: Desk
) -> None:
    number = fresh_number()
    receipt = await logged(world.farid, world, number)
    desk.wire.outcomes = [NobodyThere()]
    await desk.run()
    call = (await world.farid.get(f"/api/calls/{receipt['id']}")).json()
    assert call["sms"] == "unreachable"
    await move(world.chi, receipt["id"], "accepted")
    await desk.run()
    assert (len(desk.wire.sent), await states(receipt["id"])) == (1, [("logged", "failed")])
    again = await logged(world.farid, world, number)
    assert await states(again["id"]) == [("logged", "pending")]


@pytest.mark.parametrize(
    ("outcomes", "tries", "state"),
    [
        ([Refused("status_400")], 1, "failed"),
        ([Later("status_500"), Sent("7")], 2, "sent"),
        ([Later("timeout"), Later("status_429", timedelta(minutes=20)), Sent()], 3, "sent"),
    ],
)
async def test_what_may_succeed_is_tried_again_and_nothing_else(
    world: World, desk: Desk, outcomes: list[SmsOutcome], tries: int, state: str
) -> None:
    receipt = await logged(world.farid, world, fresh_number())
    desk.wire.outcomes = list(outcomes)
    for _ in range(8):
        await desk.run()
        desk.now += timedelta(minutes=10)
    assert (len(desk.wire.sent), await states(receipt["id"])) == (tries, [("logged", state)])
    assert len({key for _, _, key in desk.wire.sent}) == 1


async def test_a_gateway_that_never_comes_back_is_given_up(world: World, desk: Desk) -> None:
    receipt = await logged(world.farid, world, fresh_number())
    desk.wire.outcomes = [Later("network")] * 5
    desk.now = datetime.now(UTC)
    await desk.run()
    desk.now += AGE_MAX + timedelta(minutes=1)
    await desk.run()
    assert (len(desk.wire.sent), await states(receipt["id"])) == (1, [("logged", "failed")])


async def test_two_workers_send_one_text_and_a_killed_ones_goes_out_again(
    world: World, desk: Desk
) -> None:
    receipt = await logged(world.farid, world, fresh_number())
    await asyncio.gather(*(desk.run() for _ in range(4)))
    assert len(desk.wire.sent) == 1
    # Sent, but killed before it was noted: the same key goes out again, and no other.
    await db.execute(
        "UPDATE sms_delivery SET state = 'pending', finished_at = NULL WHERE report_id = $1",
        uuid.UUID(str(receipt["id"])),
    )
    desk.now += timedelta(minutes=3)
    await desk.run()
    keys = [key for _, _, key in desk.wire.sent]
    assert (len(keys), len(set(keys))) == (2, 1)


async def test_a_gateway_with_moods_gets_every_text_once(world: World, desk: Desk) -> None:
    async with SmsGateway() as gateway:
        provider = HttpSms(gateway.url, None, "", 0.3)
        gateway.answers = [Answer(500), Answer(silent=True), Answer(429, {"Retry-After": "1"})]
        receipt = await logged(world.farid, world, fresh_number())
        office = SmsOffice(provider, now=lambda: desk.now, stretch=lambda: 1.0)
        for _ in range(6):
            await office.sweep()
            desk.now += timedelta(minutes=10)
        assert (len(gateway.asked), len(gateway.texts)) == (4, 1)
        assert await states(receipt["id"]) == [("logged", "sent")]
        kept = await db.fetch_value(
            "SELECT receipt FROM sms_delivery WHERE report_id = $1", uuid.UUID(str(receipt["id"]))
        )
        assert kept == "4711"
        await provider.aclose()


async def test_a_ward_that_switches_texts_off_stops_what_waits(world: World, desk: Desk) -> None:
    receipt = await logged(world.farid, world, fresh_number())
    await world.farid.put(f"/api/wards/{world.ward_id}/sms", {"allowed": False})
    await desk.run()
    assert (desk.wire.sent, await states(receipt["id"])) == ([], [("logged", "dropped")])


async def test_a_call_that_is_refused_sends_nothing(world: World, desk: Desk) -> None:
    before = await db.fetch_value("SELECT count(*) FROM sms_delivery")
    answer = await world.farid.put(f"/api/calls/{uuid.uuid4()}", {"report": {}})
    assert answer.status_code in {400, 422}
    assert await db.fetch_value("SELECT count(*) FROM sms_delivery") == before


async def test_no_log_line_holds_a_number_or_a_text(
    world: World, desk: Desk, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    from backend.logs import configure_logs

    number = fresh_number()
    configure_logs("debug")
    try:
        with caplog.at_level(logging.DEBUG):
            receipt = await logged(world.farid, world, number)
            await world.farid.post("/api/calls/lookup", {"number": number})
            await world.farid.post("/api/calls/lookup", {"number": number + "x"})
            desk.wire.outcomes = [Later("status_500"), Refused("status_400")]
            await desk.run()
            desk.now += timedelta(minutes=10)
            await desk.run()
    finally:
        configure_logs("error")
    out, err = capfd.readouterr()
    told = caplog.text + out + err
    assert "text_later" in told
    for secret in (number, number.replace(" ", "")[1:], str(receipt["code"])):
        assert secret not in told


def delivery(language: str, kind: str, detail: str | None) -> SmsDelivery:
    return SmsDelivery(
        id=uuid.UUID(int=1),
        attempts=1,
        account_id=uuid.UUID(int=2),
        code="W8W-W8W-W",
        kind=kind,  # type: ignore[arg-type]
        detail=detail,
        due_at=datetime(2026, 12, 28, 15, 45, tzinfo=UTC),
        at_once=False,
        created_at=NOON,
        language=language,  # type: ignore[arg-type]
        time_zone="Asia/Ho_Chi_Minh",
        number="+84912345678",
        reachable=True,
        sent_today=0,
    )


def every_text() -> Sequence[tuple[str, str]]:
    kinds = [
        ("logged", None),
        ("message", None),
        ("question", None),
        ("state", "accepted"),
        *(("state", state) for state in sms_texts._STATES),
    ]
    return [
        (language, sms_texts.text_of(delivery(language, kind, detail)))
        for language in LANGUAGES
        for kind, detail in kinds
    ]


def test_every_text_fits_one_segment_and_names_the_code() -> None:
    for language, text in every_text():
        units = len(text.encode("utf-16-le")) // 2
        assert "W8W-W8W-W" in text
        if language == "en":
            assert units <= 160, text
            assert text.isascii()
        else:
            assert units <= 70, (units, text)
    shown = [text for _, text in every_text()]
    assert len(set(shown)) == len(shown) - len(LANGUAGES)  # a question is said in one way
    assert "28/12" in sms_texts.text_of(delivery("vi", "logged", None))
    assert "۲۲:۴۵" in sms_texts.text_of(delivery("fa", "logged", None))
