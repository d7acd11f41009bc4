"""What an operator does in these tests."""

import itertools
import uuid

import httpx

from backend import db
from backend.accounts import service as accounts
from tests.conftest import Person, World

_numbers = itertools.count(1)


def fresh_number() -> str:
    """A mobile number nobody in these tests has yet."""
    return f"0912 {next(_numbers):06d}"


def call_body(world: World, number: str = "", **changes: object) -> dict[str, object]:
    """A dark lamp in Alice's neighbourhood; `category` is one of the world's."""
    category = str(changes.pop("category", "lamp"))
    report = {
        "category_id": str(world.categories[category]),
        "located_by": "none",
        "area_id": str(world.neighbourhood_id),
        "address": "Hẻm 12, trước nhà văn hóa",
        "description": "Đèn tắt ba hôm nay",
        **dict(changes.pop("report", {})),  # type: ignore[call-overload]
    }
    return {"report": report, "number": number, "name": "Bà Tư", **changes}


async def log(
    operator: Person, world: World, number: str = "", call_id: object = None, **changes: object
) -> httpx.Response:
    return await operator.put(
        f"/api/calls/{call_id or uuid.uuid4()}", call_body(world, number, **changes)
    )


async def logged(
    operator: Person, world: World, number: str = "", **changes: object
) -> dict[str, object]:
    """Writes a call down; its receipt."""
    answer = await log(operator, world, number, **changes)
    assert answer.status_code == 201, answer.text
    receipt: dict[str, object] = answer.json()
    return receipt


async def callers(operator: Person, number: str) -> list[dict[str, object]]:
    answer = await operator.post("/api/calls/lookup", {"number": number})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["callers"]
    return found


async def operator_elsewhere(world: World, person: Person) -> Person:
    """`person`, as the dispatcher of another ward of the same city and nothing else."""
    ward_id = uuid.uuid4()
    await db.execute(
        """INSERT INTO area (id, parent_id, level, code, name, country, time_zone, calendar, path)
           VALUES ($1, $2, 'ward', $3, 'other ward', 'VN', 'Asia/Ho_Chi_Minh', 'gregorian', $4)""",
        ward_id,
        world.city_id,
        ward_id.hex,
        [world.city_id, ward_id],
    )
    await db.execute(
        "UPDATE account_grant SET revoked_at = now() WHERE account_id = $1", person.account_id
    )
    await accounts.grant_role(person.account_id, "dispatcher", ward_id)
    return person
