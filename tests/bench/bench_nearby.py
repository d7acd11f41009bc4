"""How long somebody who is about to report waits for similar reports nearby, among a million.

Two neighbours ask at once, over HTTP, at a hundred places of the city, with and without words.
"""

from typing import Final
from urllib.parse import urlencode

from tests.bench.city import build_city, somebody
from tests.bench.server import running_bench

ROUNDS: Final = 10
PLACES: Final = 100
CONNECTIONS: Final = 2


async def run() -> dict[str, float]:
    """Milliseconds within which 95 of 100 answers were there."""
    async with running_bench() as bench:
        city = await build_city()
        cookie = await bench.session(await somebody("dispatcher", city.ward_id))
        paths = [
            "/api/reports/nearby?"
            + urlencode(
                {
                    "category_id": str(city.category_id),
                    "lat": 10.8 + place % 10 * 0.01,
                    "lon": 106.7 + place // 10 * 0.01,
                    "text": "đèn đường không sáng" if place % 2 else "",
                }
            )
            for place in range(PLACES)
        ]
        await bench.hammer(cookie, PLACES, lambda n: ("GET", paths[n], b""), connections=1)
        answers = await bench.hammer(
            cookie,
            ROUNDS * PLACES,
            lambda n: ("GET", paths[n % PLACES], b""),
            connections=CONNECTIONS,
        )
    return {"p95_ms": answers.p95_ms}
