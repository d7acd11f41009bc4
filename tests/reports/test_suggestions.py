"""What a ward learns from its own reports, and who gets it (`R5`)."""

import asyncio
import uuid

from backend import db
from backend.db import json_text
from backend.reports import suggestion_queries
from backend.reports.command import language_of, run_evaluate
from backend.reports.suggestions import train_ward, watch_suggestions
from tests.conftest import Person, World
from tests.reports.steps import move, send

WORDS = "Trụ cao áp nhấp nháy"


async def give_keywords(world: World) -> None:
    keywords = {"lamp": ["bóng đèn"], "waste": ["rác"], "fire": ["cháy"], "theft": ["trộm"]}
    for code, words in keywords.items():
        await db.execute(
            "UPDATE category SET keywords = $2 WHERE id = $1",
            world.categories[code],
            json_text({"vi": words, "fa": [], "en": []}),
        )


async def reported(
    world: World, people: list[Person], category: str = "lamp", text: str = WORDS
) -> list[str]:
    """Each sends one, and the department accepts it."""
    officer = world.chi if category == "lamp" else world.emine
    found = []
    for person in people:
        receipt = await send(person, world, category, description=text)
        await move(officer, receipt["id"], "accepted")
        found.append(str(receipt["id"]))
    return found


def path_of(world: World) -> str:
    return f"/api/wards/{world.ward_id}/suggestions"


async def words_of(world: World) -> set[str]:
    answer = await world.alice.get(path_of(world))
    assert answer.status_code == 200, answer.text
    return set(answer.json()["words"])


async def test_a_ward_learns_from_what_was_accepted_and_corrected(world: World) -> None:
    await give_keywords(world)
    assert (await world.alice.get(path_of(world))).status_code == 404
    people = [world.alice, world.bang, world.dariush]
    ids = await reported(world, people)
    unread = await send(world.farid, world, "waste", description="Chưa ai đọc câu này")
    assert await train_ward(world.ward_id) == 3
    words = await words_of(world)
    assert {"nhay", "cao ap", "bong den"} <= words
    assert "doc" not in words
    assert unread
    # Where a report was in the end counts, not where somebody thought first.
    await db.execute(
        "UPDATE report SET category_id = $2 WHERE id = ANY($1)",
        [uuid.UUID(one) for one in ids],
        world.categories["waste"],
    )
    await train_ward(world.ward_id)
    answer = (await world.alice.get(path_of(world))).json()
    index = answer["categories"].index(str(world.categories["waste"]))
    pairs = answer["words"]["nhay"]
    assert [pairs[at + 1] > 0 for at in range(0, len(pairs), 2) if pairs[at] == index] == [True]


async def test_private_reports_rejected_ones_and_those_of_guests_teach_nothing(
    world: World,
) -> None:
    await give_keywords(world)
    people = [world.alice, world.bang, world.dariush]
    await reported(world, people, "theft", "Mất xe đạp Thống Nhất")
    for one in await reported(world, people, "lamp", "Thử nghịch linh tinh"):
        await move(world.chi, one, "rejected", reason="Không phải sự cố")
    guests = []
    for number in range(3):
        account = uuid.uuid4()
        await db.execute(
            """INSERT INTO account (id, name, language, consent_version, consented_at,
                                    guest_ward_id, guest_code_hash)
               VALUES ($1, '', 'vi', 1, now(), $2, $3)""",
            account,
            world.ward_id,
            account.bytes,
        )
        guests.append((account, number))
    for (account, _), one in zip(
        guests, await reported(world, people, "lamp", "Lời của khách lạ"), strict=True
    ):
        await db.execute("UPDATE report SET account_id = $2 WHERE id = $1", uuid.UUID(one), account)
    assert await train_ward(world.ward_id) == 0
    assert not {"thong", "nghich", "khach", "dap"} & await words_of(world)


async def test_names_of_people_who_live_there_are_not_learned(world: World) -> None:
    await give_keywords(world)
    await db.execute(
        "UPDATE account SET name = 'Lê Quảng Đà' WHERE id = $1", world.alice.account_id
    )
    await reported(
        world, [world.alice, world.bang, world.dariush], text="Nhà Lê Quảng Đà mất đèn hành lang"
    )
    await train_ward(world.ward_id)
    words = await words_of(world)
    assert "hanh lang" in words
    assert not {"le quang", "quang da"} & words


async def test_only_the_wards_own_people_get_it_and_only_when_it_is_new(world: World) -> None:
    await give_keywords(world)
    await train_ward(world.ward_id)
    people = (world.alice, world.bang, world.chi, world.dariush, world.emine, world.farid)
    for person in (*people, world.gita):
        assert (await person.get(path_of(world))).status_code == 200, person.name
    assert (await world.nobody.get(path_of(world))).status_code == 401
    version = (await world.alice.get(path_of(world))).json()["version"]
    same = await world.alice.get(f"{path_of(world)}?version={version}")
    assert (same.status_code, same.content) == (204, b"")
    assert (await world.alice.get(f"{path_of(world)}?version=old")).status_code == 200
    foreign = await world.dariush.get(f"/api/wards/{uuid.uuid4()}/suggestions")
    await db.execute(
        "UPDATE account SET neighbourhood_id = NULL WHERE id = $1", world.dariush.account_id
    )
    await db.execute("DELETE FROM account_grant WHERE account_id = $1", world.dariush.account_id)
    moved_away = await world.dariush.get(path_of(world))
    assert (foreign.status_code, foreign.content) == (404, moved_away.content)


async def test_the_worker_learns_once_a_day_and_goes_on_after_a_failure(world: World) -> None:
    await give_keywords(world)
    stopping = asyncio.Event()

    async def learned() -> None:
        while await suggestion_queries.get_model(world.ward_id) is None:
            await asyncio.sleep(0.05)
        stopping.set()

    # Half done by a worker that died.
    await db.execute(
        """INSERT INTO suggestion_model (ward_id, version, trained_at)
           VALUES ($1, '', now() - interval '11 minutes')""",
        world.ward_id,
    )
    async with asyncio.timeout(120):
        await asyncio.gather(watch_suggestions(stopping), learned())
    while await suggestion_queries.claim_ward() is not None:
        pass
    await db.execute(
        "UPDATE suggestion_model SET trained_at = now() - interval '21 hours' WHERE ward_id = $1",
        world.ward_id,
    )
    assert await suggestion_queries.claim_ward() == world.ward_id
    assert await suggestion_queries.claim_ward() is None


async def test_it_says_how_good_it_is(world: World, capsys: object) -> None:
    await give_keywords(world)
    await reported(world, [world.alice, world.bang, world.dariush, world.farid, world.gita][:4])
    assert await run_evaluate() == 0
    printed = capsys.readouterr().out  # type: ignore[attr-defined]
    (row,) = [line for line in printed.splitlines() if line.startswith(str(world.ward_id))]
    assert row.split()[1:3] == ["vi", "4"]
    assert [language_of(text) for text in ("đèn", "چراغ", "lamp", "")] == ["vi", "fa", "en", "en"]
