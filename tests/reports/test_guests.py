"""Reports without an account (`R8`): a tracking code, and nothing else of a person."""

import hashlib
import secrets
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from backend import db
from backend.accounts.codes import ALPHABET
from backend.settings import get_settings
from tests.conftest import Person, World
from tests.media.phone import send as upload
from tests.media.pictures import encoded, four_corners
from tests.reports.steps import case, messages_of, move, photo_named, report_body, report_of, say

Enter = Callable[..., Awaitable[Person]]


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(12))


def entering(code: str, ward_id: object = None, **more: object) -> dict[str, object]:
    body = {"code": code, "language": "vi", "consent_version": 1, **more}
    return body if ward_id is None else {**body, "ward_id": str(ward_id)}


async def allow(
    world: World, limit: int | None = 50, person: Person | None = None
) -> httpx.Response:
    return await (person or world.farid).put(
        f"/api/wards/{world.ward_id}/guests/{uuid.uuid4()}", {"reports_per_hour": limit}
    )


@pytest.fixture
async def strangers(api: object) -> AsyncIterator[Callable[..., Person]]:
    """Phones nobody is signed in on, each with an address of its own."""
    clients: list[httpx.AsyncClient] = []

    def make(address: str | None = None) -> Person:
        block = f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.7"
        transport = httpx.ASGITransport(app=api, client=(address or block, 4711))  # type: ignore[arg-type]
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost:8000")
        clients.append(client)
        return Person("stranger", client)

    yield make
    for client in clients:
        await client.aclose()


@pytest.fixture
async def enter(world: World, strangers: Callable[..., Person]) -> Enter:
    """`await enter()`: a guest of the world's ward, which takes them from then on."""

    async def make(code: str | None = None, address: str | None = None) -> Person:
        if code is None:
            assert (await allow(world)).status_code in {200, 201}
        person = strangers(address)
        person.code = code or new_code()  # type: ignore[attr-defined]
        answer = await person.put(
            f"/api/guests/sessions/{uuid.uuid4()}",
            entering(person.code, world.ward_id if code is None else None),  # type: ignore[attr-defined]
        )
        assert answer.status_code == 201, answer.text
        person.account_id = uuid.UUID(answer.json()["id"])
        return person

    return make


def code_of(person: Person) -> str:
    code: str = person.code  # type: ignore[attr-defined]
    return code


async def send(person: Person, world: World, category: str = "lamp", **more: object) -> str:
    report_id = str(uuid.uuid4())
    answer = await person.put(f"/api/reports/{report_id}", report_body(world, category, **more))
    assert answer.status_code == 201, answer.text
    return report_id


async def test_a_guest_reports_asks_is_answered_and_confirms_from_another_phone(
    world: World, enter: Enter
) -> None:
    guest = await enter()
    report_id = await send(guest, world)
    again = await guest.put(f"/api/reports/{report_id}", report_body(world))
    assert again.status_code == 200
    other = await guest.put(f"/api/reports/{report_id}", report_body(world, description="Khác"))
    assert (other.status_code, other.json()["code"]) == (422, "id_reused")
    at_desk = await report_of(world.chi, report_id)
    assert at_desk["reporter_name"] == ""
    for to in ("accepted", "in_progress"):
        assert (await move(world.chi, report_id, to)).status_code == 201
    assert (await say(world.chi, report_id, "Cột số mấy?", question=True)).status_code == 201

    # The code in another writing, on another phone.
    code = code_of(guest).lower()
    elsewhere = await enter(code=f"{code[:4]}-{code[4:8]} {code[8:]}")
    assert elsewhere.account_id == guest.account_id
    assert (await report_of(elsewhere, report_id))["state"] == "awaiting_reporter"
    assert (await say(elsewhere, report_id, "Cột 12")).status_code == 201
    assert (await move(world.chi, report_id, "resolved", text="Đã thay bóng")).status_code == 201
    assert (await move(elsewhere, report_id, "disputed")).status_code == 201
    assert (await move(world.chi, report_id, "in_progress")).status_code == 201
    assert (await move(world.chi, report_id, "resolved", text="Nay đã sáng")).status_code == 201
    assert (await move(elsewhere, report_id, "closed")).status_code == 201
    rated = await elsewhere.put(
        f"/api/reports/{report_id}/ratings/{uuid.uuid4()}", {"stars": 4, "text": ""}
    )
    assert rated.status_code == 201
    pulled = (await guest.get("/api/sync")).json()["upserts"]
    assert [one["id"] for one in pulled["report"]] == [report_id]
    assert pulled["me"][0]["guest"] is True


