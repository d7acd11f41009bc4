"""What each figure is measured in and should come to: the numbers of the design, as data."""

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class Goal:
    """`bound` says on which side of `value` a figure does well; without a goal both are None."""

    unit: str
    bound: Literal["≤", "≥"] | None = None
    value: float | None = None

    def __str__(self) -> str:
        return "" if self.bound is None else f"{self.bound} {self.value:g}"

    def met(self, figure: float) -> bool | None:
        """None where there is no goal to meet."""
        if self.bound is None or self.value is None:
            return None
        return figure <= self.value if self.bound == "≤" else figure >= self.value


@dataclass(frozen=True)
class Group:
    """One module with a `run()` that gives these figures. `seconds` is when it is stopped."""

    module: str
    seconds: float
    figures: dict[str, Goal]


def at_most(value: float, unit: str) -> Goal:
    return Goal(unit, "≤", value)


def at_least(value: float, unit: str) -> Goal:
    return Goal(unit, "≥", value)


KB: Final = "kB"  # 1000 bytes, as browsers count

GROUPS: Final[dict[str, Group]] = {
    "web": Group(
        "tests.bench.bench_web",
        150,
        {
            "stranger_vi_kb": at_most(100, KB),
            "stranger_vi_js_kb": at_most(45, KB),
            "stranger_vi_requests": Goal("requests"),
            "home_vi_kb": at_most(100, KB),
            "home_vi_js_kb": at_most(45, KB),
            "home_vi_js_needed_kb": Goal(KB),
            "home_vi_font_kb": at_most(0, KB),
            "home_vi_api_kb": Goal(KB),
            "home_vi_headers_kb": Goal(KB),
            "home_vi_requests": Goal("requests"),
            "home_en_kb": at_most(100, KB),
            "home_en_js_kb": at_most(45, KB),
            "home_en_font_kb": at_most(0, KB),
            "home_fa_kb": at_most(150, KB),
            "home_fa_js_kb": at_most(45, KB),
            "home_fa_font_kb": at_most(50, KB),
            "offline_copy_kb": Goal(KB),
            "usable_slow_s": at_most(3, "s"),
            "cls": at_most(0.02, ""),
            "cached_slow_s": at_most(1, "s"),
            "offline_cold_s": at_most(1, "s"),
            "open_report_ms": at_most(100, "ms"),
        },
    ),
    "report": Group(
        "tests.bench.bench_report",
        90,
        {
            "three_photos_kb": at_most(750, KB),
            "largest_photo_kb": at_most(250, KB),
            "sent_again_kib": at_most(64, "KiB"),
            "drain_after_online_s": at_most(5, "s"),
            "drain_after_silence_s": at_most(5, "s"),
            "inbox_s": at_most(1, "s"),
        },
    ),
    "intake": Group(
        "tests.bench.bench_intake",
        80,
        {
            "y2_per_s": Goal("/s"),
            "bare_per_s": Goal("/s"),
            "intake_per_s": Goal("/s"),
            "intake_p95_ms": Goal("ms"),
            "intake_of_bare": at_least(0.5, "×"),
            "y2_over_intake": at_most(8, "×"),
            "case_per_s": Goal("/s"),
            "y2_over_case": at_most(4, "×"),
            "desk_per_s": Goal("/s"),
            "y2_over_desk": at_most(20, "×"),
            "sync_idle_bytes": at_most(1000, "B"),
            "sync_idle_per_s": Goal("/s"),
            "sync_busy_bytes": at_most(15_000, "B"),
            "sync_busy_per_s": Goal("/s"),
        },
    ),
    "push": Group(
        "tests.bench.bench_push",
        60,
        {
            "pushes_per_s": Goal("/s"),
            "bare_ecdh_per_s": Goal("/s"),
            "ratio": at_least(0.55, "×"),
            "sent_per_s": Goal("/s"),
            "seconds_per_100000": at_most(60, "s"),
        },
    ),
    "image": Group(
        "tests.bench.bench_image",
        40,
        {
            "jpeg_12mpx_s": at_most(0.7, "s"),
            "jpeg_12mpx_peak_mb": at_most(256, "MB"),
            "heic_12mpx_s": at_most(0.7, "s"),
            "heic_12mpx_peak_mb": at_most(256, "MB"),
            "thumbnail_kib": at_most(15, "KiB"),
        },
    ),
    "locate": Group(
        "tests.bench.bench_locate",
        40,
        {
            "inside_us": at_most(50, "µs"),
            "inside_p99_us": Goal("µs"),
            "just_outside_us": Goal("µs"),
            "far_away_us": Goal("µs"),
            "build_s": Goal("s"),
            "corners": Goal("points"),
        },
    ),
    "desk": Group(
        "tests.bench.bench_desk",
        420,
        {
            "build_s": Goal("s"),
            "inbox_officer_p95_ms": at_most(150, "ms"),
            "search_officer_p95_ms": at_most(150, "ms"),
            "inbox_dispatcher_p95_ms": at_most(150, "ms"),
            "search_dispatcher_p95_ms": at_most(150, "ms"),
            "inbox_leader_p95_ms": at_most(150, "ms"),
            "search_leader_p95_ms": at_most(150, "ms"),
        },
    ),
    "nearby": Group("tests.bench.bench_nearby", 250, {"p95_ms": at_most(100, "ms")}),
    "memory": Group(
        "tests.bench.bench_memory",
        60,
        {
            "idle_mb": at_most(250, "MB"),
            "idle_server_mb": Goal("MB"),
            "idle_worker_mb": Goal("MB"),
            "idle_shared_once_mb": Goal("MB"),
        },
    ),
}
