"""tus 1.0 at `/api/uploads`: what is asked, what is answered, who may ask."""

import hashlib
import os
import uuid
from email.utils import parsedate_to_datetime

import asyncpg
import pytest

from tests.conftest import World
from tests.media.phone import (
    CHUNK,
    TUS,
    announcement,
    append,
    base64,
    checksum,
    create,
    location,
    offset_of,
    part_of,
    send,
    sha256,
    upload_id,
)

MEGABYTE = 1024 * 1024


async def test_anyone_may_ask_what_uploads_are_spoken(world: World) -> None:
    answer = await world.nobody.client.options("/api/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-max-size"] == str(25 * MEGABYTE)
    assert set(answer.headers["tus-extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "checksum",
        "expiration",
        "termination",
    }
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256"


async def test_a_photo_sent_in_pieces_is_whole(world: World) -> None:
    photo = os.urandom(200_000)
    url = await location(world.alice, photo)
    first = await append(world.alice, url, 0, photo[:70_000])
    assert (first.status_code, first.headers["upload-offset"]) == (204, "70000")
    assert first.headers["tus-resumable"] == "1.0.0"

    between = await world.alice.client.head(url, headers=TUS)
    assert between.status_code == 200
    assert between.headers["upload-offset"] == "70000"
    assert between.headers["upload-length"] == "200000"
    assert between.headers["cache-control"] == "no-store"
    assert between.headers["upload-metadata"] == announcement(photo)["Upload-Metadata"]
    assert "upload-expires" in between.headers

    last = await append(world.alice, url, 70_000, photo[70_000:])
    assert (last.status_code, last.headers["upload-offset"]) == (204, "200000")
    assert await offset_of(world.alice, url) == 200_000
    assert not part_of(world.alice, url).exists()


async def test_a_small_photo_goes_in_one_request(world: World) -> None:
    photo = os.urandom(3000)
    answer = await world.alice.client.post(
        "/api/uploads", headers={**CHUNK, **announcement(photo)}, content=photo
    )
    assert answer.status_code == 201
    assert answer.headers["upload-offset"] == "3000"
    assert await offset_of(world.alice, answer.headers["location"]) == 3000


async def test_half_a_photo_may_come_with_the_announcement(world: World) -> None:
    photo = os.urandom(3000)
    answer = await world.alice.client.post(
        "/api/uploads", headers={**CHUNK, **announcement(photo)}, content=photo[:1000]
    )
    assert answer.headers["upload-offset"] == "1000"
    assert await offset_of(world.alice, answer.headers["location"]) == 1000


async def test_a_phone_that_forgot_the_address_goes_on_where_it_was(world: World) -> None:
    photo = os.urandom(5000)
    url = await location(world.alice, photo)
    await append(world.alice, url, 0, photo[:2000])
    again = await create(world.alice, photo)
    assert again.status_code == 201
    assert again.headers["location"] == url
    assert again.headers["upload-offset"] == "2000"
    # Even when it sends everything from the start with it.
    all_over = await world.alice.client.post(
        "/api/uploads", headers={**CHUNK, **announcement(photo)}, content=photo
    )
    assert all_over.headers["location"] == url
    assert all_over.headers["upload-offset"] == "2000"


async def test_a_photo_sent_before_is_not_sent_again(world: World) -> None:
    photo = os.urandom(5000)
    url = await send(world.alice, photo)
    again = await create(world.alice, photo)
    assert again.status_code == 201
    assert again.headers["location"] == url
    assert again.headers["upload-offset"] == "5000"
    assert "upload-expires" not in again.headers
    repeated = await append(world.alice, url, 5000, b"")
    assert repeated.status_code == 204


async def test_having_the_same_photo_as_a_neighbour_tells_nothing(world: World) -> None:
    photo = os.urandom(5000)
    url = await send(world.alice, photo)
    other = await create(world.dariush, photo)
    assert other.headers["upload-offset"] == "0"
    assert other.headers["location"] != url


@pytest.mark.parametrize("person", ["bang", "chi", "dariush", "emine", "farid", "gita"])
async def test_a_foreign_upload_looks_like_none(world: World, person: str) -> None:
    photo = os.urandom(5000)
    foreign = await location(world.alice, photo)
    await append(world.alice, foreign, 0, photo[:2000])
    stranger = getattr(world, person)
    missing = f"/api/uploads/{uuid.uuid4()}"
    for method in ("head", "patch", "delete"):
        headers = {**CHUNK, "Upload-Offset": "2000"}
        if method == "patch":
            one = await stranger.client.patch(foreign, headers=headers, content=photo[2000:])
            other = await stranger.client.patch(missing, headers=headers, content=photo[2000:])
        else:
            one = await getattr(stranger.client, method)(foreign, headers=TUS)
            other = await getattr(stranger.client, method)(missing, headers=TUS)
        assert one.status_code == other.status_code == 404
        assert one.content == other.content
        unlike = {"x-request-id", "date"}
        assert {k: v for k, v in one.headers.items() if k not in unlike} == {
            k: v for k, v in other.headers.items() if k not in unlike
        }
    assert await offset_of(world.alice, foreign) == 2000


async def test_nobody_uploads_without_signing_in(world: World) -> None:
    photo = os.urandom(100)
    url = await location(world.alice, photo)
    assert (await create(world.nobody, photo)).json()["code"] == "signed_out"
    refused = await append(world.nobody, url, 0, photo)
    assert refused.status_code == 401
    assert refused.headers["tus-resumable"] == "1.0.0"
    assert (await world.nobody.client.head(url, headers=TUS)).status_code == 401
    assert (await world.nobody.client.delete(url, headers=TUS)).status_code == 401
    assert await offset_of(world.alice, url) == 0


async def test_an_upload_from_another_site_is_refused(world: World) -> None:
    answer = await create(world.alice, b"x", Origin="https://evil.example")
    assert answer.status_code == 403


async def test_another_version_of_tus_is_named(world: World) -> None:
    photo = os.urandom(100)
    url = await location(world.alice, photo)
    for answer in (
        await world.alice.client.post("/api/uploads", headers={"Tus-Resumable": "0.2.2"}),
        await world.alice.client.head(url),
        await world.alice.client.patch(url, content=b"x"),
        await world.alice.client.delete(url),
    ):
        assert answer.status_code == 412
        assert answer.headers["tus-version"] == "1.0.0"


async def test_bytes_of_another_kind_are_refused(world: World) -> None:
    photo = os.urandom(100)
    url = await location(world.alice, photo)
    answer = await append(world.alice, url, 0, photo, **{"Content-Type": "image/jpeg"})
    assert answer.status_code == 415
    assert answer.json()["code"] == "chunk_type"
    posted = await world.alice.client.post(
        "/api/uploads", headers=announcement(os.urandom(5)), content=b"12345"
    )
    assert posted.status_code == 415


async def test_going_on_at_the_wrong_place_names_the_right_one(world: World) -> None:
    photo = os.urandom(5000)
    url = await location(world.alice, photo)
    await append(world.alice, url, 0, photo[:2000])
    for wrong in (0, 1999, 2001, 5000):
        answer = await append(world.alice, url, wrong, photo[wrong:])
        assert answer.status_code == 409
        assert answer.json()["code"] == "offset_conflict"
        assert answer.headers["upload-offset"] == "2000"
    assert await offset_of(world.alice, url) == 2000


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_a_piece_damaged_on_the_way_leaves_nothing(world: World, algorithm: str) -> None:
    photo = os.urandom(5000)
    url = await location(world.alice, photo)
    good = checksum(photo[:2000], algorithm)
    assert (await append(world.alice, url, 0, photo[:2000], **good)).status_code == 204
    damaged = photo[2000:4999] + bytes([photo[4999] ^ 1])
    answer = await append(world.alice, url, 2000, damaged, **checksum(photo[2000:], algorithm))
    assert answer.status_code == 460
    assert answer.json()["code"] == "checksum_mismatch"
    assert await offset_of(world.alice, url) == 2000
    assert part_of(world.alice, url).read_bytes() == photo[:2000]


@pytest.mark.parametrize(
    "header", ["md5 " + base64(b"0" * 16), "sha256", "sha256 !!!", "sha256 " + base64(b"short"), ""]
)
async def test_an_unknown_checksum_is_refused(world: World, header: str) -> None:
    url = await location(world.alice, b"photo")
    answer = await append(world.alice, url, 0, b"photo", **{"Upload-Checksum": header})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "Upload-Checksum"
    assert await offset_of(world.alice, url) == 0


HEX = sha256(b"photo")
BAD_ANNOUNCEMENTS = {
    "no length": ({"Upload-Length": ""}, 400, "Upload-Length", "bad_header"),
    "negative length": ({"Upload-Length": "-5"}, 400, "Upload-Length", "bad_header"),
    "length in words": ({"Upload-Length": "five"}, 400, "Upload-Length", "bad_header"),
    "Persian digits": ({"Upload-Length": "۵".encode()}, 400, "Upload-Length", "bad_header"),
    "empty": ({"Upload-Length": "0"}, 422, "Upload-Length", "photo_empty"),
    "no metadata": ({"Upload-Metadata": ""}, 422, "type", "photo_type"),
    "not base64": ({"Upload-Metadata": "sha256 %%%"}, 400, "Upload-Metadata", "bad_header"),
    "twice": (
        {"Upload-Metadata": f"type {base64('image/png')},type {base64('image/png')}"},
        400,
        "Upload-Metadata",
        "bad_header",
    ),
    "no type": ({"Upload-Metadata": f"sha256 {base64(HEX)}"}, 422, "type", "photo_type"),
    "a text": (
        {"Upload-Metadata": f"sha256 {base64(HEX)},type {base64('text/html')}"},
        422,
        "type",
        "photo_type",
    ),
    "a drawing": (
        {"Upload-Metadata": f"sha256 {base64(HEX)},type {base64('image/svg+xml')}"},
        422,
        "type",
        "photo_type",
    ),
    "no hash": ({"Upload-Metadata": f"type {base64('image/png')}"}, 422, "sha256", "bad_sha256"),
    "a short hash": (
        {"Upload-Metadata": f"sha256 {base64(HEX[:-1])},type {base64('image/png')}"},
        422,
        "sha256",
        "bad_sha256",
    ),
}


@pytest.mark.parametrize("name", BAD_ANNOUNCEMENTS)
async def test_a_bad_announcement_names_what_is_wrong(world: World, name: str) -> None:
    headers, status, field, code = BAD_ANNOUNCEMENTS[name]
    answer = await world.alice.client.post(
        "/api/uploads", headers={**announcement(b"photo"), **headers}
    )
    assert answer.status_code == status
    problem = answer.json()
    assert [error["field"] for error in problem["errors"]] == [field]
    assert problem["code"] == code
    assert problem["errors"][0]["detail"]


@pytest.mark.parametrize("content_type", ["image/jpeg", "image/png", "image/webp", "image/heic"])
@pytest.mark.parametrize("raw", [False, True])
async def test_photos_of_all_kinds_are_welcome(world: World, content_type: str, raw: bool) -> None:
    data = os.urandom(10)
    hashed = hashlib.sha256(data).digest() if raw else sha256(data)
    metadata = f"filename {base64('đèn.jpg')}, sha256 {base64(hashed)}, type {base64(content_type)}"
    answer = await create(world.alice, data, **{"Upload-Metadata": metadata})
    assert answer.status_code == 201
    assert (await append(world.alice, answer.headers["location"], 0, data)).status_code == 204


async def test_a_photo_of_26_megabytes_is_refused(
    world: World, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    answer = await world.alice.client.post(
        "/api/uploads",
        headers={**announcement(b"photo"), "Upload-Length": str(26 * MEGABYTE)},
    )
    assert answer.status_code == 413
    assert answer.json()["code"] == "photo_too_large"
    assert "25" in answer.json()["detail"]
    rows = await connection.fetchval(
        "SELECT count(*) FROM upload WHERE account_id = $1", world.alice.account_id
    )
    assert rows == 0


async def test_a_photo_of_25_megabytes_arrives(world: World) -> None:
    photo = os.urandom(25 * MEGABYTE)
    url = await location(world.alice, photo)
    answer = await append(world.alice, url, 0, photo)
    assert answer.status_code == 204
    assert await offset_of(world.alice, url) == 25 * MEGABYTE


async def test_more_bytes_than_announced_are_refused(world: World) -> None:
    photo = os.urandom(5000)
    url = await location(world.alice, photo)
    answer = await append(world.alice, url, 0, photo + b"more")
    assert answer.status_code == 413
    assert answer.json()["code"] == "more_than_announced"
    assert await offset_of(world.alice, url) == 0

    async def without_length():  # type: ignore[no-untyped-def]
        yield photo[:3000]
        yield b"x" * 100_000

    answer = await append(world.alice, url, 0, without_length())
    assert answer.status_code == 413
    assert await offset_of(world.alice, url) == 3000


async def test_too_much_in_a_day_is_refused_with_a_time_to_come_back(world: World) -> None:
    for _ in range(20):
        headers = {**announcement(os.urandom(8)), "Upload-Length": str(25 * MEGABYTE)}
        answer = await world.alice.client.post("/api/uploads", headers=headers)
        assert answer.status_code == 201
    refused = await create(world.alice, os.urandom(8))
    assert refused.status_code == 429
    assert refused.json()["code"] == "quota_exceeded"
    assert 0 < int(refused.headers["retry-after"]) <= 24 * 3600
    assert (await create(world.bang, os.urandom(8))).status_code == 201


async def test_an_upload_left_alone_for_a_week_is_gone(
    world: World, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    photo = os.urandom(5000)
    url = await location(world.alice, photo)
    first = await append(world.alice, url, 0, photo[:2000])
    created_at = await connection.fetchval(
        "SELECT created_at FROM upload WHERE id = $1", upload_id(url)
    )
    kept = parsedate_to_datetime(first.headers["upload-expires"]) - created_at
    assert 6.99 < kept.total_seconds() / 86400 <= 7.01

    await connection.execute(
        "UPDATE upload SET expires_at = now() - interval '1 s' WHERE id = $1", upload_id(url)
    )
    assert (await world.alice.client.head(url, headers=TUS)).status_code == 410
    answer = await append(world.alice, url, 2000, photo[2000:])
    assert answer.status_code == 410
    assert answer.json()["code"] == "upload_expired"
    anew = await create(world.alice, photo)
    assert anew.headers["location"] != url
    assert anew.headers["upload-offset"] == "0"


async def test_an_upload_taken_back_is_gone(world: World) -> None:
    photo = os.urandom(5000)
    url = await location(world.alice, photo)
    await append(world.alice, url, 0, photo[:2000])
    assert part_of(world.alice, url).exists()
    answer = await world.alice.client.delete(url, headers=TUS)
    assert answer.status_code == 204
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert not part_of(world.alice, url).exists()
    assert (await world.alice.client.head(url, headers=TUS)).status_code == 404
    assert (await world.alice.client.delete(url, headers=TUS)).status_code == 404


async def test_a_network_that_knows_no_patch_is_tunnelled(world: World) -> None:
    photo = os.urandom(500)
    url = await location(world.alice, photo)
    headers = {**CHUNK, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    answer = await world.alice.client.post(url, headers=headers, content=photo[:100])
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, "100")
    plain = await world.alice.client.post(url, headers={**CHUNK, "Upload-Offset": "100"})
    assert plain.status_code == 405
    headers = {**TUS, "X-HTTP-Method-Override": "DELETE"}
    assert (await world.alice.client.post(url, headers=headers)).status_code == 204
    assert (await world.alice.client.head(url, headers=TUS)).status_code == 404
