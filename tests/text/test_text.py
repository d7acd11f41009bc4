"""`backend/text.py` against the vectors that the phone's twin answers too, and its own laws."""

import json
import unicodedata
from pathlib import Path
from typing import TypedDict

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.text import TextTooLong, clean_text, fold

Vector = TypedDict(
    "Vector",
    {"name": str, "in": str, "times": int, "max": int, "out": str, "too_long": int},
    total=False,
)

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "text.json").read_text("utf-8"))
ANY_TEXT = st.text(st.characters(codec=None))


def named(vector: Vector) -> str:
    return vector["name"]


@pytest.mark.parametrize("vector", VECTORS["fold"], ids=named)
def test_a_search_key_is_the_same_everywhere(vector: Vector) -> None:
    assert fold(vector["in"]) == vector["out"]


@pytest.mark.parametrize("vector", VECTORS["clean"], ids=named)
def test_typed_text_is_stored_the_same_everywhere(vector: Vector) -> None:
    text = vector["in"] * vector.get("times", 1)
    if "too_long" in vector:
        with pytest.raises(TextTooLong) as caught:
            clean_text(text, vector["max"])
        assert caught.value.length == vector["too_long"]
        assert caught.value.max_length == vector["max"]
        assert caught.value.code == "too_long"
    else:
        assert clean_text(text, vector["max"]) == vector["out"]


@given(ANY_TEXT)
@example("a\u0301\u0302")
@example("ﷺ")
@example("Σ Σ")
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(ANY_TEXT)
def test_text_is_found_however_its_accents_were_typed(text: str) -> None:
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean_text(text, 10_000)
    assert clean_text(once, 10_000) == once


@given(ANY_TEXT)
def test_stored_text_can_be_written_to_the_database_and_cannot_reorder_its_surroundings(
    text: str,
) -> None:
    cleaned = clean_text(text, 10_000)
    cleaned.encode("utf-8")
    assert "\x00" not in cleaned
    assert not {unicodedata.bidirectional(character) for character in cleaned} & {
        "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
    }  # fmt: skip


@given(ANY_TEXT, st.integers(0, 20))
def test_only_text_that_is_too_long_is_refused(text: str, max_length: int) -> None:
    cleaned = clean_text(text, 10_000)
    if len(cleaned) <= max_length:
        assert clean_text(text, max_length) == cleaned
    else:
        with pytest.raises(TextTooLong):
            clean_text(text, max_length)
