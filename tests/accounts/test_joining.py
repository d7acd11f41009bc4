"""Paper invitation → a phone that is signed in."""

import uuid
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from backend import db
from backend.accounts.codes import hash_code, invitation_code, read_code
from tests.conftest import Person, World


async def invitation(world: World, by: Person | None = None, **wish: object) -> dict[str, str]:
    answer = await (by or world.bang).put(
        f"/api/invitations/{uuid.uuid4()}", {"area_id": str(world.neighbourhood_id), **wish}
    )
    assert answer.status_code == 200, answer.text
    written: dict[str, str] = answer.json()
    return written


def joining(code: str, **changes: object) -> dict[str, object]:
    return {
        "code": code,
        "name": "Cô Ba",
        "language": "vi",
        "consent_version": 1,
        "label": "Nokia",
        **changes,
    }


async def join(
    world: World, code: str, session_id: uuid.UUID | None = None, **changes: object
) -> httpx.Response:
    world.nobody.client.cookies.clear()
    return await world.nobody.put(
        f"/api/sessions/{session_id or uuid.uuid4()}", joining(code, **changes)
    )


async def test_a_neighbour_joins_with_the_paper_and_is_a_resident_there(world: World) -> None:
    paper = await invitation(world, household_label="12 Lê Lợi", name="Bà Tư")
    assert paper["url"].startswith("http://localhost:8000/join#")
    assert paper["code"].replace("-", "") in paper["url"]
    assert "<svg" in paper["qr_svg"]

    before = await world.nobody.post("/api/invitations/preview", {"code": paper["url"]})
    assert before.status_code == 200
    assert before.json()["inviter_name"] == "Bằng"
    assert before.json()["name"] == "Bà Tư"
    assert before.json()["household_label"] == "12 Lê Lợi"
    assert before.json()["area_path"][-1].startswith("neighbourhood")

    answer = await join(world, paper["code"].lower(), name="")
    assert answer.status_code == 201, answer.text
    me = answer.json()
    assert me["name"] == "Bà Tư"
    assert me["neighbourhood_id"] == str(world.neighbourhood_id)
    assert [grant["role"] for grant in me["grants"]] == ["resident"]
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert (await world.nobody.get("/api/me")).json()["id"] == me["id"]


async def test_an_invitation_lets_in_once_but_the_same_phone_may_repeat_a_lost_answer(
    world: World,
) -> None:
    paper = await invitation(world)
    phone = uuid.uuid4()
    first = await join(world, paper["code"], phone)
    again = await join(world, paper["code"], phone)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    assert (await world.nobody.get("/api/me")).status_code == 200

    stranger = await join(world, paper["code"])
    assert stranger.status_code == 410
    assert stranger.json()["code"] == "invitation_used"
    assert stranger.headers["content-type"] == "application/problem+json"


async def test_a_phone_that_signed_out_cannot_come_back_with_the_same_paper(world: World) -> None:
    paper = await invitation(world)
    phone = uuid.uuid4()
    await join(world, paper["code"], phone)
    assert (await world.nobody.delete(f"/api/me/sessions/{phone}")).status_code == 204
    assert (await join(world, paper["code"], phone)).status_code == 410


@pytest.mark.parametrize(
    ("language", "word"), [("vi", "lời mời"), ("fa", "دعوت"), ("en", "invitation")]
)
async def test_a_wrong_code_is_explained_in_the_persons_language(
    world: World, language: str, word: str
) -> None:
    answer = await world.nobody.put(
        f"/api/sessions/{uuid.uuid4()}",
        joining("NEVER-WAS-A-CODE"),
        headers={"Accept-Language": language},
    )
    assert answer.status_code == 404
    assert answer.json()["code"] == "invitation_unknown"
    assert word in answer.json()["detail"].lower()


async def test_an_old_invitation_and_a_withdrawn_one_say_so(world: World) -> None:
    old = await invitation(world)
    await db.execute(
        "UPDATE invitation SET expires_at = $2 WHERE id = $1",
        uuid.UUID(old["id"]),
        datetime.now(UTC) - timedelta(seconds=1),
    )
    assert (await join(world, old["code"])).json()["code"] == "invitation_expired"

    withdrawn = await invitation(world)
    assert (await world.bang.delete(f"/api/invitations/{withdrawn['id']}")).status_code == 204
    assert (await join(world, withdrawn["code"])).json()["code"] == "invitation_revoked"
    listed = (await world.bang.get(f"/api/invitations?area_id={world.neighbourhood_id}")).json()
    states = {item["id"]: item for item in listed["invitations"]}
    assert states[withdrawn["id"]]["revoked_at"]
    assert "code" not in states[withdrawn["id"]]


async def test_without_consent_or_a_name_nobody_joins_and_the_paper_stays_good(
    world: World,
) -> None:
    paper = await invitation(world)
    refused = await join(world, paper["code"], consent_version=0)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "consent_version"
    for name in ("", "   ", "\u202e"):
        nameless = await join(world, paper["code"], name=name)
        assert nameless.status_code == 422
        assert nameless.json()["errors"][0]["field"] == "name"
    assert (await join(world, paper["code"])).status_code == 201


async def test_the_same_invitation_asked_twice_is_the_same_paper(world: World) -> None:
    wish = {"area_id": str(world.neighbourhood_id), "household_label": "7"}
    invitation_id = uuid.uuid4()
    first = await world.bang.put(f"/api/invitations/{invitation_id}", wish)
    second = await world.bang.put(f"/api/invitations/{invitation_id}", wish)
    assert first.json() == second.json()
    other = await world.bang.put(f"/api/invitations/{invitation_id}", {**wish, "name": "Khác"})
    assert other.json()["code"] == "id_reused"


