"""What a ward asks about a kind of problem, and what comes of people's answers (`R4`)."""

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.departments.questions import understand
from backend.departments.schemas import AnswersIn, Names, Question, QuestionOption
from backend.errors import Invalid
from tests.conftest import World

HOW_MANY, SINCE, DARK, KIND, WORDS = (str(uuid.uuid4()) for _ in range(5))


def names(text: str) -> dict[str, str]:
    return {"vi": text, "fa": "", "en": ""}


QUESTIONS: list[dict[str, object]] = [
    {
        "id": HOW_MANY,
        "kind": "number",
        "names": {"vi": "Bao nhiêu đèn tắt?", "fa": "چند چراغ؟", "en": "How many lamps?"},
        "required": True,
        "least": 1,
        "most": 50,
        "unit": {"vi": "bóng", "fa": "", "en": "lamps"},
    },
    {"id": DARK, "kind": "yes_no", "names": names("Tối hẳn?")},
    {
        "id": KIND,
        "kind": "one_of",
        "names": names("Loại cột"),
        "options": [{"id": "steel", "names": names("Thép")}, {"id": "wood", "names": names("Gỗ")}],
    },
]


async def ask(world: World, questions: object, revision: int = 1) -> None:
    wish = {
        "category_id": str(world.categories["lamp"]),
        "revision": revision,
        "names": {"vi": "lamp", "fa": "lamp", "en": "lamp"},
        "icon": "lamp",
        "colour": "#b45309",
        "department_id": str(world.lighting_id),
        "questions": questions,
    }
    answer = await world.farid.put(f"/api/wards/{world.ward_id}/categories/{uuid.uuid4()}", wish)
    assert answer.status_code == 201, answer.text


def report(world: World, answers: object) -> dict[str, object]:
    return {
        "category_id": str(world.categories["lamp"]),
        "located_by": "none",
        **({} if answers is None else {"answers": answers}),
    }


ALL = {HOW_MANY: 3, DARK: True, KIND: "wood"}


async def test_answers_go_with_the_report_and_are_read_in_every_language(world: World) -> None:
    await ask(world, QUESTIONS)
    category = next(
        one
        for one in (await world.alice.get("/api/sync")).json()["upserts"]["category"]
        if one["id"] == str(world.categories["lamp"])
    )
    assert category["questions_version"] == 1
    assert [one["id"] for one in category["questions"]] == [HOW_MANY, DARK, KIND]
    report_id = uuid.uuid4()
    body = report(world, {"version": 1, "given": ALL})
    sent = await world.alice.put(f"/api/reports/{report_id}", body)
    assert sent.status_code == 201, sent.text
    again = await world.alice.put(f"/api/reports/{report_id}", body)
    assert (again.status_code, again.json()) == (200, sent.json())
    other = report(world, {"version": 1, "given": {**ALL, HOW_MANY: 4}})
    reused = await world.alice.put(f"/api/reports/{report_id}", other)
    assert reused.json()["code"] == "id_reused"
    for person in (world.alice, world.bang, world.chi, world.farid):
        shown = (await person.get(f"/api/reports/{report_id}")).json()["report"]["answers"]
        assert [one["kind"] for one in shown] == ["number", "yes_no", "one_of"]
        assert shown[0]["names"]["fa"] == "چند چراغ؟"
        assert (shown[0]["value"], shown[0]["unit"]["en"]) == (3, "lamps")
        assert (shown[2]["chosen"], shown[2]["labels"]) == (["wood"], [names("Gỗ")])
    for person in (world.dariush, world.emine):
        assert (await person.get(f"/api/reports/{report_id}")).status_code == 404


@pytest.mark.parametrize(
    ("given_answers", "code"),
    [
        ({}, "answer_needed"),
        ({HOW_MANY: 0}, "bad_answer"),
        ({HOW_MANY: 51}, "bad_answer"),
        ({HOW_MANY: "three"}, "bad_answer"),
        ({HOW_MANY: 3, DARK: "yes"}, "bad_answer"),
        ({HOW_MANY: 3, KIND: "gold"}, "bad_answer"),
        ({HOW_MANY: 3, KIND: ["steel", "wood"]}, "bad_answer"),
    ],
)
async def test_a_wrong_answer_is_refused_with_the_name_of_its_question(
    world: World, given_answers: dict[str, object], code: str
) -> None:
    await ask(world, QUESTIONS)
    body = report(world, {"version": 1, "given": given_answers})
    refused = await world.alice.put(f"/api/reports/{uuid.uuid4()}", body)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (422, "bad_answers")
    error = problem["errors"][0]
    assert error["code"] == code
    wrong = error["field"].removeprefix("answers.given.")
    title = next(one["names"]["vi"] for one in QUESTIONS if one["id"] == wrong)
    assert title in error["detail"]


