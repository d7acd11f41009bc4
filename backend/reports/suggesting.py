"""Which kind of problem somebody's words are about (`R5`). Pure: texts in, a small model out.

A multinomial model with whole numbers only, so that a phone computes the very same from it
(`pwa/src/lib/suggest.ts`; `tests/vectors/suggest.json` holds what both must answer).

Nobody is in it: of what people wrote, a word (or two in a row) stays only if `DISTINCT_PEOPLE` of
the ward said it; each counts once for a word and kind, however often they say it; digits are no
words; and two words in a row that are somebody's name there are left out.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final
from uuid import UUID

from msgspec import Struct

from backend.text import fold

DISTINCT_PEOPLE: Final = 3
LONGEST: Final = 60
"""Words looked at; who writes more has said it by then."""
MOST_FEATURES: Final = 1500
"""About 10 KB on the wire (brotli)."""

SCALE: Final = 10
"""Tenths of a natural logarithm."""
SMOOTHING: Final = 1.5
SEED_WEIGHT: Final = 4.0
"""What the ward itself calls a kind of problem counts as if four people had said it."""
SEED_PART: Final = 1.0
"""A word of a longer name or keyword says less than the whole of it."""

ENOUGH: Final = 0.43
"""The least that words must say for a kind, as a part of the most that one word can: the logarithm
of the number of kinds. A second kind is shown when it is at most as much behind."""
MOST_SHOWN: Final = 2


class Said(Struct, frozen=True):
    """What somebody wrote, and what it was about in the end."""

    person: Hashable
    category_id: UUID
    text: str


class SuggestionModel(Struct, frozen=True):
    """`words` maps a feature to pairs of (index in `categories`, tenths for it), flat. `enough`:
    see `ENOUGH`, in tenths."""

    categories: list[UUID]
    priors: list[int]
    enough: int
    words: dict[str, list[int]]


def features(text: str) -> list[str]:
    """What a text is made of: its words, two in a row, and how longer words begin; each once."""
    words = _words(text)
    found = [*words, *(f"{one} {other}" for one, other in pairwise(words))]
    found += [f"{word[:5]}*" for word in words if len(word) > 5]
    return list(dict.fromkeys(found))


def _words(text: str) -> list[str]:
    letters = "".join(c if c.isalpha() else " " for c in fold(text))
    return [word for word in letters.split(" ") if len(word) > 1][:LONGEST]


def train(
    seeds: Mapping[UUID, Sequence[str]],
    said: Iterable[Said],
    names: Collection[str] = (),
) -> SuggestionModel:
    """Learn from what a ward's people wrote; from `seeds` alone where nobody has yet.

    Args:
        seeds: what each kind that may be suggested is called, in any language.
        said: of kinds without a seed nothing is learned.
        names: of people; two words of them in a row are not learned.
    """
    categories = sorted(seeds)
    place = {category_id: index for index, category_id in enumerate(categories)}
    speakers: dict[str, dict[int, set[Hashable]]] = defaultdict(lambda: defaultdict(set))
    authors: list[set[Hashable]] = [set() for _ in categories]
    for one in said:
        index = place.get(one.category_id)
        if index is None:
            continue
        authors[index].add(one.person)
        for feature in features(one.text):
            speakers[feature][index].add(one.person)
    called = {feature for name in names for feature in features(name) if " " in feature}
    counts: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for feature, by_kind in speakers.items():
        if len(set().union(*by_kind.values())) >= DISTINCT_PEOPLE and feature not in called:
            for index, people in by_kind.items():
                counts[feature][index] += len(people)
    sizes = [SEED_WEIGHT + len(people) for people in authors]
    for category_id, texts in seeds.items():
        for feature, weight in _seed_features(texts).items():
            counts[feature][place[category_id]] += weight
    enough = max(2, round(SCALE * ENOUGH * math.log(max(1, len(categories)))))
    return SuggestionModel(categories, _priors(sizes), enough, _weigh(counts, sizes))


def _seed_features(texts: Iterable[str]) -> dict[str, float]:
    """A keyword as a whole says much, a word of a longer one little."""
    found: dict[str, float] = {}
    for text in texts:
        whole = " ".join(_words(text))
        for feature in features(text):
            weight = SEED_WEIGHT if feature == whole else SEED_PART
            found[feature] = max(found.get(feature, 0.0), weight)
    return found


def _priors(sizes: Sequence[float]) -> list[int]:
    """How much more often than the average a kind is reported; half of it counts."""
    average = sum(sizes) / len(sizes) if sizes else 1.0
    return [round(SCALE * math.log(size / average) / 2) for size in sizes]


def _weigh(
    counts: Mapping[str, Mapping[int, float]], sizes: Sequence[float]
) -> dict[str, list[int]]:
    """How much more often a feature is said of a kind than of any; the most telling ones."""
    total = sum(sizes)
    weighed: list[tuple[float, str, list[int]]] = []
    for feature, by_kind in counts.items():
        usual = (sum(by_kind.values()) + 0.5) / (total + 1)
        pairs: list[int] = []
        tells = 0.0
        for index in sorted(by_kind):
            here = (by_kind[index] + SMOOTHING * usual) / (sizes[index] + SMOOTHING)
            weight = round(SCALE * math.log(here / usual))
            if weight != 0:
                pairs += [index, weight]
                tells += abs(weight) * by_kind[index]
        if pairs:
            weighed.append((-tells, feature, pairs))
    weighed.sort()
    return {feature: pairs for _, feature, pairs in weighed[:MOST_FEATURES]}


def suggest(model: SuggestionModel, text: str) -> list[UUID]:
    """The one or two kinds the words speak for, the likelier first; none when they say too little.

    A kind is shown when its words alone say `enough`, a second one when it is at most that much
    behind. Where more than three are as likely, nothing is said.
    """
    said = [0] * len(model.categories)
    for feature in features(text):
        pairs = model.words.get(feature, [])
        for at in range(0, len(pairs), 2):
            said[pairs[at]] += pairs[at + 1]
    ranked = sorted(
        (index for index, weight in enumerate(said) if weight >= model.enough),
        key=lambda index: (-said[index] - model.priors[index], index),
    )
    if not ranked:
        return []
    best = said[ranked[0]] + model.priors[ranked[0]]
    near = [index for index in ranked if best - said[index] - model.priors[index] <= model.enough]
    shown = near[:MOST_SHOWN] if len(near) <= MOST_SHOWN + 1 else []
    return [model.categories[index] for index in shown]


class Quality(Struct, frozen=True):
    """Of `count` texts the model had not seen: for how many something was `shown`, and how often
    the `first`, or one of `both`, was right. `commonest`: right answers of one who always says the
    kind that is reported most."""

    count: int
    shown: int
    first: int
    both: int
    commonest: int


def judge(model: SuggestionModel, said: Iterable[Said], commonest: UUID | None) -> Quality:
    count = shown = first = both = common = 0
    for one in said:
        found = suggest(model, one.text)
        count += 1
        shown += bool(found)
        first += found[:1] == [one.category_id]
        both += one.category_id in found
        common += one.category_id == commonest
    return Quality(count, shown, first, both, common)


def cross_validate(
    seeds: Mapping[UUID, Sequence[str]], said: Sequence[Said], folds: int = 5
) -> Quality:
    """Each person's words judged by a model that was learned from the others' only."""
    people = sorted({one.person for one in said}, key=str)
    fold_of = {person: number % folds for number, person in enumerate(people)}
    total = Quality(0, 0, 0, 0, 0)
    for fold_number in range(folds):
        known = [one for one in said if fold_of[one.person] != fold_number]
        held_out = [one for one in said if fold_of[one.person] == fold_number]
        kinds = Counter(one.category_id for one in known)
        commonest = kinds.most_common(1)[0][0] if kinds else None
        found = judge(train(seeds, known), held_out, commonest)
        total = Quality(
            total.count + found.count,
            total.shown + found.shown,
            total.first + found.first,
            total.both + found.both,
            total.commonest + found.commonest,
        )
    return total
