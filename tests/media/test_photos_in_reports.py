"""The way of a photo through the whole API: named, sent, acknowledged, shown to who may see it."""

import uuid

from backend.media.worker import make_pictures
from tests.conftest import World
from tests.media.phone import TUS, append, location, send, sha256
from tests.media.pictures import encoded, four_corners, webp_chunks


def _report(world: World, *photos: bytes) -> dict[str, object]:
    return {
        "category_id": str(world.categories["lamp"]),
        "description": "Đèn trước nhà số 12 không sáng",
        "lat": world.lat,
        "lon": world.lon,
        "accuracy_m": 8,
        "located_by": "gps",
        "photos": [
            {"sha256": sha256(photo), "bytes": len(photo), "type": "image/jpeg"} for photo in photos
        ],
    }


async def test_a_receipt_turns_true_when_the_photo_has_arrived(world: World) -> None:
    near, far = (encoded(four_corners(size, size), "JPEG") for size in (300, 400))
    path, body = f"/api/reports/{uuid.uuid4()}", _report(world, near, far)
    await send(world.alice, near)
    first = await world.alice.put(path, body)
    assert first.status_code == 201
    assert [photo["stored"] for photo in first.json()["photos"]] == [True, False]

    url = await location(world.alice, far)
    await append(world.alice, url, 0, far[:1000])
    again = await world.alice.put(path, body)
    assert again.status_code == 200
    assert [photo["stored"] for photo in again.json()["photos"]] == [True, False]
    await append(world.alice, url, 1000, far[1000:])
    last = await world.alice.put(path, body)
    assert [photo["stored"] for photo in last.json()["photos"]] == [True, True]
    assert [photo["id"] for photo in last.json()["photos"]] == [
        photo["id"] for photo in first.json()["photos"]
    ]


async def test_a_sixth_photo_is_refused_and_nothing_is_kept(world: World) -> None:
    report_id = uuid.uuid4()
    body = _report(world, *(bytes([n]) for n in range(6)))
    answer = await world.alice.put(f"/api/reports/{report_id}", body)
    assert answer.status_code == 422
    assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [
        ("photos", "too_many_photos")
    ]
    assert (await world.alice.get(f"/api/reports/{report_id}")).status_code == 404


async def test_a_photo_is_shown_to_those_who_may_see_its_report(world: World) -> None:
    photo = encoded(four_corners(600, 400), "JPEG")
    receipt = (await world.alice.put(f"/api/reports/{uuid.uuid4()}", _report(world, photo))).json()
    photo_id = receipt["photos"][0]["id"]
    path = f"/api/photos/{photo_id}"
    assert (await world.alice.get(f"{path}/thumb")).status_code in {404, 409}
    await send(world.alice, photo)
    assert (await world.alice.get(f"{path}/thumb")).status_code in {404, 409}
    await make_pictures(uuid.UUID(photo_id))

    for person in (world.alice, world.bang, world.chi, world.farid, world.gita):
        for variant in ("thumb", "full"):
            answer = await person.get(f"{path}/{variant}")
            assert answer.status_code == 200, person.name
            assert answer.headers["content-type"] == "image/webp"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in answer.headers["content-security-policy"]
            assert "private" in answer.headers["cache-control"]
            assert len(answer.content) == int(answer.headers["content-length"])
            webp_chunks(answer.content)
    for person in (world.dariush, world.emine):
        foreign = await person.get(f"{path}/full")
        missing = await person.get(f"/api/photos/{uuid.uuid4()}/full")
        assert foreign.status_code == missing.status_code == 404
        assert foreign.content == missing.content
    assert (await world.nobody.get(f"{path}/full")).status_code == 401
    assert (await world.alice.get(f"{path}/original")).status_code in {400, 404, 422}


async def test_the_phone_hears_when_a_photo_arrives_and_when_it_is_ready(world: World) -> None:
    async def state_in(person_sync: dict[str, object]) -> list[str]:
        reports = person_sync["upserts"].get("report", [])  # type: ignore[attr-defined]
        return [photo["state"] for report in reports for photo in report["photos"]]

    async def pull(cursor: str | None) -> dict[str, object]:
        answer = await world.alice.get("/api/sync", params={"cursor": cursor} if cursor else {})
        assert answer.status_code == 200, answer.text
        body: dict[str, object] = answer.json()
        return body

    photo = encoded(four_corners(200, 200), "JPEG")
    receipt = (await world.alice.put(f"/api/reports/{uuid.uuid4()}", _report(world, photo))).json()
    first = await pull(None)
    assert await state_in(first) == ["expected"]
    await send(world.alice, photo)
    second = await pull(str(first["cursor"]))
    assert await state_in(second) == ["stored"]
    await make_pictures(uuid.UUID(receipt["photos"][0]["id"]))
    third = await pull(str(second["cursor"]))
    assert await state_in(third) == ["ready"]


async def test_an_upload_of_a_report_cannot_be_deleted(world: World) -> None:
    photo = encoded(four_corners(100, 100), "JPEG")
    await world.alice.put(f"/api/reports/{uuid.uuid4()}", _report(world, photo))
    url = await send(world.alice, photo)
    refused = await world.alice.client.delete(url, headers=TUS)
    assert refused.json()["code"] == "upload_in_use"