async def test_a_guests_photos_come_by_the_same_way_and_only_they_and_the_ward_see_them(
    world: World, enter: Enter
) -> None:
    guest, another = await enter(), await enter()
    data = encoded(four_corners(), "JPEG")
    digest = hashlib.sha256(data).hexdigest()
    report_id = await send(
        guest,
        world,
        photos=[{"sha256": digest, "bytes": len(data), "type": "image/jpeg"}],
    )
    await upload(guest, data)
    again = await guest.put(
        f"/api/reports/{report_id}",
        report_body(world, photos=[{"sha256": digest, "bytes": len(data), "type": "image/jpeg"}]),
    )
    assert [photo["stored"] for photo in again.json()["photos"]] == [True]
    photo_id = (await report_of(guest, report_id))["photos"][0]["id"]  # type: ignore[index]
    for person, status in ((guest, {200, 409}), (another, {404}), (world.dariush, {404})):
        seen = await person.get(f"/api/photos/{photo_id}/thumb")
        assert seen.status_code in status


async def test_a_guest_sees_their_own_and_nothing_else(world: World, enter: Enter) -> None:
    guest, another = await enter(), await enter()
    own = await send(guest, world)
    neighbours = await send(world.alice, world)
    for person, report_id in (
        (guest, neighbours), (another, own), (world.alice, own), (world.dariush, own),
        (world.emine, own),
    ):  # fmt: skip
        foreign = await person.get(f"/api/reports/{report_id}")
        missing = await person.get(f"/api/reports/{uuid.uuid4()}")
        assert (foreign.status_code, foreign.content) == (404, missing.content)
        assert (await say(person, report_id)).status_code == 404
        assert (await move(person, report_id, "withdrawn")).status_code == 404
    for person in (world.bang, world.chi, world.farid, world.gita):
        assert (await person.get(f"/api/reports/{own}")).status_code == 200
    pulled = (await another.get("/api/sync")).json()["upserts"]
    assert "report" not in pulled
    assert (await world.nobody.get(f"/api/reports/{own}")).status_code == 401


async def test_a_guest_comes_through_no_route_that_does_not_say_so(
    world: World, enter: Enter
) -> None:
    guest = await enter()
    own = await send(guest, world)
    lat, lon = world.lat, world.lon
    lamp = world.categories["lamp"]
    tries = [
        await guest.get(f"/api/reports/nearby?category_id={lamp}&lat={lat}&lon={lon}"),
        await guest.put(f"/api/reports/{own}/joins/{uuid.uuid4()}", {}),
        await guest.get("/api/me/sessions"),
        await guest.put(f"/api/me/device-links/{uuid.uuid4()}"),
        await guest.get("/api/desk/reports"),
        await guest.get("/api/wards"),
        await guest.get(f"/api/wards/{world.ward_id}/guests"),
        await allow(world, 1, guest),
        await guest.put(
            f"/api/invitations/{uuid.uuid4()}", {"area_id": str(world.neighbourhood_id)}
        ),
        await guest.put("/api/me/guest", {"code": new_code()}),
        await guest.patch("/api/me", {"name": "Bí thư"}),
        await guest.patch("/api/me", {"neighbourhood_id": str(world.neighbourhood_id)}),
    ]
    assert [answer.status_code for answer in tries] == [403] * len(tries)
    assert (await guest.patch("/api/me", {"language": "fa"})).json()["language"] == "fa"
    behalf = {"name": "Bà Tư", "consent": True}
    refused = await guest.put(f"/api/reports/{uuid.uuid4()}", report_body(world, on_behalf=behalf))
    assert refused.status_code in {403, 422}


