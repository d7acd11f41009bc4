"""How long a desk waits for its inbox and its search, in a city with a million reports.

Two people ask at once, over HTTP: an officer with 300 open cases, a ward's dispatcher, and a leader
who sees the whole city.
"""

import json
import time
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from tests.bench.city import RARE, City, build_city, somebody
from tests.bench.server import Bench, always, running_bench

ROUNDS: Final = 20
CONNECTIONS: Final = 2

Question = dict[str, str]

SEARCHES: Final[tuple[Question, ...]] = (
    {"q": RARE},
    {"q": "hươu cao cổ hoa sữa", "tray": "all"},
    {"q": "đèn đường"},
    {"q": "rac cho", "tray": "all"},
    {"q": "tran thi anh"},
    {"q": "07A-12"},
    {"q": "07a120", "tray": "all"},
    {"q": "le"},
    {"q": "khong co gi nhu the"},
    {"q": "Khu phố 2430", "tray": "all"},
    {"q": "nap cong", "tray": "done"},
)


def inbox_questions(city: City) -> list[Question]:
    return [
        {},
        {"sort": "newest"},
        {"tray": "all"},
        {"tray": "done"},
        {"due": "late"},
        {"due": "today"},
        {"to_answer": "true"},
        {"waiting": "true"},
        {"unread": "true"},
        {"urgent": "true"},
        {"state": "disputed"},
        {"state": "submitted"},
        {"neighbourhood_id": str(city.neighbourhood_id)},
        {"category_id": str(city.category_id)},
    ]


async def run() -> dict[str, float]:
    """Milliseconds within which 95 of 100 answers were there; seconds of the preparation."""
    async with running_bench() as bench:
        began = time.perf_counter()
        city = await build_city()
        figures = {"build_s": time.perf_counter() - began}
        for name, role, scope_id in (
            ("officer", "officer", city.department_id),
            ("dispatcher", "dispatcher", city.ward_id),
            ("leader", "leader", city.city_id),
        ):
            cookie = await bench.session(await somebody(role, scope_id))
            figures[f"inbox_{name}_p95_ms"] = await _p95(bench, cookie, inbox_questions(city))
            figures[f"search_{name}_p95_ms"] = await _p95(bench, cookie, SEARCHES)
    return figures


async def _p95(bench: Bench, cookie: str, questions: Sequence[Question]) -> float:
    paths = [f"/api/desk/reports?{urlencode(question)}" for question in questions]
    # Second pages, too.
    first = await bench.hammer(cookie, 1, always("GET", paths[0]), connections=1)
    if cursor := json.loads(first.body)["cursor"]:
        paths.append(f"{paths[0]}&{urlencode({'cursor': cursor})}")
    await bench.hammer(cookie, len(paths), lambda n: ("GET", paths[n], b""), connections=1)
    answers = await bench.hammer(
        cookie,
        ROUNDS * len(paths),
        lambda n: ("GET", paths[n % len(paths)], b""),
        connections=CONNECTIONS,
    )
    return answers.p95_ms
