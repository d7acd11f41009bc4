"""Voice notes of reports and messages (`R3`, `C1`): acknowledged, made playable, heard by whom."""

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from backend.media.worker import make_pictures
from media_store import MediaStore
from tests.conftest import Person, World
from tests.media.phone import append, create, location
from tests.media.phone import send as upload
from tests.media.recordings import FORMATS, Heard, recording
from tests.media.stores import store
from tests.reports.steps import (
    messages_of,
    photo_named,
    report_body,
    report_of,
    say,
    send,
)

__all__ = ["store"]

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]


def named(
    data: bytes, seconds: float = 3, content_type: str = "audio/webm", **changes: object
) -> dict[str, object]:
    digest = hashlib.sha256(data).hexdigest()
    voice = {"sha256": digest, "bytes": len(data), "type": content_type, "seconds": seconds}
    return {**voice, **changes}


async def spoken(person: Person, report_id: object, data: bytes, **more: object) -> uuid.UUID:
    """A message that is only a voice note; its bytes come, and it is made playable."""
    answer = await say(person, report_id, "", voice=named(data), **more)
    assert answer.status_code == 201, answer.text
    await upload(person, data, "audio/webm")
    voice_id = uuid.UUID(answer.json()["voice"]["id"])
    await make_pictures(voice_id)
    return voice_id


async def spoken_report(
    world: World, data: bytes, content_type: str = "audio/webm", **more: object
) -> tuple[dict[str, Any], uuid.UUID]:
    """Alice's report with a voice note, ready to be heard: its receipt, and the voice's id."""
    receipt = await send(world.alice, world, voice=named(data, 3, content_type), **more)
    await upload(world.alice, data, content_type)
    voice_id = uuid.UUID(receipt["voice"]["id"])  # type: ignore[index]
    await make_pictures(voice_id)
    return receipt, voice_id


async def test_a_report_may_be_spoken_and_its_receipt_turns_true_when_the_voice_has_come(
    world: World,
) -> None:
    data, report_id = recording(), uuid.uuid4()
    body = report_body(world, description="", voice=named(data))
    first = await world.alice.put(f"/api/reports/{report_id}", body)
    assert first.status_code == 201, first.text
    assert (first.json()["photos"], first.json()["voice"]["stored"]) == ([], False)
    url = await location(world.alice, data, "audio/webm")
    await append(world.alice, url, 0, data[:1000])
    await append(world.alice, url, 1000, data[1000:])
    again = await world.alice.put(f"/api/reports/{report_id}", body)
    assert again.status_code == 200
    assert again.json()["voice"] == {**first.json()["voice"], "stored": True}
    other = await world.alice.put(f"/api/reports/{report_id}", {**body, "voice": None})
    assert (other.status_code, other.json()["code"]) == (422, "id_reused")


async def test_voices_that_came_first_are_acknowledged_at_once_and_go_both_ways(
    world: World,
) -> None:
    report_id = (await send(world.alice, world))["id"]
    for person, data in ((world.alice, recording()), (world.chi, recording(seconds=2))):
        await upload(person, data, "audio/webm")
        answer = await say(person, report_id, "", voice=named(data, 2.5))
        assert answer.json()["voice"]["stored"] is True
    voices: list[Any] = [one["voice"] for one in await messages_of(world.alice, report_id)]
    assert [(one["state"], one["seconds"]) for one in voices if one] == [("stored", 2.5)] * 2


