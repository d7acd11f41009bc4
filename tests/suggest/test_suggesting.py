"""Which kind of problem words are about (`R5`): the model alone, without a database."""

import json
import random
import uuid
from pathlib import Path

import brotli
import msgspec
import pytest

from backend.demo.data import demo_id, read_world
from backend.i18n import LANGUAGES, Language
from backend.reports.suggesting import (
    DISTINCT_PEOPLE,
    MOST_FEATURES,
    Said,
    SuggestionModel,
    cross_validate,
    features,
    judge,
    suggest,
    train,
)

pytest_plugins = ["tests.fixtures.realdata"]

LAMP, WASTE, TREE = (uuid.UUID(int=number) for number in (1, 2, 3))
SEEDS = {
    LAMP: ["Đèn đường", "چراغ خیابان", "Street lighting", "bóng đèn", "لامپ", "lamp"],
    WASTE: ["Rác thải", "زباله", "Rubbish", "rác"],
    TREE: ["Cây xanh", "درخت", "Trees", "cây"],
}
HERE = Path(__file__).parent
VECTORS = json.loads((HERE.parent / "vectors" / "suggest.json").read_text("utf-8"))
SAID = json.loads((HERE / "said.json").read_text("utf-8"))


def said_by(people: int, category: uuid.UUID, text: str, first: int = 0) -> list[Said]:
    return [Said(first + number, category, text) for number in range(people)]


@pytest.mark.parametrize("vector", VECTORS["features"], ids=lambda vector: vector["in"][:20])
def test_a_text_is_taken_apart_the_same_everywhere(vector: dict[str, object]) -> None:
    assert features(str(vector["in"])) == vector["out"]


@pytest.mark.parametrize("vector", VECTORS["suggest"], ids=lambda vector: vector["in"][:20])
def test_server_and_phone_suggest_the_same(vector: dict[str, object]) -> None:
    model = SuggestionModel(
        [uuid.UUID(one) for one in VECTORS["model"]["categories"]],
        VECTORS["model"]["priors"],
        VECTORS["model"]["enough"],
        VECTORS["model"]["words"],
    )
    assert [str(one) for one in suggest(model, str(vector["in"]))] == vector["out"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("bóng đèn hư rồi", LAMP),
        ("BONG DEN", LAMP),
        ("لامپ سوخته", LAMP),
        ("rubbish everywhere", WASTE),
        ("a fallen درخت here", TREE),
        ("rác rác rác đèn", WASTE),
    ],
)
def test_from_day_one_a_wards_own_words_suggest(text: str, kind: uuid.UUID) -> None:
    assert suggest(train(SEEDS, []), text)[:1] == [kind]


@pytest.mark.parametrize("text", ["", "   ", "12345 ۱۲۳", "垃圾 свет ขยะ", "a b c", "🗑️🗑️", "vì sao"])
def test_words_that_say_too_little_suggest_nothing(text: str) -> None:
    assert suggest(train(SEEDS, []), text) == []


def test_without_kinds_or_with_only_one_it_neither_fails_nor_guesses() -> None:
    assert suggest(train({}, said_by(5, LAMP, "đèn hỏng")), "đèn hỏng") == []
    alone = train({LAMP: ["lamp"]}, said_by(9, LAMP, "đèn hỏng"))
    assert suggest(alone, "something else entirely") == []


def test_it_learns_how_the_ward_speaks_and_languages_may_be_mixed() -> None:
    before, text = train(SEEDS, []), "trụ cao áp nhấp nháy"
    assert suggest(before, text) == []
    after = train(SEEDS, said_by(6, LAMP, "Trụ cao áp cứ nhấp nháy"))
    assert suggest(after, text) == [LAMP]
    assert suggest(after, "trụ cao áp چراغ flickers")[:1] == [LAMP]


def test_what_fewer_people_said_is_not_in_it_nor_numbers_nor_names() -> None:
    few = said_by(DISTINCT_PEOPLE - 1, LAMP, "Chị Ngọc Trinh 0903123456 nhà bí mật")
    often = [*few, *few, *few]
    assert not {"trinh", "mat", "bi mat"} & train(SEEDS, often).words.keys()
    many = said_by(9, LAMP, "Nhà ông Lê Quảng Đà số 0903123456 đèn tắt")
    words = train(SEEDS, many, names=["Lê Quảng Đà"]).words
    assert "tat" in words
    assert not {"le quang", "quang da"} & words.keys()
    assert not any(character.isdigit() for word in words for character in word)


def test_one_loud_person_cannot_teach_it_anything() -> None:
    flood = [Said("troll", TREE, "đèn đường bóng đèn rác") for _ in range(500)]
    model = train(SEEDS, [*said_by(5, LAMP, "bóng đèn hư"), *flood])
    assert suggest(model, "bóng đèn hư")[:1] == [LAMP]
    assert train(SEEDS, flood) == train(SEEDS, [Said("troll", TREE, "")])


def test_it_stays_small_however_much_there_is_to_learn() -> None:
    dice = random.Random(5)
    letters = "abcdefghiklmnopqrstuvxy"
    said = [
        Said(number, dice.choice([LAMP, WASTE, TREE]), " ".join(dice.choices(letters, k=9)) * 3)
        for number in range(3_000)
    ]
    model = train(SEEDS, said)
    assert len(model.words) <= MOST_FEATURES
    assert len(brotli.compress(msgspec.json.encode(model), quality=4)) <= 20_000


def _demo_seeds(country: str) -> dict[uuid.UUID, list[str]]:
    world = read_world(country)  # type: ignore[arg-type]
    return {
        demo_id("category", country, kind.code): [
            *kind.names.values(),
            *(word for words in kind.keywords.values() for word in words),
        ]
        for kind in world.categories
        if any(kind.keywords.values())
    }


@pytest.mark.parametrize(
    ("language", "country", "first", "both"),
    [("vi", "VN", 0.8, 0.9), ("fa", "IR", 0.6, 0.7), ("en", "VN", 0.6, 0.7)],
)
def test_how_good_it_is_on_its_first_day(
    language: Language, country: str, first: float, both: float
) -> None:
    assert set(SAID) == {"about", *LANGUAGES}
    texts = [
        Said(number, demo_id("category", country, code), text)
        for number, (code, text) in enumerate(SAID[language])
    ]
    found = judge(train(_demo_seeds(country), []), texts, None)
    print(f"{language}: {found}")
    assert found.first >= first * found.count
    assert found.both >= both * found.count


def test_on_a_real_citys_texts_it_is_better_than_saying_the_commonest(realdata: Path) -> None:
    """Boston's, mostly worded by its staff: those that are more than the name of their kind."""
    seeds: dict[uuid.UUID, list[str]] = {}
    said: list[Said] = []
    for number, line in enumerate((realdata / "reports.jsonl").read_text("utf-8").splitlines()):
        row = json.loads(line)
        kinds, text = row["category_path"], (row["text"] or "").strip()
        if row["lang"] != "en" or len(text.split()) < 3 or text.lower() in map(str.lower, kinds):
            continue
        kind = uuid.uuid5(uuid.NAMESPACE_OID, kinds[1])
        seeds[kind] = [kinds[1]]
        said.append(Said(number, kind, text))
    found = cross_validate(seeds, said)
    print(f"Boston, held out: {found}")
    assert found.count > 100
    assert found.first > found.commonest
