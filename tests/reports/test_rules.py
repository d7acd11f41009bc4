"""The rules by themselves: no database, no clock."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import asdict, replace

from backend.actor import Actor, Grant
from backend.departments.clocks import Calendar, CalendarFacts, due_at, make_calendar, worked
from backend.departments.public_holidays import WEEKS, holidays_in
from backend.departments.schemas import ClockTimes
from backend.errors import Forbidden
from backend.reports import progress, timing
from backend.reports.codes import ALPHABET, new_code, read_code
from backend.reports.moves import DONE, MOVES, PAUSABLE, find_move, options_for
from backend.reports.policy import side_of, sides_of, speaking_side, viewer_of
from backend.reports.report import Report
from backend.reports.schemas import State
from backend.reports.visibility import desk_parts, replica_sql, visible_to_sql

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
ACCEPT, SOLVE = timedelta(hours=8), timedelta(hours=48)
TIMES = ClockTimes(8 * 60, True, 48 * 60, True, 8 * 60)
IN_HOURS = ClockTimes(8 * 60, False, 48 * 60, False, 8 * 60)


def a_report(**changes: object) -> Report:
    report = Report(
        id=uuid.uuid4(), code="000-000-0", account_id=uuid.uuid4(), neighbourhood_id=uuid.uuid4(),
        ward_id=uuid.uuid4(), city_id=uuid.uuid4(), category_id=uuid.uuid4(),
        department_id=uuid.uuid4(), state="submitted", description="", address="", lat=None,
        lon=None, accuracy_m=None, located_by="none", outside=False, urgent=False, private=False,
        content_hash=b"", last_seq=1, created_at=START, device_created_at=None,
        accept_due_at=START + ACCEPT, solve_due_at=START + SOLVE, awaiting_since=None,
        accepted_at=None, resolved_at=None, appealed=False, clocks=None, alarm_at=None,
    )  # fmt: skip
    return replace(report, **changes)


def an_actor(*grants: tuple[str, uuid.UUID], account_id: uuid.UUID | None = None) -> Actor:
    return Actor(
        account_id=account_id or uuid.uuid4(),
        session_id=uuid.uuid4(),
        name="",
        language="vi",
        neighbourhood_id=None,
        ward_id=None,
        grants=tuple(Grant(role, scope) for role, scope in grants),  # type: ignore[arg-type]
    )


# codes ---------------------------------------------------------------------------------------


@given(st.integers(0, 6), st.sampled_from(ALPHABET))
@settings(max_examples=200)
def test_one_wrong_letter_in_a_code_is_noticed(place: int, letter: str) -> None:
    letters = list(new_code().replace("-", ""))
    wrong = letters[place] != letter
    letters[place] = letter
    assert (read_code("".join(letters)) is None) == wrong


@given(st.integers(0, 5))
@settings(max_examples=200)
def test_two_swapped_letters_in_a_code_are_noticed(place: int) -> None:
    letters = list(new_code().replace("-", ""))
    swapped = letters.copy()
    swapped[place], swapped[place + 1] = letters[place + 1], letters[place]
    assert (read_code("".join(swapped)) is None) == (swapped != letters)


def test_a_code_is_understood_as_people_write_it() -> None:
    code = new_code()
    for written in (code.lower(), code.replace("-", ""), f" {code.replace('-', ' ')} "):
        assert read_code(written) == code
    for wrong in ("", "abc", code + "0", "Đường 12", "!!!-!!!-!"):
        assert read_code(wrong) is None


# sides ---------------------------------------------------------------------------------------


def test_everyone_stands_on_their_side() -> None:
    report = a_report()
    author = report.account_id
    for actor, sides in (
        (an_actor(account_id=author), {"reporter"}),
        (an_actor(("officer", report.department_id or author)), {"department"}),
        (an_actor(("dispatcher", report.ward_id)), {"department"}),
        (an_actor(("head", report.neighbourhood_id)), {"head"}),
        (an_actor(("leader", report.ward_id)), set()),
        (an_actor(("inspector", report.city_id)), set()),
        (an_actor(("admin", report.city_id)), set()),
        (an_actor(("resident", report.neighbourhood_id)), set()),
        (an_actor(("officer", uuid.uuid4())), set()),
        (an_actor(("head", report.neighbourhood_id), account_id=author), {"reporter", "head"}),
    ):
        assert sides_of(actor, report) == sides


def test_an_officer_who_reports_to_their_own_department_speaks_as_reporter() -> None:
    report = a_report()
    assert report.department_id
    actor = an_actor(("officer", report.department_id), account_id=report.account_id)
    assert side_of(actor, report) == "reporter"
    assert speaking_side(actor, report, note=False, question=False) == "reporter"
    assert speaking_side(actor, report, note=True, question=False) == "department"
    assert speaking_side(actor, report, note=False, question=True) == "department"
    assert viewer_of(actor, report).sees_notes


def test_who_has_no_side_does_not_speak() -> None:
    report = a_report()
    with pytest.raises(Forbidden):
        speaking_side(an_actor(("leader", report.ward_id)), report, note=False, question=False)


def test_an_unrouted_report_is_no_officers() -> None:
    actor = an_actor(("officer", uuid.uuid4()))
    assert sides_of(actor, a_report(department_id=None)) == frozenset()


# visibility ----------------------------------------------------------------------------------


def test_who_holds_nothing_sees_only_their_own() -> None:
    actor = an_actor()
    assert visible_to_sql(actor, 3) == ("(r.account_id = $3)", [actor.account_id])
    assert desk_parts(actor) == []


def test_the_copy_of_an_officers_phone_leaves_out_the_desk() -> None:
    department, area = uuid.uuid4(), uuid.uuid4()
    actor = an_actor(("officer", department), ("head", area))
    condition, arguments = replica_sql(actor, 2)
    assert condition == "(r.account_id = $2 OR r.neighbourhood_id = $3)"
    assert arguments == [actor.account_id, area]


def test_each_grant_is_a_part_of_the_desk_and_none_stands_twice() -> None:
    one, ward = uuid.uuid4(), uuid.uuid4()
    actor = an_actor(("officer", one), ("dispatcher", ward), ("leader", ward))
    parts = desk_parts(actor)
    assert [part for part in parts if "part_ids" not in part[0]] == [
        ("r.city_id = ?", ward),
        ("r.department_id = ?", one),
        ("r.ward_id = ?", ward),
    ]
    assert [scope for condition, scope in parts if "part_ids" in condition] == [one]


# clocks --------------------------------------------------------------------------------------


OFFICE = make_calendar(CalendarFacts("Asia/Tehran", "IR", (), WEEKS["IR"]), holidays_in)


def carried(report: Report, to: State, now: datetime, calendar: Calendar | None = None) -> Report:
    move = next(move for move in MOVES if (move.source, move.to) == (report.state, to))
    changes = progress.carry_out(
        report,
        move,
        now,
        calendar,
        times=TIMES if calendar is None else IN_HOURS,
    )
    known = {key: value for key, value in changes.items() if key in Report.__struct_fields__}
    return replace(report, **known)


def test_accepting_in_time_but_for_an_open_question_is_in_time() -> None:
    asked = START + timedelta(hours=7)
    report = replace(a_report(), **progress.ask(a_report(), asked, None))
    accepted = carried(report, "accepted", START + timedelta(hours=20))
    assert accepted.accepted_at is not None
    assert accepted.accepted_at <= accepted.accept_due_at
    assert accepted.awaiting_since == asked, "the question is still open"
    begun = carried(accepted, "in_progress", START + timedelta(hours=21))
    assert begun.awaiting_since is None
    assert begun.solve_due_at == START + SOLVE + timedelta(hours=14)


def test_a_second_question_does_not_begin_the_pause_anew() -> None:
    report = a_report(awaiting_since=START)
    assert progress.ask(report, START + timedelta(hours=1), None) == {}


WORK = {"accepted", "in_progress", "awaiting_reporter", "resolved", "disputed"}


@dataclass
class Clock:
    """A tiny model: how long the department's clock has run, whether it runs, and since when it
    is late."""

    used: timedelta
    running: bool
    late_since: datetime | None = None


class Course(RuleBasedStateMachine):
    """Any course of a report: its deadline always leaves what the clock has not used."""

    def __init__(self) -> None:
        super().__init__()
        self.report = a_report()
        self.now = START
        self.clock = Clock(timedelta(0), running=True)
        self.calendar: Calendar | None = None

    @initialize(office=st.booleans())
    def begin(self, office: bool) -> None:
        """In working hours; or day and night, as a report from before there were any."""
        self.report = a_report()
        if office:
            self.calendar = OFFICE
            started = timing.start(IN_HOURS, START, OFFICE)
            self.report = replace(self.report, **asdict(started))

    @rule(minutes=st.integers(0, 5000))
    def time_passes(self, minutes: int) -> None:
        before, self.now = self.now, self.now + timedelta(minutes=minutes)
        if not self.clock.running:
            return
        left = SOLVE - self.clock.used
        self.clock.used += worked(before, self.now, self.calendar)
        if self.clock.late_since is None and self.clock.used >= SOLVE:
            self.clock.late_since = due_at(before, left, self.calendar)

    @rule(data=st.data())
    @precondition(lambda self: self.targets() & WORK)
    def the_work_goes_on(self, data: st.DataObject) -> None:
        self.move_to(data.draw(st.sampled_from(sorted(self.targets() & WORK))))

    @rule(data=st.data())
    @precondition(lambda self: self.targets() - WORK)
    def somebody_ends_or_revives_it(self, data: st.DataObject) -> None:
        self.move_to(data.draw(st.sampled_from(sorted(self.targets() - WORK))))

    def targets(self) -> set[State]:
        return {
            move.to
            for move in MOVES
            if move.source == self.report.state and not (move.once and self.report.appealed)
        }

    def move_to(self, to: State) -> None:
        was = self.report.state
        self.report = carried(self.report, to, self.now, self.calendar)
        if was in {"rejected", "merged"} or to == "disputed":
            self.clock = Clock(timedelta(0), running=True)
        elif to == "in_progress":
            self.clock.running = True
        elif to in {"awaiting_reporter", "resolved"} | DONE:
            self.clock.running = False

    @rule()
    @precondition(lambda self: self.report.state in PAUSABLE)
    def the_department_asks(self) -> None:
        self.report = replace(self.report, **progress.ask(self.report, self.now, self.calendar))
        self.clock.running = False

    @rule()
    @precondition(lambda self: self.report.awaiting_since is not None)
    def the_reporter_answers(self) -> None:
        resumed = progress.resume(self.report, self.now, self.calendar)
        self.report = replace(self.report, **resumed)
        self.clock.running = True

    @invariant()
    def the_time_left_is_what_the_clock_has_not_used(self) -> None:
        if not self.clock.running:
            return
        if self.clock.late_since is None:
            left = worked(self.now, self.report.solve_due_at, self.calendar)
            assert left == SOLVE - self.clock.used
        else:
            assert self.report.solve_due_at == self.clock.late_since, "what is late stays due"

    @invariant()
    def the_worker_will_look_in_time(self) -> None:
        following = timing.next_alarm(self.report, self.now, self.calendar)
        if following is not None and self.report.clocks is not None:
            assert self.report.alarm_at is not None
            assert self.report.alarm_at <= following
        if self.report.state in DONE:
            assert self.report.alarm_at is None

    @invariant()
    def a_question_is_open_only_where_one_can_be(self) -> None:
        if self.report.awaiting_since is not None:
            assert self.report.state in PAUSABLE | {"awaiting_reporter"}
        if self.report.state == "awaiting_reporter":
            assert self.report.awaiting_since is not None

    @invariant()
    def nothing_leads_out_of_an_end(self) -> None:
        if self.report.state in {"closed", "withdrawn"}:
            assert not [move for move in MOVES if move.source == self.report.state]


TestCourse = Course.TestCase
TestCourse.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)


def test_the_system_moves_only_by_itself() -> None:
    everyone = {"reporter", "department", "head"}
    assert find_move("resolved", "closed", {"system"}, appealed=False)
    assert find_move("awaiting_reporter", "in_progress", {"system"}, appealed=False)
    for move in MOVES:
        if move.side == "system":
            continue
        assert move.side in everyone
    assert options_for((), "submitted", appealed=False, needs_result_photo=True) == []
