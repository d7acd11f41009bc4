"""Prometheus figures of this process. Labels are route templates, never paths: no ids, no names."""

from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

REQUESTS: Final = Counter(
    "khupho_http_requests_total", "Answered requests", ("method", "route", "status")
)
SECONDS: Final = Histogram(
    "khupho_http_request_seconds",
    "Time to answer, without streams",
    ("method", "route"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5),
)
WORKED_ON: Final = Gauge("khupho_requests_worked_on", "Requests that count against the limit")
REFUSED: Final = Counter("khupho_busy_total", "Requests refused because too many came at once")
LISTENERS: Final = Gauge("khupho_event_listeners", "Open event streams")
JOBS: Final = Counter("khupho_jobs_total", "Worked jobs", ("job", "outcome"))
PUSHES: Final = Counter("khupho_pushes_total", "Web push messages", ("outcome",))
TEXTS: Final = Counter("khupho_texts_total", "Text messages to callers", ("outcome",))

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST


def render() -> bytes:
    """All figures in Prometheus' text format."""
    return generate_latest()
