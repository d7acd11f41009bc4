"""What people do in these tests, in their words."""

import hashlib
import uuid

import httpx

from tests.conftest import Person, World


def report_body(world: World, category: str = "lamp", **changes: object) -> dict[str, object]:
    """A report from Alice's neighbourhood; a change to None leaves the field out."""
    body: dict[str, object] = {
        "category_id": str(world.categories[category]),
        "description": "Đèn trước nhà không sáng",
        "lat": world.lat,
        "lon": world.lon,
        "accuracy_m": 12.0,
        "located_by": "gps",
        **changes,
    }
    return {key: value for key, value in body.items() if value is not None}


def photo_named(seed: str = "photo", **changes: object) -> dict[str, object]:
    """A photo whose bytes have not come."""
    digest = hashlib.sha256(seed.encode()).hexdigest()
    return {"sha256": digest, "bytes": 1000, "type": "image/jpeg", **changes}


async def send(
    person: Person, world: World, category: str = "lamp", **changes: object
) -> dict[str, object]:
    """Sends a report; returns its receipt."""
    answer = await person.put(
        f"/api/reports/{uuid.uuid4()}", report_body(world, category, **changes)
    )
    assert answer.status_code == 201, answer.text
    receipt: dict[str, object] = answer.json()
    return receipt


async def say(
    person: Person, report_id: object, text: str = "Xin chào", **more: object
) -> httpx.Response:
    return await person.put(
        f"/api/reports/{report_id}/messages/{uuid.uuid4()}", {"text": text, **more}
    )


async def move(person: Person, report_id: object, to: str, **more: object) -> httpx.Response:
    return await person.put(f"/api/reports/{report_id}/moves/{uuid.uuid4()}", {"to": to, **more})


async def case(person: Person, report_id: object) -> dict[str, object]:
    answer = await person.get(f"/api/reports/{report_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


async def report_of(person: Person, report_id: object) -> dict[str, object]:
    found = (await case(person, report_id))["report"]
    assert isinstance(found, dict)
    return found


async def messages_of(person: Person, report_id: object) -> list[dict[str, object]]:
    found = (await case(person, report_id))["messages"]
    assert isinstance(found, list)
    return found