async def test_a_report_that_waited_on_a_phone_is_never_lost_over_its_answers(
    world: World,
) -> None:
    await ask(world, QUESTIONS)
    newer = [
        {"id": SINCE, "kind": "text", "names": names("Từ khi nào?"), "required": True},
        {"id": HOW_MANY, "kind": "yes_no", "names": names("Nhiều đèn?"), "required": True},
    ]
    await ask(world, newer, revision=2)
    # What the phone asked weeks ago; from before there were questions; of a version nobody knows.
    kept = {}
    unknown = str(uuid.uuid4())
    for name, answers in {
        "old": {"version": 1, "given": ALL},
        "incomplete": {"version": 1, "given": {DARK: False}},
        "none": None,
        "future": {"version": 9, "given": {unknown: "x" * 900, SINCE: "tuần trước"}},
    }.items():
        report_id = uuid.uuid4()
        sent = await world.alice.put(f"/api/reports/{report_id}", report(world, answers))
        assert sent.status_code == 201, (name, sent.text)
        case = (await world.chi.get(f"/api/reports/{report_id}")).json()
        kept[name] = case["report"]["answers"]
    assert kept["old"][0]["names"]["vi"] == "Bao nhiêu đèn tắt?"
    assert kept["old"][0]["value"] == 3
    assert [one["value"] for one in kept["incomplete"]] == [False]
    assert kept["none"] == []
    assert [one["kind"] for one in kept["future"]] == ["text", "unknown"]
    assert kept["future"][1]["value"] == "x" * 500


async def test_answers_can_be_changed_until_somebody_accepts(world: World) -> None:
    await ask(world, QUESTIONS)
    report_id = uuid.uuid4()
    path = f"/api/reports/{report_id}"
    await world.alice.put(path, report(world, {"version": 1, "given": ALL}))
    changed = await world.alice.patch(
        path, {"answers": {"version": 1, "given": {**ALL, HOW_MANY: 7}}}
    )
    assert changed.json()["answers"][0]["value"] == 7
    wrong = await world.alice.patch(path, {"answers": {"version": 1, "given": {}}})
    assert wrong.json()["code"] == "bad_answers"
    untouched = await world.alice.patch(path, {"description": "Ba đèn"})
    assert untouched.json()["answers"][0]["value"] == 7
    moved = await world.alice.patch(path, {"category_id": str(world.categories["waste"])})
    assert moved.json()["answers"] == []
    back = await world.alice.patch(
        path,
        {
            "category_id": str(world.categories["lamp"]),
            "answers": {"version": 1, "given": ALL},
        },
    )
    assert len(back.json()["answers"]) == 3
    move = await world.chi.put(f"{path}/moves/{uuid.uuid4()}", {"to": "accepted"})
    assert move.status_code == 201
    late = await world.alice.patch(path, {"answers": {"version": 1, "given": ALL}})
    assert late.json()["code"] == "illegal_move"


# any answer at all ----------------------------------------------------------------------------

_WORD = st.sampled_from(["a", "b", "c"])
_ASKED = st.lists(
    st.builds(
        Question,
        id=st.uuids(),
        kind=st.sampled_from(["yes_no", "one_of", "some_of", "number", "text"]),
        names=st.just(Names("?", "", "")),
        required=st.booleans(),
        options=st.just([QuestionOption(one, Names(one, "", "")) for one in "abc"]),
        least=st.none() | st.integers(-5, 0).map(float),
        most=st.none() | st.integers(0, 5).map(float),
    ),
    max_size=4,
    unique_by=lambda question: question.id,
)
_VALUE = st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5) | st.lists(_WORD)


@settings(deadline=None)
@given(st.data(), _ASKED, _ASKED)
def test_answers_to_other_questions_than_todays_are_never_refused(
    data: st.DataObject, old: list[Question], new: list[Question]
) -> None:
    """Whatever an old phone sends that its own questions allow: it is taken, and kept."""
    strangers = data.draw(st.dictionaries(st.uuids(), _VALUE, max_size=3))
    answers = AnswersIn(1, strangers)
    found = understand(answers, {1: old, 2: new}, 2, "en")
    assert {one.question_id for one in found} == set(strangers)


@settings(deadline=None)
@given(st.data(), _ASKED)
def test_an_answer_is_taken_or_named(data: st.DataObject, asked: list[Question]) -> None:
    values = {question.id: data.draw(_VALUE) for question in asked}
    wrong: list[str] = []
    found = []
    try:
        found = understand(AnswersIn(1, values), {1: asked}, 1, "vi")
    except Invalid as error:
        wrong = [field.removeprefix("answers.given.") for field, *_ in error.fields]
    assert bool(wrong) or {one.question_id for one in found} <= set(values)
    assert set(wrong) <= {str(one) for one in values}
