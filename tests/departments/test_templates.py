"""Ready-made replies of a department (`C4`)."""

import uuid

import httpx

from tests.conftest import Person, World

DONE = {"vi": "Chào {name}, {code} đã xong.", "fa": "سلام {name}، {code} انجام شد."}


async def save(
    person: Person,
    department_id: object,
    texts: dict[str, str] = DONE,
    *,
    template_id: object = None,
    name: str = "Đã xong",
    version: int = 0,
) -> httpx.Response:
    return await person.put(
        f"/api/departments/{department_id}/templates/{template_id or uuid.uuid4()}",
        {"name": name, "texts": texts, "version": version},
    )


async def names(person: Person, department_id: object) -> list[str]:
    answer = await person.get(f"/api/departments/{department_id}/templates")
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["templates"]]


async def test_a_department_writes_changes_and_removes_its_replies(world: World) -> None:
    one = uuid.uuid4()
    first = await save(world.chi, world.lighting_id, template_id=one)
    assert (first.status_code, first.json()["version"]) == (201, 1), first.text
    again = await save(world.chi, world.lighting_id, template_id=one)
    assert (again.status_code, again.json()) == (200, first.json())
    second = await save(world.farid, world.lighting_id, template_id=one, name="Xong rồi", version=1)
    assert (second.status_code, second.json()["version"]) == (201, 2)
    late = await save(world.chi, world.lighting_id, template_id=one, name="Khác", version=1)
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    assert "Farid" in late.json()["detail"]
    assert await names(world.chi, world.lighting_id) == ["Xong rồi"]
    path = f"/api/departments/{world.lighting_id}/templates/{one}"
    assert (await world.chi.delete(path)).status_code == 204
    assert (await world.chi.delete(path)).status_code == 204, "gone is gone"
    assert await names(world.chi, world.lighting_id) == []
    history = (await world.gita.get(f"{path}/versions")).json()["versions"]
    assert [(one["version"], one["name"], one["changed_by"]) for one in history] == [
        (3, None, "Chi"),
        (2, "Xong rồi", "Farid"),
        (1, "Đã xong", "Chi"),
    ]


async def test_what_nobody_knows_is_refused_by_its_name(world: World) -> None:
    async def refused(text: str) -> tuple[str, str, str]:
        problem = (await save(world.chi, world.lighting_id, {"fa": text})).json()
        assert problem["status"] == 422
        error = problem["errors"][0]
        return error["field"], error["code"], error["detail"]

    field, code, words = await refused("سلام {naam}")
    assert (field, code) == ("texts.fa", "unknown_variable")
    assert "{naam}" in words or "naam" in words
    assert "category" in words
    for broken in ("سلام {name", "سلام name}", "سلام {{name}}"):
        assert (await refused(broken))[1] in {"open_brace", "unknown_variable"}
    empty = await save(world.chi, world.lighting_id, {"vi": " "})
    assert empty.json()["errors"][0]["code"] == "text_needed"
    nameless = await save(world.chi, world.lighting_id, name=" ")
    assert nameless.json()["errors"][0]["field"] == "name"


async def test_who_reads_and_who_writes_them(world: World) -> None:
    one = uuid.uuid4()
    await save(world.chi, world.lighting_id, template_id=one)
    path = f"/api/departments/{world.lighting_id}/templates"
    for person, reading, writing in (
        (world.nobody, 401, 401),
        (world.alice, 403, 403),
        (world.bang, 403, 403),
        (world.dariush, 403, 403),
        (world.emine, 404, 404),
        (world.gita, 200, 403),
        (world.farid, 200, 201),
        (world.chi, 200, 201),
    ):
        assert (await person.get(path)).status_code == reading, person.name
        assert (await save(person, world.lighting_id)).status_code == writing, person.name
        removed = await person.delete(f"{path}/{uuid.uuid4()}")
        assert removed.status_code == (404 if writing == 201 else writing), person.name
        history = await person.get(f"{path}/{one}/versions")
        assert history.status_code == reading, person.name
    assert not (await world.gita.get(path)).json()["editable"]
    missing = await world.emine.get(f"/api/departments/{uuid.uuid4()}/templates")
    foreign = await world.emine.get(path)
    assert missing.content == foreign.content
    taken = await save(world.emine, world.waste_id, template_id=one)
    assert (taken.status_code, taken.json()["code"]) == (422, "id_reused")