async def test_only_heads_and_administrators_invite_and_only_at_home(world: World) -> None:
    wish = {"area_id": str(world.neighbourhood_id)}
    expected = {
        world.alice.name: 403,
        world.chi.name: 403,
        world.dariush.name: 403,
        world.farid.name: 403,
        world.gita.name: 403,
        world.nobody.name: 401,
    }
    for person in (world.alice, world.chi, world.dariush, world.farid, world.gita, world.nobody):
        answer = await person.put(f"/api/invitations/{uuid.uuid4()}", wish)
        assert answer.status_code == expected[person.name], person.name
        assert (
            await person.get(f"/api/invitations?area_id={world.neighbourhood_id}")
        ).status_code in {401, 403}
    elsewhere = {"area_id": str(world.other_neighbourhood_id)}
    assert (await world.bang.put(f"/api/invitations/{uuid.uuid4()}", elsewhere)).status_code == 403
    for role, scope in (
        ("head", world.neighbourhood_id),
        ("admin", world.city_id),
        ("officer", world.lighting_id),
    ):
        promoted = {"area_id": str(world.neighbourhood_id), "role": role, "scope_id": str(scope)}
        assert (
            await world.bang.put(f"/api/invitations/{uuid.uuid4()}", promoted)
        ).status_code == 403
    there = await world.bang.get(f"/api/invitations?area_id={world.other_neighbourhood_id}")
    assert there.status_code == 404


async def test_a_second_device_joins_the_same_person_by_a_short_lived_code(world: World) -> None:
    link = (await world.alice.put(f"/api/me/device-links/{uuid.uuid4()}", {})).json()
    expiry = datetime.fromisoformat(link["expires_at"]) - datetime.now(UTC)
    assert expiry <= timedelta(minutes=10)
    answer = await join(world, link["code"])
    assert answer.status_code == 201
    assert answer.json()["id"] == str(world.alice.account_id)
    devices = (await world.alice.get("/api/me/sessions")).json()["sessions"]
    assert [device["current"] for device in devices].count(True) == 1
    new = next(device for device in devices if not device["current"])
    assert new["label"] == "Nokia"

    assert (await world.dariush.delete(f"/api/me/sessions/{new['id']}")).status_code == 404
    assert (await world.alice.delete(f"/api/me/sessions/{new['id']}")).status_code == 204
    assert (await world.nobody.get("/api/me")).status_code == 401


async def test_a_changed_grant_is_effective_on_the_next_request(world: World) -> None:
    from backend.accounts.service import grant_role, revoke_role

    path = f"/api/invitations?area_id={world.neighbourhood_id}"
    assert (await world.bang.get(path)).status_code == 200
    await revoke_role(world.bang.account_id, "head", world.neighbourhood_id)
    assert (await world.bang.get(path)).status_code == 403
    await grant_role(world.bang.account_id, "head", world.neighbourhood_id)
    assert (await world.bang.get(path)).status_code == 200


async def test_changing_name_language_and_home(world: World) -> None:
    answer = await world.alice.patch("/api/me", {"name": " Alice  Nguyễn\u202e ", "language": "en"})
    assert answer.json()["name"] == "Alice Nguyễn"
    assert answer.json()["language"] == "en"
    moved = await world.alice.patch(
        "/api/me", {"neighbourhood_id": str(world.other_neighbourhood_id)}
    )
    assert moved.json()["neighbourhood_id"] == str(world.other_neighbourhood_id)
    assert [(grant["role"], grant["scope_id"]) for grant in moved.json()["grants"]] == [
        ("resident", str(world.other_neighbourhood_id))
    ]
    for nowhere in (uuid.uuid4(), world.ward_id, world.city_id):
        refused = await world.alice.patch("/api/me", {"neighbourhood_id": str(nowhere)})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == "neighbourhood_id"
    for bad in ({"name": ""}, {"language": "xx"}, {"name": "x" * 500}, {"name": 7}):
        assert (await world.alice.patch("/api/me", bad)).status_code == 422


async def test_a_page_of_another_site_cannot_write(world: World) -> None:
    for headers in (
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
    ):
        answer = await world.alice.patch("/api/me", {"name": "Hacked"}, headers=headers)
        assert answer.status_code == 403
    own = await world.alice.patch(
        "/api/me", {"name": "Own"}, headers={"Origin": "http://localhost:8000"}
    )
    assert own.status_code == 200


@pytest.mark.parametrize("token", ["", "x", "' OR 1=1 --", "a" * 5000])
async def test_an_invented_cookie_is_nobody(world: World, token: str) -> None:
    world.nobody.client.cookies.set("khupho", token)
    answer = await world.nobody.get("/api/me")
    assert answer.status_code == 401
    assert answer.json()["code"] == "signed_out"


async def test_an_expired_session_and_a_disabled_person_are_out(world: World) -> None:
    await db.execute("UPDATE account SET disabled_at = now() WHERE id = $1", world.alice.account_id)
    assert (await world.alice.get("/api/me")).status_code == 401
    await db.execute(
        "UPDATE session SET expires_at = now() WHERE id = $1", world.dariush.session_id
    )
    assert (await world.dariush.get("/api/me")).status_code == 401


def test_codes_survive_handwriting() -> None:
    secret, paper = b"s" * 32, uuid.uuid4()
    code = invitation_code(secret, paper)
    assert len(read_code(code)) == 20  # 20 letters of 5 bits
    assert code == invitation_code(secret, paper) != invitation_code(b"t" * 32, paper)
    sloppy = " ".join(code.lower().replace("0", "o").replace("1", "l").split("-"))
    assert hash_code(sloppy) == hash_code(code) == hash_code(f"https://khupho.example/join#{code}")
