"""Working time: against what people would say, and against a slow count minute by minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.departments.clocks import (
    Calendar,
    CalendarFacts,
    Closure,
    Hours,
    NeverOpen,
    Span,
    Week,
    check_week,
    due_at,
    make_calendar,
    week_minutes,
    worked,
)
from backend.departments.public_holidays import WEEKS, holidays_in, name_holidays

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ZONES = {"VN": "Asia/Ho_Chi_Minh", "IR": "Asia/Tehran"}
CLOSED: Week = ((),) * 7


def office(country: str, *closures: Closure) -> Calendar:
    facts = CalendarFacts(ZONES[country], country, (), WEEKS[country], closures)
    return make_calendar(facts, holidays_in)


def local(country: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONES[country])).astimezone(UTC)


def shown(country: str, at: datetime) -> str:
    return at.astimezone(ZoneInfo(ZONES[country])).strftime("%a %Y-%m-%d %H:%M")


# what people would say -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "start", "hours", "due"),
    [
        ("VN", "2026-06-03 08:00", 2, "Wed 2026-06-03 10:00"),
        ("VN", "2026-06-03 11:00", 1, "Wed 2026-06-03 13:30"),  # over the lunch break
        ("VN", "2026-06-03 07:30", 4, "Wed 2026-06-03 11:30"),  # its last minute, not 13:00
        ("VN", "2026-06-05 16:00", 2, "Mon 2026-06-08 08:30"),  # over a weekend
        ("VN", "2026-06-07 10:00", 8, "Mon 2026-06-08 17:00"),  # sent on a Sunday
        ("VN", "2026-02-13 16:00", 2, "Mon 2026-02-23 08:30"),  # over Tết
        ("VN", "2026-08-28 16:00", 2, "Thu 2026-09-03 08:30"),  # National Day and a day before it
        ("IR", "2026-06-10 13:30", 2, "Sat 2026-06-13 08:30"),  # Thursday and Friday are free
        ("IR", "2026-03-18 13:30", 2, "Wed 2026-03-25 08:30"),  # over Nowruz
        ("IR", "2026-06-23 13:30", 2, "Sat 2026-06-27 08:30"),  # Tasua, Ashura, Friday
    ],
)
def test_a_deadline_falls_where_people_expect_it(
    country: str, start: str, hours: int, due: str
) -> None:
    at = due_at(local(country, start), hours * HOUR, office(country))
    assert shown(country, at) == due


def test_a_clock_that_runs_day_and_night_knows_no_weekend() -> None:
    friday = local("VN", "2026-06-05 23:00")
    assert due_at(friday, 4 * HOUR, None) - friday == 4 * HOUR
    assert worked(friday, friday + 3 * DAY, None) == 3 * DAY


def test_what_needs_no_time_is_due_at_once_even_at_night() -> None:
    night = local("VN", "2026-06-06 02:00")
    assert due_at(night, timedelta(0), office("VN")) == night
    assert due_at(night, -HOUR, office("VN")) == night
    assert worked(night, night - DAY, office("VN")) == timedelta(0)
    assert worked(night, night - DAY, None) == timedelta(0)


def test_a_day_the_office_is_closed_counts_for_nobody() -> None:
    start = local("VN", "2026-06-03 16:00")
    closed = Closure(date(2026, 6, 4), date(2026, 6, 5))
    assert shown("VN", due_at(start, 2 * HOUR, office("VN"))) == "Thu 2026-06-04 08:30"
    assert shown("VN", due_at(start, 2 * HOUR, office("VN", closed))) == "Mon 2026-06-08 08:30"


def test_new_hours_hold_from_their_day_and_not_before() -> None:
    mornings: Week = (((450, 690),),) * 5 + ((), ())
    facts = CalendarFacts(ZONES["VN"], "VN", ((Hours(date(2026, 6, 4), mornings),),), WEEKS["VN"])
    calendar = make_calendar(facts, holidays_in)
    wednesday = local("VN", "2026-06-03 07:30")
    assert worked(wednesday, wednesday + DAY, calendar) == 8 * HOUR
    assert worked(wednesday + DAY, wednesday + 2 * DAY, calendar) == 4 * HOUR


def test_the_nearest_hours_win_until_they_give_way() -> None:
    nights: Week = (((0, 1440),),) * 7
    ours = (Hours(date(2026, 6, 3), nights), Hours(date(2026, 6, 5), None))
    wards = (Hours(date(2026, 6, 1), (*CLOSED[:6], ((600, 660),))),)
    calendar = Calendar(
        CalendarFacts(ZONES["VN"], "VN", (ours, wards), WEEKS["VN"]), lambda _: False
    )
    assert calendar.spans(date(2026, 5, 29)) == WEEKS["VN"][4]
    assert calendar.spans(date(2026, 6, 2)) == ()
    assert calendar.spans(date(2026, 6, 3)) == ((0, 1440),)
    assert calendar.spans(date(2026, 6, 7)) == ((600, 660),)


def test_hours_that_never_open_are_not_counted_for_ever() -> None:
    never = Calendar(CalendarFacts(ZONES["VN"], "VN", (), CLOSED), lambda _: False)
    with pytest.raises(NeverOpen):
        due_at(local("VN", "2026-06-03 08:00"), MINUTE, never)
    always_away = office("VN", Closure(date(2020, 1, 1), date(2099, 1, 1)))
    with pytest.raises(NeverOpen):
        due_at(local("VN", "2026-06-03 08:00"), MINUTE, always_away)


def test_a_night_shift_in_tehran_loses_an_hour_in_spring_and_gains_one_in_autumn() -> None:
    """Iran had summer time until 2022: 24:00 of 21 March was 1:00, of 21 September 23:00 again."""
    shift: Week = (((0, 120), (1320, 1440)),) * 7
    calendar = Calendar(CalendarFacts(ZONES["IR"], "IR", (), shift), lambda _: False)
    spring = local("IR", "2021-03-21 22:00")
    assert worked(spring, local("IR", "2021-03-22 02:00"), calendar) == 3 * HOUR
    autumn = local("IR", "2021-09-21 22:00")
    assert worked(autumn, local("IR", "2021-09-22 02:00"), calendar) == 5 * HOUR
    assert due_at(autumn, 3 * HOUR, calendar) - autumn == 3 * HOUR
    later = local("IR", "2026-09-21 22:00")
    assert worked(later, local("IR", "2026-09-22 02:00"), calendar) == 4 * HOUR


def test_the_holidays_of_both_countries_are_known_and_named() -> None:
    assert name_holidays("VN", 2027, "vi")[date(2027, 2, 6)] == "Tết Nguyên Đán"
    assert name_holidays("IR", 2027, "fa")[date(2027, 3, 22)] == "عیدنوروز"
    assert date(2028, 3, 20) in holidays_in("IR", 2028), "Nowruz is a day earlier in a leap year"
    for country in ("VN", "IR"):
        for year in range(2020, 2101):
            assert len(holidays_in(country, year)) >= 10
        assert holidays_in(country, 2101) == {}
    assert holidays_in("DE", 2026) == {}


@pytest.mark.parametrize(
    "week",
    [
        [[]] * 6,
        [[]] * 8,
        [[(500, 500)]] + [[]] * 6,
        [[(600, 500)]] + [[]] * 6,
        [[(-1, 500)]] + [[]] * 6,
        [[(500, 1441)]] + [[]] * 6,
        [[(500, 700), (690, 800)]] + [[]] * 6,
    ],
)
def test_a_week_that_makes_no_sense_is_refused(week: list[list[Span]]) -> None:
    with pytest.raises(ValueError, match=r"week|span"):
        check_week(week)


def test_a_week_is_put_in_order() -> None:
    week = check_week([[(780, 1020), (450, 690)], *[[]] * 6])
    assert week[0] == ((450, 690), (780, 1020))
    assert week_minutes(week) == 480


def test_equal_calendars_are_worked_out_once() -> None:
    assert office("VN") is office("VN")
    assert office("VN") is not office("IR")


# against a count of every minute -------------------------------------------------------------


@st.composite
def weeks(draw: st.DrawFn) -> Week:
    def day() -> list[Span]:
        marks = sorted(draw(st.sets(st.integers(0, 144), max_size=6)))
        marks = [10 * mark for mark in marks[: len(marks) // 2 * 2]]
        return list(zip(marks[::2], marks[1::2], strict=True))

    return check_week([day() for _ in range(7)])


@st.composite
def cases(draw: st.DrawFn) -> tuple[Calendar, str, datetime, timedelta, timedelta]:
    """A random calendar, a start near something that is hard, a length, a stretch of time."""
    country = draw(st.sampled_from(["VN", "IR"]))
    anchor = draw(
        st.sampled_from(
            [
                datetime(2024, 2, 28, tzinfo=UTC),  # a leap day
                datetime(2026, 2, 14, tzinfo=UTC),  # Tết
                datetime(2027, 12, 30, tzinfo=UTC),  # the turn of a year
                datetime(2021, 3, 20, tzinfo=UTC),  # Nowruz; summer time begins in Iran
                datetime(2021, 9, 20, tzinfo=UTC),  # it ends
                datetime(2022, 9, 20, tzinfo=UTC),  # for the last time
                datetime(2026, 9, 20, tzinfo=UTC),
                datetime(2028, 2, 28, tzinfo=UTC),
            ]
        )
    )
    start = anchor + timedelta(seconds=draw(st.integers(0, 3 * 86400)))
    hours = tuple(
        tuple(
            sorted(
                (
                    Hours((anchor + timedelta(days=draw(st.integers(-3, 5)))).date(), week)
                    for week in draw(st.lists(st.none() | weeks(), max_size=2))
                ),
                key=lambda one: one.from_day,
            )
        )
        for _ in range(draw(st.integers(0, 2)))
    )
    closures = tuple(
        Closure(
            (first := (anchor + timedelta(days=draw(st.integers(-2, 6)))).date()),
            first + timedelta(days=draw(st.integers(0, 2))),
        )
        for _ in range(draw(st.integers(0, 2)))
    )
    facts = CalendarFacts(ZONES[country], country, hours, draw(weeks()), closures)
    calendar = Calendar(facts, lambda day: day in holidays_in(country, day.year))
    length = timedelta(minutes=draw(st.integers(1, 900)), seconds=draw(st.sampled_from([0, 0, 7])))
    return calendar, country, start, length, timedelta(minutes=draw(st.integers(0, 6 * 1440)))


def is_open(calendar: Calendar, zone: ZoneInfo, at: datetime) -> bool:
    """Straight from the words: the wall clock's minute lies in a span of its own day."""
    wall = at.astimezone(zone)
    minute = wall.hour * 60 + wall.minute
    return any(opens <= minute < closes for opens, closes in calendar.spans(wall.date()))


