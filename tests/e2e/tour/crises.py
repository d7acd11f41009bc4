"""A crisis on the tour: the resident's banner, and the desk that runs one and looks back on it."""

import re
import uuid

from playwright.async_api import Route

from backend import db
from backend.demo.data import demo_id
from tests.e2e.tour.visits import PEOPLE, Visit, screen

TEXTS = {
    "vi": "Nước đang dâng ở khu vực ven sông. Hãy kê đồ lên cao và chuẩn bị di dời.",
    "fa": "برف سنگین تا فردا صبح ادامه دارد. تا می‌توانید در خانه بمانید.",
    "en": "",
}

KEEP = """
(row) => new Promise((resolve) => {
  const opening = indexedDB.open('khupho');
  opening.onsuccess = () => {
    const put = opening.result.transaction('crises', 'readwrite').objectStore('crises').put(row);
    put.onsuccess = () => { opening.result.close(); resolve(true); };
  };
})
"""


async def _strike(visit: Visit) -> None:
    """As if there were a crisis where the person lives: on this phone alone."""
    kind = "snow" if visit.country == "ir" else "flood"
    row = await db.fetch_one(
        """SELECT a.neighbourhood_id AS home, c.id AS category_id FROM account a
           JOIN area n ON n.id = a.neighbourhood_id
           JOIN category c ON c.area_id = n.parent_id AND c.code = $2
           WHERE a.id = $1""",
        demo_id("account", PEOPLE[visit.country]["mai"]),
        kind,
    )
    assert row is not None
    said = {"texts": TEXTS, "language": "vi"}
    crisis = {
        "id": str(uuid.uuid4()),
        "ward_id": str(uuid.uuid4()),
        "kind": kind,
        "neighbourhood_ids": [str(row["home"])],
        **said,
        "category_id": str(row["category_id"]),
        "started_at": "2026-01-01T00:00:00Z",
        "ended_at": None,
        "updates": [
            {"id": str(uuid.uuid4()), **said, "created_at": f"2026-01-01T0{hour}:00:00Z"}
            for hour in (2, 0)
        ],
    }
    await visit.page.evaluate(KEEP, crisis)


@screen("resident", "mai", "crisis-banner")
async def _(visit: Visit) -> None:
    await visit.goto("/")
    await _strike(visit)
    await visit.goto("/")
    await visit.page.locator("section.crisis").wait_for()


@screen("resident", "mai", "crisis-report")
async def _(visit: Visit) -> None:
    await visit.page.locator("section.crisis button").first.click()
    await visit.page.locator("dialog[open] .choices").wait_for()


@screen("dispatcher", "dispatcher", "crises")
async def _(visit: Visit) -> None:
    await visit.goto("/desk/crisis")
    await visit.page.locator("main h2").first.wait_for()


@screen("dispatcher", "dispatcher", "crisis-summary")
async def _(visit: Visit) -> None:
    await visit.goto(f"/desk/crisis/{demo_id('crisis', visit.country)}")
    await visit.page.locator("dl dd").first.wait_for()


@screen("dispatcher", "dispatcher", "crisis-new")
async def _(visit: Visit) -> None:
    await visit.goto("/desk/crisis/new")
    await visit.page.locator("textarea").first.wait_for()


@screen("dispatcher", "dispatcher", "crisis-board")
async def _(visit: Visit) -> None:
    await visit.page.route(re.compile(r"/api/crises/[0-9a-f-]{36}(/board)?$"), _as_it_lasted)
    await visit.goto(f"/desk/crisis/{demo_id('crisis', visit.country)}")
    await visit.page.locator("article h3").first.wait_for()


@screen("dispatcher", "dispatcher", "crisis-send")
async def _(visit: Visit) -> None:
    await visit.button("Send a crew or machine").first.click()
    await visit.page.locator("dialog[open] li").first.wait_for()


@screen("dispatcher", "dispatcher", "crisis-tell")
async def _(visit: Visit) -> None:
    await visit.page.keyboard.press("Escape")
    await visit.button("Tell everybody there").click()
    await visit.page.locator("dialog[open] textarea").first.wait_for()


async def _as_it_lasted(route: Route) -> None:
    """The demo's crisis is over; on its way to this phone it is made to last."""
    answer = await route.fetch()
    told = await answer.json()
    if "streets" in told:
        for street in told["streets"]:
            worst = street["reports"][0]
            street |= {
                "open": len(street["reports"]),
                "worst": worst["severity"],
                "waiting_since": worst["created_at"],
            }
        given = told["assignments"][0] | {"arrived_at": None, "finished_at": None, "outcome": None}
        told["assignments"][0] = given
        told["streets"][0]["assignments"] = [given["id"]]
        for unit in told["units"]:
            if unit["id"] == given["unit_id"]:
                unit |= {
                    "status": "on_the_way",
                    "assignment_id": given["id"],
                    "where": given["label"],
                }
        told["open"] = told["reports"]
    else:
        told |= {"ended_at": None, "ended_by": None, "runs": True, "ends": True}
    await route.fulfill(response=answer, json=told)