async def test_what_a_guest_reports_is_shown_to_nobody_until_approved_and_private_stays_private(
    world: World, enter: Enter
) -> None:
    guest = await enter()
    own, private = await send(guest, world), await send(guest, world, "theft")
    lamp = world.categories["lamp"]
    path = f"/api/reports/nearby?category_id={lamp}&lat={world.lat}&lon={world.lon}"
    near = {one["id"]: one for one in (await world.alice.get(path)).json()["reports"]}
    assert near[own]["description"] == ""
    assert private not in near
    assert "approve" in (await report_of(world.bang, own))["decisions"]  # type: ignore[operator]
    assert "approve" not in (await report_of(world.bang, private))["decisions"]  # type: ignore[operator]


async def test_a_ward_takes_none_until_it_says_so_and_none_once_it_stops(
    world: World, strangers: Callable[..., Person], enter: Enter
) -> None:
    phone = strangers()
    session = f"/api/guests/sessions/{uuid.uuid4()}"
    early = await phone.put(session, entering(new_code(), world.ward_id))
    assert (early.status_code, early.json()["code"]) == (403, "guests_not_taken")
    assert (await phone.get(f"/api/guests/wards/{world.ward_id}")).status_code == 404
    guest = await enter()
    wards = (await phone.get("/api/config")).json()["guest_wards"]
    assert str(world.ward_id) in [ward["id"] for ward in wards]
    catalogue = (await phone.get(f"/api/guests/wards/{world.ward_id}")).json()
    assert {one["id"] for one in catalogue["category"]} == {
        str(one) for one in world.categories.values()
    }
    body = report_body(world)
    report_id = uuid.uuid4()
    assert (await guest.put(f"/api/reports/{report_id}", body)).status_code == 201
    assert (await allow(world, None)).status_code == 201
    # What was taken before is confirmed again; what comes now is refused, in words.
    assert (await guest.put(f"/api/reports/{report_id}", body)).status_code == 200
    late = await guest.put(f"/api/reports/{uuid.uuid4()}", body)
    assert (late.status_code, late.json()["code"]) == (403, "guests_not_taken")
    assert (await say(guest, report_id)).status_code == 201
    assert (await phone.get(f"/api/guests/wards/{world.ward_id}")).status_code == 404


async def test_who_keeps_the_rules_decides_it_and_it_stands_in_the_history(world: World) -> None:
    path = f"/api/wards/{world.ward_id}/guests"
    for person, status in (
        (world.alice, 403), (world.bang, 403), (world.chi, 403), (world.dariush, 403),
        (world.gita, 403), (world.nobody, 401),
    ):  # fmt: skip
        assert (await allow(world, 5, person)).status_code == status, person.name
    assert (await world.gita.get(path)).json() == {"reports_per_hour": None}
    assert (await world.alice.get(path)).status_code == 403
    change = uuid.uuid4()
    for status in (201, 200):
        answer = await world.farid.put(f"{path}/{change}", {"reports_per_hour": 5, "was": None})
        assert answer.status_code == status
    reused = await world.farid.put(f"{path}/{change}", {"reports_per_hour": 6})
    assert reused.json()["code"] == "id_reused"
    late = await world.farid.put(f"{path}/{uuid.uuid4()}", {"reports_per_hour": 9, "was": None})
    assert late.json()["code"] == "changed_meanwhile"
    for wrong in (0, -1, 10_001):
        assert (await allow(world, wrong)).json()["code"] == "wrong_number"
    history = await world.gita.get(f"/api/wards/{world.ward_id}/rule-changes?subject=guests")
    (entry,) = history.json()["changes"]
    assert entry["account_name"] == "Farid"
    assert entry["changes"][0]["before"] == {"guests_per_hour": 0}
    assert entry["changes"][0]["after"] == {"guests_per_hour": 5}
    foreign = await world.farid.put(
        f"/api/wards/{uuid.uuid4()}/guests/{uuid.uuid4()}", {"reports_per_hour": 1}
    )
    assert foreign.status_code == 404


