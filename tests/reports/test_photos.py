"""Photos of reports and messages: receipts, and who gets a byte of them (`S3`, I7)."""

import hashlib
import io
import uuid
from typing import TYPE_CHECKING

from PIL import Image

from backend.media.worker import make_pictures
from tests.conftest import Person, World
from tests.media.phone import append, location
from tests.reports.steps import messages_of, report_body, report_of, say, send

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]


def picture(colour: str = "orange") -> bytes:
    """A photo no other test has: uploads of one content are shared within an account."""
    image = Image.new("RGB", (320, 240), colour)
    file = io.BytesIO()
    image.save(file, "JPEG", comment=uuid.uuid4().bytes)
    return file.getvalue()


def named(data: bytes) -> dict[str, object]:
    digest = hashlib.sha256(data).hexdigest()
    return {"sha256": digest, "bytes": len(data), "type": "image/jpeg"}


async def upload(person: Person, data: bytes) -> None:
    answer = await append(person, await location(person, data), 0, data)
    assert answer.status_code == 204, answer.text


async def test_photos_that_came_first_are_acknowledged_at_once(world: World) -> None:
    data = picture()
    await upload(world.alice, data)
    receipt = await send(world.alice, world, photos=[named(data)])
    assert receipt["photos"][0]["stored"] is True  # type: ignore[index]


async def test_photos_that_come_later_are_acknowledged_by_the_same_report_sent_again(
    world: World,
) -> None:
    data, report_id = picture(), uuid.uuid4()
    body = report_body(world, photos=[named(data)])
    first = await world.alice.put(f"/api/reports/{report_id}", body)
    assert first.json()["photos"][0]["stored"] is False
    await upload(world.alice, data)
    again = await world.alice.put(f"/api/reports/{report_id}", body)
    assert again.status_code == 200
    assert again.json()["photos"][0]["stored"] is True
    assert again.json()["photos"][0]["id"] == first.json()["photos"][0]["id"]


async def test_a_neighbours_upload_does_not_acknowledge_mine(world: World) -> None:
    data = picture()
    await upload(world.dariush, data)
    receipt = await send(world.alice, world, photos=[named(data)])
    assert receipt["photos"][0]["stored"] is False  # type: ignore[index]


async def test_only_who_sees_the_report_gets_its_pictures(world: World) -> None:
    data = picture()
    await upload(world.alice, data)
    receipt = await send(world.alice, world, photos=[named(data)])
    photo_id = receipt["photos"][0]["id"]  # type: ignore[index]
    early = await world.alice.get(f"/api/photos/{photo_id}/thumb")
    assert (early.status_code, early.json()["code"]) == (409, "photo_not_ready")
    await make_pictures(uuid.UUID(photo_id))
    for variant in ("thumb", "full"):
        path = f"/api/photos/{photo_id}/{variant}"
        for person in (world.alice, world.bang, world.chi, world.farid, world.gita):
            answer = await person.get(path)
            assert answer.status_code == 200, person.name
            assert answer.headers["content-type"] == "image/webp"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in answer.headers["content-security-policy"]
            assert "private" in answer.headers["cache-control"]
            assert len(answer.content) == int(answer.headers["content-length"])
            assert Image.open(io.BytesIO(answer.content)).format == "WEBP"
        missing = await world.dariush.get(f"/api/photos/{uuid.uuid4()}/{variant}")
        foreign = await world.dariush.get(path)
        assert (foreign.status_code, foreign.content) == (404, missing.content)
        assert (await world.emine.get(path)).status_code == 404
        assert (await world.nobody.get(path)).status_code == 401
    assert (await world.alice.get(f"/api/photos/{photo_id}/original")).status_code in {404, 422}


async def test_a_photo_in_an_internal_note_is_not_the_reporters(world: World) -> None:
    data = picture("blue")
    await upload(world.chi, data)
    report_id = (await send(world.alice, world))["id"]
    answer = await say(world.chi, report_id, "", note=True, photos=[named(data)])
    photo_id = answer.json()["photos"][0]["id"]
    await make_pictures(uuid.UUID(photo_id))
    assert (await world.bang.get(f"/api/photos/{photo_id}/full")).status_code == 200
    assert (await world.alice.get(f"/api/photos/{photo_id}/full")).status_code == 404


async def test_the_reporters_phone_hears_when_a_picture_is_ready(world: World) -> None:
    data, reply = picture(), picture("green")
    receipt = await send(world.alice, world, photos=[named(data)])
    said = await say(world.chi, receipt["id"], "Đã thay", photos=[named(reply)])
    cursor = (await world.alice.get("/api/sync")).json()["cursor"]
    await upload(world.alice, data)
    await upload(world.chi, reply)
    await make_pictures(uuid.UUID(receipt["photos"][0]["id"]))  # type: ignore[index]
    await make_pictures(uuid.UUID(said.json()["photos"][0]["id"]))
    pulled = (await world.alice.get("/api/sync", params={"cursor": cursor})).json()
    (report,) = pulled["upserts"]["report"]
    assert [(p["state"], p["width"], p["height"]) for p in report["photos"]] == [
        ("ready", 320, 240)
    ]
    (message,) = pulled["upserts"]["message"]
    assert [photo["state"] for photo in message["photos"]] == ["ready"]


async def test_a_photo_stands_with_its_message_and_the_reports_own_with_the_report(
    world: World,
) -> None:
    first, second = picture(), picture()
    receipt = await send(world.alice, world, photos=[named(first)])
    await say(world.alice, receipt["id"], "Thêm ảnh", photos=[named(second)])
    report = await report_of(world.chi, receipt["id"])
    thread = await messages_of(world.chi, receipt["id"])
    assert [photo["sha256"] for photo in report["photos"]] == [named(first)["sha256"]]  # type: ignore[attr-defined]
    assert [[photo["sha256"] for photo in message["photos"]] for message in thread] == [  # type: ignore[attr-defined]
        [], [named(second)["sha256"]],
    ]  # fmt: skip