@pytest.mark.parametrize("content_type", sorted(FORMATS))
async def test_every_browsers_recording_is_heard_by_everybody_in_the_thread(
    world: World, store: MediaStore, content_type: str
) -> None:
    data = recording(content_type)
    receipt = await send(
        world.alice, world, description="", voice=named(data, content_type=content_type)
    )
    voice_id = receipt["voice"]["id"]  # type: ignore[index]
    path = f"/api/voices/{voice_id}"
    early = await world.alice.get(path)
    assert (early.status_code, early.json()["code"]) == (409, "voice_not_ready")
    await upload(world.alice, data, content_type)
    await make_pictures(uuid.UUID(voice_id))
    for person in (world.alice, world.bang, world.chi, world.farid, world.gita):
        answer = await person.get(path)
        assert answer.status_code == 200, person.name
        assert answer.headers["content-type"] == "audio/mp4"
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert "private" in answer.headers["cache-control"]
        assert len(answer.content) == int(answer.headers["content-length"])
        heard = Heard(answer.content)
        assert (heard.codec, round(heard.seconds)) == ("aac", 3)
        assert b"Nha toi" not in answer.content
    for person in (world.dariush, world.emine):
        missing = await person.get(f"/api/voices/{uuid.uuid4()}")
        foreign = await person.get(path)
        assert (foreign.status_code, foreign.content) == (404, missing.content)
    assert (await world.nobody.get(path)).status_code == 401
    shown: Any = (await report_of(world.bang, receipt["id"]))["voice"]
    assert (shown["state"], shown["silent"]) == ("ready", False)
    assert 2.8 < shown["seconds"] < 3.2


async def test_safari_gets_the_part_it_asks_for(world: World, store: MediaStore) -> None:
    _, voice_id = await spoken_report(world, recording())
    path = f"/api/voices/{voice_id}"
    whole = (await world.chi.get(path)).content
    size = len(whole)
    for asked, start, stop in (
        ("bytes=0-1", 0, 2),
        ("bytes=0-", 0, size),
        ("bytes=100-199", 100, 200),
        ("bytes=-50", size - 50, size),
        (f"bytes=10-{size + 500}", 10, size),
    ):
        answer = await world.chi.get(path, headers={"Range": asked})
        assert (answer.status_code, answer.content) == (206, whole[start:stop]), asked
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{size}"
        assert int(answer.headers["content-length"]) == stop - start
    for ignored in ("bytes=5-2", "bytes=0-1,4-5", "lines=1-2", "bytes=-"):
        answer = await world.chi.get(path, headers={"Range": ignored})
        assert (answer.status_code, answer.content) == (200, whole), ignored
    for behind in (f"bytes={size}-", "bytes=-0"):
        answer = await world.chi.get(path, headers={"Range": behind})
        assert (answer.status_code, answer.json()["code"]) == (416, "range_invalid")
        assert answer.headers["content-range"] == f"bytes */{size}"
    assert (await world.dariush.get(path, headers={"Range": "bytes=0-1"})).status_code == 404


async def test_a_voice_tells_who_speaks_so_what_is_approved_is_shown_without_it(
    world: World,
) -> None:
    receipt, voice_id = await spoken_report(world, recording(), photos=[photo_named()])
    path = f"/api/reports/{receipt['id']}"
    approved = await world.bang.put(
        f"{path}/decisions/{uuid.uuid4()}", {"decision": "approve", "device_created_at": None}
    )
    assert approved.status_code == 201, approved.text
    joined = await world.dariush.put(f"{path}/joins/{uuid.uuid4()}", {})
    assert joined.status_code == 201, joined.text
    followed: Any = await report_of(world.dariush, receipt["id"])
    assert followed["followed"] is True
    assert followed["description"] != ""
    assert len(followed["photos"]) == 1
    assert followed["voice"] is None
    assert (await world.dariush.get(f"/api/voices/{voice_id}")).status_code == 404
    for variant in ("full", "thumb"):
        for person in (world.alice, world.dariush):
            answer = await person.get(f"/api/photos/{voice_id}/{variant}")
            assert answer.status_code == 404
    near = await world.dariush.get(
        "/api/reports/nearby",
        params={"category_id": str(world.categories["lamp"]), "lat": world.lat, "lon": world.lon},
    )
    shown = {one["id"]: one for one in near.json()["reports"]}[receipt["id"]]
    assert shown["photo_id"] is None
    assert str(voice_id) not in near.text


async def test_a_voice_in_an_internal_note_is_not_the_reporters(world: World) -> None:
    report_id = (await send(world.alice, world))["id"]
    voice_id = await spoken(world.chi, report_id, recording(), note=True)
    assert (await world.bang.get(f"/api/voices/{voice_id}")).status_code == 200
    assert (await world.alice.get(f"/api/voices/{voice_id}")).status_code == 404


