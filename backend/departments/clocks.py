"""Time as a department counts it: working hours, breaks, days off, to the microsecond (`W3`).

Pure: no database, no clock of its own. A clock that runs day and night has no calendar (None).
"""

import itertools
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

DAY_MINUTES: Final = 24 * 60
HORIZON_DAYS: Final = 3700
"""Ten years: what is not due by then is never due, and nobody looks for it any longer."""
MOST_DAYS_KEPT: Final = 2000

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_NOTHING: Final = timedelta(0)

Span = tuple[int, int]
"""Open from a minute of the local day until another: (450, 690) is 7:30 to 11:30."""
Week = tuple[tuple[Span, ...], ...]
"""The spans of each of seven days, Monday first, in order and apart from each other."""
Opening = tuple[datetime, datetime]


class NeverOpen(Exception):
    """The hours leave so little time that a clock would not end within `HORIZON_DAYS`."""


class Hours(Struct, frozen=True):
    """A week that holds from a day on. `week` None: from then on what the next wider place has."""

    from_day: date
    week: Week | None


class Closure(Struct, frozen=True):
    """Local days without work, both ends included."""

    first_day: date
    last_day: date


class CalendarFacts(Struct, frozen=True):
    """All a calendar is made of.

    `hours` from the nearest (the department's) to the widest, each by its `from_day`; `default` is
    what holds where none of them says anything. `country` names the public holidays.
    """

    time_zone: str
    country: str
    hours: tuple[tuple[Hours, ...], ...]
    default: Week
    closures: tuple[Closure, ...] = ()


class Calendar:
    """When work is done. A local minute is open if its day's hours and no day off hold it.

    In the hour that a zone skips nothing is open; the hour it repeats is open twice.

    Args:
        is_day_off: public holidays, asked once for each local day.
    """

    def __init__(self, facts: CalendarFacts, is_day_off: Callable[[date], bool]) -> None:
        self._facts = facts
        self._zone = ZoneInfo(facts.time_zone)
        self._is_day_off = is_day_off
        self._days: dict[date, tuple[timedelta, tuple[Opening, ...]]] = {}

    def day(self, day: date) -> tuple[timedelta, tuple[Opening, ...]]:
        """How long is open of one *UTC* day, and when: so days follow each other in any zone."""
        kept = self._days.get(day)
        if kept is None:
            if len(self._days) >= MOST_DAYS_KEPT:
                self._days.clear()
            openings = tuple(self._open_in(day))
            total = sum((closes - opens for opens, closes in openings), _NOTHING)
            kept = self._days[day] = (total, openings)
        return kept

    def spans(self, day: date) -> tuple[Span, ...]:
        """The hours of a local day."""
        facts = self._facts
        if any(closure.first_day <= day <= closure.last_day for closure in facts.closures):
            return ()
        week = self._week(day)
        spans = week[day.weekday()]
        return () if not spans or self._is_day_off(day) else spans

    def _week(self, day: date) -> Week:
        for versions in self._facts.hours:
            held = None
            for version in versions:
                if version.from_day <= day:
                    held = version.week
            if held is not None:
                return held
        return self._facts.default

    def _open_in(self, day: date) -> list[Opening]:
        found: list[Opening] = []
        for begin, end, offset in self._stretches(datetime.combine(day, time(), UTC)):
            local_begin, local_end = begin + offset, end + offset
            local_day = local_begin.date()
            while (midnight := datetime.combine(local_day, time(), UTC)) < local_end:
                for opens, closes in self.spans(local_day):
                    first = max(local_begin, midnight + timedelta(minutes=opens))
                    last = min(local_end, midnight + timedelta(minutes=closes))
                    if first < last:
                        found.append((first - offset, last - offset))
                local_day += _DAY
        return found

    def _stretches(self, begin: datetime) -> list[tuple[datetime, datetime, timedelta]]:
        """A UTC day in parts of one distance to UTC: one, or two where summer time begins or ends.

        No zone changes twice in a day.
        """
        end = begin + _DAY
        before, after = self._offset(begin), self._offset(end - _SECOND)
        if before == after:
            return [(begin, end, before)]
        old, new = begin, end - _SECOND
        while new - old > _SECOND:
            middle = (old + (new - old) / 2).replace(microsecond=0)
            if self._offset(middle) == before:
                old = middle
            else:
                new = middle
        return [(begin, new, before), (new, end, after)]

    def _offset(self, at: datetime) -> timedelta:
        return at.astimezone(self._zone).utcoffset() or _NOTHING


def due_at(start: datetime, length: timedelta, calendar: Calendar | None) -> datetime:
    """When `length` of working time will have passed since `start`: the first such moment.

    Nothing, or less than nothing, is due at once.

    Raises:
        NeverOpen: not within ten years.
    """
    if calendar is None:
        return start + length
    if length <= _NOTHING:
        return start
    left = length
    first = day = start.astimezone(UTC).date()
    for _ in range(HORIZON_DAYS):
        total, openings = calendar.day(day)
        if total < left and day != first:
            left -= total
            day += _DAY
            continue
        for opens, closes in openings:
            begin = max(opens, start)
            if begin >= closes:
                continue
            if closes - begin >= left:
                return begin + left
            left -= closes - begin
        day += _DAY
    raise NeverOpen


def worked(start: datetime, end: datetime, calendar: Calendar | None) -> timedelta:
    """The working time between two moments; nothing when `end` is not after `start`."""
    if end <= start:
        return _NOTHING
    if calendar is None:
        return end - start
    worked_so_far = _NOTHING
    first, last = start.astimezone(UTC).date(), end.astimezone(UTC).date()
    day = first
    while day <= last:
        total, openings = calendar.day(day)
        if first < day < last:
            worked_so_far += total
        else:
            for opens, closes in openings:
                begin, finish = max(opens, start), min(closes, end)
                if begin < finish:
                    worked_so_far += finish - begin
        day += _DAY
    return worked_so_far


def check_week(week: Sequence[Collection[Span]]) -> Week:
    """A week fit to keep: each day's spans in order.

    Raises:
        ValueError: not seven days, or a span that ends before it begins, leaves its day, or meets
            another one. A week without any span is well formed; whether it will do is asked later.
    """
    if len(week) != 7:
        raise ValueError("a week has seven days")
    days = []
    for spans in week:
        ordered = tuple(sorted((opens, closes) for opens, closes in spans))
        for opens, closes in ordered:
            if not 0 <= opens < closes <= DAY_MINUTES:
                raise ValueError("a span begins before it ends, within its day")
        for (_, closes), (opens, _) in itertools.pairwise(ordered):
            if opens < closes:
                raise ValueError("two spans of a day overlap")
        days.append(ordered)
    return tuple(days)


def week_minutes(week: Week) -> int:
    """Open minutes of a week without days off."""
    return sum(closes - opens for spans in week for opens, closes in spans)


def make_calendar(
    facts: CalendarFacts, holidays_in: Callable[[str, int], Collection[date]]
) -> Calendar:
    """The calendar of `facts`; equal facts share one, with the days it has already worked out."""
    return _shared(facts, holidays_in)


@lru_cache(maxsize=2048)
def _shared(facts: CalendarFacts, holidays_in: Callable[[str, int], Collection[date]]) -> Calendar:
    return Calendar(facts, lambda day: day in holidays_in(facts.country, day.year))