async def test_a_guest_and_a_ward_have_so_many_reports_an_hour(world: World, enter: Enter) -> None:
    guest = await enter()
    most = get_settings().guest_reports_per_hour
    for _ in range(most):
        await send(guest, world)
    over = await guest.put(f"/api/reports/{uuid.uuid4()}", report_body(world))
    assert (over.status_code, over.json()["code"]) == (429, "quota_exceeded")
    assert 0 < int(over.headers["retry-after"]) <= 3600
    other = await enter()
    await allow(world, most + 1)
    await send(other, world)
    full = await other.put(f"/api/reports/{uuid.uuid4()}", report_body(world))
    assert full.status_code == 429
    # Who has an account is not kept out by those who have none.
    await send(world.alice, world)


async def test_an_address_begins_so_many_guests_an_hour_and_its_neighbours_are_not_held_back(
    world: World, enter: Enter, strangers: Callable[..., Person]
) -> None:
    address = f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}."
    for number in range(get_settings().guests_per_hour):
        await enter(address=f"{address}{number}")
    over = await strangers(f"{address}99").put(
        f"/api/guests/sessions/{uuid.uuid4()}", entering(new_code(), world.ward_id)
    )
    assert (over.status_code, over.json()["code"]) == (429, "quota_exceeded")
    await enter()


async def test_codes_cannot_be_tried_out(
    world: World, enter: Enter, strangers: Callable[..., Person]
) -> None:
    guest = await enter()
    phone = strangers()

    async def attempt(person: Person, code: str) -> httpx.Response:
        return await person.put(f"/api/guests/sessions/{uuid.uuid4()}", entering(code))

    wrong = [await attempt(phone, code) for code in (new_code(), "x", "", "K7P-2QF-9")]
    assert {answer.status_code for answer in wrong} == {404}
    assert len({answer.content for answer in wrong}) == 1
    for _ in range(get_settings().guest_wrong_codes_per_hour - len(wrong)):
        assert (await attempt(phone, new_code())).status_code == 404
    # From there not even the right one, so that nothing can be told from the answers.
    for code in (new_code(), code_of(guest)):
        held = await attempt(phone, code)
        assert (held.status_code, held.json()["code"]) == (429, "quota_exceeded")
        assert "retry-after" in held.headers
    assert (await attempt(strangers(), code_of(guest))).status_code == 201
    kept = await db.fetch("SELECT guest_code_hash FROM account WHERE id = $1", guest.account_id)
    assert code_of(guest).encode() not in kept[0]["guest_code_hash"]