WINDOW = 10 * 1440


@settings(
    max_examples=1000,
    deadline=None,
    derandomize=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(cases())
def test_any_calendar_agrees_with_a_count_of_every_minute(
    case: tuple[Calendar, str, datetime, timedelta, timedelta],
) -> None:
    calendar, country, start, length, stretch = case
    zone = ZoneInfo(ZONES[country])
    end = start + stretch
    # Whole minutes of the wall clock are whole minutes of UTC or half-hours off it: both zones'.
    minute = start.replace(second=0)
    total, due, counted = timedelta(0), None, timedelta(0)
    for _ in range(WINDOW):
        if due is not None and minute >= end:
            break
        if is_open(calendar, zone, minute):
            begin = max(minute, start)
            total += max(min(minute + MINUTE, end) - begin, timedelta(0))
            here = minute + MINUTE - begin
            if due is None and counted + here >= length:
                due = begin + (length - counted)
            counted += here
        minute += MINUTE
    assert worked(start, end, calendar) == total
    if due is not None:
        assert due_at(start, length, calendar) == due
        assert worked(start, due, calendar) == length
    else:
        try:
            found = due_at(start, length, calendar)
        except NeverOpen:
            return
        assert found > start + (WINDOW - 1) * MINUTE
        assert worked(start, found, calendar) == length