async def test_the_phone_hears_when_a_voice_can_be_played(world: World) -> None:
    data = recording(loudness=0)
    receipt = await send(world.alice, world, description="", voice=named(data))
    cursor = (await world.alice.get("/api/sync")).json()["cursor"]
    await upload(world.alice, data, "audio/webm")
    await make_pictures(uuid.UUID(receipt["voice"]["id"]))  # type: ignore[index]
    pulled = (await world.alice.get("/api/sync", params={"cursor": cursor})).json()
    (report,) = pulled["upserts"]["report"]
    assert (report["voice"]["state"], report["voice"]["silent"]) == ("ready", True)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"seconds": 600}, "voice_too_long"),
        ({"seconds": 61}, "voice_too_long"),
        ({"seconds": 0}, "voice_empty"),
        ({"seconds": -3}, "voice_empty"),
        ({"bytes": 0}, "voice_empty"),
        ({"bytes": 2_000_000}, "voice_too_large"),
        ({"type": "video/webm"}, "voice_type"),
        ({"type": "image/jpeg"}, "voice_type"),
        ({"type": "audio/wav"}, "voice_type"),
    ],
)
async def test_what_no_phone_of_ours_records_is_refused_by_name(
    world: World, changes: dict[str, object], code: str
) -> None:
    voice = {**named(b"x" * 1000), **changes}
    report_id = uuid.uuid4()
    refused = await world.alice.put(f"/api/reports/{report_id}", report_body(world, voice=voice))
    assert refused.status_code == 422
    assert [(e["field"], e["code"]) for e in refused.json()["errors"]] == [("voice", code)]
    assert refused.json()["errors"][0]["detail"]
    assert (await world.alice.get(f"/api/reports/{report_id}")).status_code == 404
    sent = (await send(world.alice, world))["id"]
    answer = await say(world.alice, sent, "", voice=voice)
    assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [("voice", code)]


async def test_a_photo_is_not_at_once_a_voice_note(world: World) -> None:
    photo = photo_named("both")
    voice = {**named(b"x"), "sha256": photo["sha256"]}
    body = report_body(world, photos=[photo], voice=voice)
    refused = await world.alice.put(f"/api/reports/{uuid.uuid4()}", body)
    assert [(e["field"], e["code"]) for e in refused.json()["errors"]] == [("voice", "voice_type")]


@pytest.mark.parametrize(
    ("make", "failure"),
    [
        (lambda: recording(seconds=70, bit_rate=6_000), "voice_too_long"),
        (lambda: recording(seconds=1, pictures=True), "voice_is_video"),
        (lambda: b"no sound at all" * 100, "voice_unreadable"),
    ],
    ids=["too long", "video", "not sound"],
)
async def test_a_lie_about_the_bytes_is_found_when_they_are_decoded(
    world: World, connection: "Connection", make: Any, failure: str
) -> None:
    receipt, voice_id = await spoken_report(world, make())
    row = await connection.fetchrow("SELECT state, failure FROM photo WHERE id = $1", voice_id)
    assert row is not None
    assert (row["state"], row["failure"]) == ("failed", failure)
    shown: Any = (await report_of(world.bang, receipt["id"]))["voice"]
    assert shown["state"] == "failed"
    answer = await world.bang.get(f"/api/voices/{voice_id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "voice_not_ready")


async def test_an_upload_that_is_too_large_for_a_voice_note_is_refused_before_it_begins(
    world: World,
) -> None:
    answer = await create(world.alice, bytes(1024 * 1024 + 1), "audio/webm")
    assert (answer.status_code, answer.json()["code"]) == (413, "voice_too_large")
    answer = await create(world.alice, b"x", "audio/wav")
    assert answer.status_code == 422


async def test_a_spoken_message_needs_no_words_and_the_trail_names_it(
    world: World, connection: "Connection"
) -> None:
    report_id = (await send(world.alice, world))["id"]
    data = recording()
    await spoken(world.alice, report_id, data)
    details = await connection.fetchval(
        """SELECT details FROM audit_entry WHERE subject_id = $1 AND action = 'report.message'
           ORDER BY id DESC LIMIT 1""",
        uuid.UUID(str(report_id)),
    )
    assert hashlib.sha256(data).hexdigest() in details