async def test_an_address_is_believed_only_as_far_as_our_own_proxies_wrote_it(
    world: World, strangers: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    await allow(world)
    phone = strangers()

    async def attempt(forwarded: str) -> int:
        answer = await phone.put(
            f"/api/guests/sessions/{uuid.uuid4()}",
            entering(new_code()),
            headers={"X-Forwarded-For": forwarded},
        )
        return answer.status_code

    for number in range(get_settings().guest_wrong_codes_per_hour):
        assert await attempt(f"10.0.{number}.1") == 404
    assert await attempt("10.9.9.9") == 429
    monkeypatch.setenv("KHUPHO_PROXIES", "1")
    get_settings.cache_clear()
    try:
        mine = f"172.{secrets.randbelow(256)}.{secrets.randbelow(256)}.9"
        for number in range(get_settings().guest_wrong_codes_per_hour):
            assert await attempt(f"10.0.{number}.1, {mine}") == 404
        assert await attempt(f"10.9.9.9, {mine}") == 429
    finally:
        monkeypatch.delenv("KHUPHO_PROXIES")
        get_settings.cache_clear()


async def test_a_lost_answer_is_asked_for_again(
    world: World, strangers: Callable[..., Person]
) -> None:
    await allow(world)
    phone, code, session = strangers(), new_code(), f"/api/guests/sessions/{uuid.uuid4()}"
    first = await phone.put(session, entering(code, world.ward_id))
    second = await phone.put(session, entering(code, world.ward_id))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert (await phone.get("/api/me")).json()["id"] == first.json()["id"]
    stolen = await strangers().put(session, entering(new_code(), world.ward_id))
    assert (stolen.status_code, stolen.json()["code"]) == (422, "id_reused")
    unread = await strangers().put(
        f"/api/guests/sessions/{uuid.uuid4()}",
        entering(new_code(), world.ward_id, consent_version=0),
    )
    assert unread.json()["code"] == "consent_needed"


async def test_who_joins_takes_their_reports_along(
    world: World, enter: Enter, strangers: Callable[..., Person]
) -> None:
    guest, another = await enter(), await enter()
    photos = [photo_named("along")]
    report_id, body = uuid.uuid4(), report_body(world, photos=photos)
    assert (await guest.put(f"/api/reports/{report_id}", body)).status_code == 201
    theirs = await send(another, world)
    message_id = uuid.uuid4()
    said = {"text": "Cột 12"}
    path = f"/api/reports/{report_id}/messages/{message_id}"
    assert (await guest.put(path, said)).status_code == 201
    assert (await move(world.chi, report_id, "accepted")).status_code == 201

    paper = await world.bang.put(
        f"/api/invitations/{uuid.uuid4()}", {"area_id": str(world.neighbourhood_id)}
    )
    phone, session = strangers(), uuid.uuid4()
    joining = {
        "code": paper.json()["code"], "language": "vi", "consent_version": 1, "name": "Hoa",
        "guest_code": code_of(guest),
    }  # fmt: skip
    for status in (201, 200):
        answer = await phone.put(f"/api/sessions/{session}", joining)
        assert answer.status_code == status, answer.text
    seen = await report_of(phone, report_id)
    assert (seen["mine"], seen["reporter_name"]) == (True, "Hoa")
    assert any(
        one["text"] == "Cột 12" and one["mine"] for one in await messages_of(phone, report_id)
    )
    # What was on its way is found again, receipts and all.
    assert (await phone.put(f"/api/reports/{report_id}", body)).status_code == 200
    assert (await phone.put(path, said)).status_code == 200
    pulled = (await phone.get("/api/sync")).json()["upserts"]
    assert [one["id"] for one in pulled["report"]] == [str(report_id)]
    assert len(pulled["message"]) >= 3
    assert any(one["report_id"] == str(report_id) for one in pulled["notification"])
    # The code opens nothing any more, and the other guest lost nothing.
    assert (await guest.get("/api/me")).status_code == 401
    closed = await strangers().put(
        f"/api/guests/sessions/{uuid.uuid4()}", entering(code_of(guest), world.ward_id)
    )
    assert closed.status_code == 404
    assert (await another.get(f"/api/reports/{theirs}")).status_code == 200
    assert (await phone.get(f"/api/reports/{theirs}")).status_code == 404
    noted = await db.fetch(
        "SELECT action FROM audit_entry WHERE subject_id = $1 ORDER BY id", guest.account_id
    )
    assert [row["action"] for row in noted] == ["guest.entered", "guest.joined"]


async def test_a_resident_takes_over_what_they_reported_under_a_code(
    world: World, enter: Enter
) -> None:
    guest = await enter()
    report_id = await send(guest, world)
    wrong = await world.alice.put("/api/me/guest", {"code": new_code()})
    assert wrong.status_code == 404
    assert (await world.nobody.put("/api/me/guest", {"code": code_of(guest)})).status_code == 401
    taken = await world.alice.put("/api/me/guest", {"code": code_of(guest)})
    assert taken.status_code == 204
    assert (await case(world.alice, report_id))["report"]["mine"] is True  # type: ignore[index]
    assert (await world.dariush.put("/api/me/guest", {"code": code_of(guest)})).status_code == 404
