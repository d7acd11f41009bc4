"""What people do in a crisis, in their words."""

import uuid
from collections.abc import Sequence

import httpx

from tests.conftest import Person, World
from tests.reports.steps import report_body

WORDS = {"vi": "Nước đang dâng. Ở trên cao.", "fa": "", "en": "The water is rising."}


def crisis_body(world: World, **changes: object) -> dict[str, object]:
    return {
        "ward_id": str(world.ward_id),
        "kind": "flood",
        "area_ids": [str(world.neighbourhood_id)],
        "texts": WORDS,
        "times": {"accept_minutes": 15, "solve_minutes": 120},
        **changes,
    }


async def declare(world: World, **changes: object) -> dict[str, object]:
    """Farid declares one; returns it as he sees it."""
    answer = await world.farid.put(f"/api/crises/{uuid.uuid4()}", crisis_body(world, **changes))
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.json()
    return found


async def send(
    person: Person, world: World, crisis: dict[str, object], **changes: object
) -> dict[str, object]:
    """One tap; returns the receipt."""
    body = report_body(world, category_id=crisis["category_id"], description="", **changes)
    answer = await person.put(f"/api/reports/{uuid.uuid4()}", body)
    assert answer.status_code == 201, answer.text
    receipt: dict[str, object] = answer.json()
    return receipt


async def make_unit(world: World, name: str = "Xe bơm 1", **more: object) -> str:
    unit_id = str(uuid.uuid4())
    answer = await world.farid.put(
        f"/api/wards/{world.ward_id}/units/{unit_id}",
        {"revision": 0, "kind": "pump", "name": name, **more},
    )
    assert answer.status_code == 201, answer.text
    return unit_id


async def assign(
    person: Person,
    crisis: dict[str, object],
    unit_id: str,
    report_ids: Sequence[object],
    *,
    label: str = "Lê Văn Việt",
    previous: str | None = None,
    assignment_id: str | None = None,
) -> httpx.Response:
    return await person.put(
        f"/api/crises/{crisis['id']}/assignments/{assignment_id or uuid.uuid4()}",
        {
            "unit_id": unit_id,
            "report_ids": [str(one) for one in report_ids],
            "label": label,
            "previous": previous,
        },
    )


async def step(
    person: Person, crisis: dict[str, object], assignment_id: str, status: str
) -> httpx.Response:
    return await person.put(
        f"/api/crises/{crisis['id']}/assignments/{assignment_id}/status", {"status": status}
    )


async def end(person: Person, crisis: dict[str, object]) -> httpx.Response:
    return await person.put(f"/api/crises/{crisis['id']}/end")


async def board(person: Person, crisis: dict[str, object]) -> dict[str, list[dict[str, object]]]:
    answer = await person.get(f"/api/crises/{crisis['id']}/board")
    assert answer.status_code == 200, answer.text
    found: dict[str, list[dict[str, object]]] = answer.json()
    return found


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def field(answer: httpx.Response) -> tuple[str, str]:
    """The field that is wrong, and how."""
    assert answer.status_code == 422, answer.text
    wrong = answer.json()["errors"][0]
    return wrong["field"], wrong["code"]
