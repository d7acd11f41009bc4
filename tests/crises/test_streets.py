"""Which reports lie in the same street."""

import uuid

import pytest

from backend.crises.streets import NEAR_M, Spot, group, street_of

HOME = uuid.UUID(int=1)
METRE = 1 / 111_320


def spot(address: str = "", north: float | None = 0.0, neighbourhood_id: uuid.UUID = HOME) -> Spot:
    """`north` metres from a point; None has no position."""
    at = None if north is None else 10.8 + north * METRE
    return Spot(uuid.uuid4(), address, at, None if at is None else 106.7, neighbourhood_id)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("12 đường Lê Văn Việt, phường 3", "le van viet"),
        ("Số 12/3A Lê Văn Việt", "le van viet"),
        ("LE VAN VIET", "le van viet"),
        ("hẻm 45 Lê Văn Việt", "le van viet"),
        ("số nhà 7, đường Trần Phú", "tran phu"),
        ("Đường số 7", "so 7"),
        ("đường 3 tháng 2", "3 thang 2"),
        ("12 Le Van Viet Street", "le van viet"),
        ("خیابان امام، پلاک ۱۲", "امام"),
        ("خیابان امام کوچه ۵ پلاک ۱۲", "امام"),
        ("خيابان إمام", "امام"),
        ("gần chợ", "gan cho"),
    ],
)
def test_the_street_of_an_address(address: str, key: str) -> None:
    found = street_of(address)
    assert found is not None
    assert found[0] == key


@pytest.mark.parametrize("address", ["", " ", "12", "12/3", "۱۲", "- , ،", "🙂"])
def test_no_street_is_named(address: str) -> None:
    assert street_of(address) is None


def test_spellings_of_one_street_are_one() -> None:
    (street,) = group([spot("12 Lê Văn Việt"), spot("le van viet"), spot("Đường LÊ VĂN VIỆT")])
    assert (street.label, len(street.spots)) == ("Lê Văn Việt", 3)


def test_who_names_no_street_stands_with_the_nearest_that_is_named() -> None:
    named = [spot("Lê Lợi", 0), spot("Trần Phú", 150)]
    nameless = [spot("", 70), spot("", 90), spot("", NEAR_M + 200)]
    streets = {
        one.label: [nameless.index(s) for s in one.spots if s in nameless]
        for one in group([*named, *nameless])
    }
    assert streets == {"Lê Lợi": [0], "Trần Phú": [1], "": [2]}


def test_nameless_ones_near_each_other_and_placeless_ones_of_a_neighbourhood() -> None:
    other = uuid.UUID(int=2)
    streets = group(
        [
            spot("", 5000),
            spot("", 5001),
            spot("", 9000),
            spot("", None),
            spot("", None),
            spot("", None, other),
        ]
    )
    assert sorted(len(one.spots) for one in streets) == [1, 1, 2, 2]
    placeless = [one for one in streets if one.middle == (None, None)]
    assert {one.neighbourhood_id for one in placeless} == {HOME, other}


def test_three_thousand_reports_are_put_together_without_comparing_each_with_each() -> None:
    spots = [spot("" if one % 2 else f"Đường {one % 90} Hoa", one * 3.0) for one in range(3000)]
    streets = group(spots)
    assert sum(len(one.spots) for one in streets) == 3000
