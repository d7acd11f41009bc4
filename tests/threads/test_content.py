"""What is taken in: the hash that tells a repetition from other content, the phone's time."""

import uuid
from datetime import UTC, datetime, timedelta, timezone

from msgspec.structs import replace

from backend.media.schemas import PhotoNamed
from backend.reports.content import clean_report
from backend.reports.schemas import ReportIn
from backend.threads.content import content_hash, device_time

WISH = ReportIn(
    category_id=uuid.UUID(int=1),
    located_by="gps",
    description="Đèn",
    lat=10.8,
    lon=106.8,
    accuracy_m=5.0,
    photos=[PhotoNamed("a" * 64, 10, "image/jpeg")],
)


def fingerprint(wish: ReportIn) -> bytes:
    return content_hash(clean_report(wish))


def test_what_means_the_same_has_one_hash() -> None:
    first = fingerprint(WISH)
    assert fingerprint(replace(WISH, description=" Đèn\r\n")) == first
    assert fingerprint(replace(WISH, device_created_at=datetime(2020, 1, 1, tzinfo=UTC))) == first
    assert fingerprint(replace(WISH, photos=WISH.photos * 2)) == first


def test_every_field_a_person_fills_in_counts() -> None:
    hashes = [fingerprint(WISH)] + [
        fingerprint(replace(WISH, **{field: value}))
        for field, value in {
            "category_id": uuid.UUID(int=2),
            "located_by": "map",
            "description": "Đèn!",
            "lat": 10.9,
            "lon": 106.9,
            "accuracy_m": 6.0,
            "address": "Hẻm 5",
            "area_id": uuid.UUID(int=3),
            "photos": [],
        }.items()
    ]
    assert len(set(hashes)) == len(hashes)


def test_the_hash_is_stable_between_versions_of_the_server() -> None:
    """Receipts of phones that were offline for weeks depend on it."""
    assert fingerprint(WISH).hex() == (
        "f618094b3139e74d16ad205ee977f2e6bf29a6169257a2d151aed6f055f2648b"
    )


def test_a_phones_time_is_a_label_in_one_zone() -> None:
    local = datetime(2023, 5, 1, 12, tzinfo=timezone(timedelta(hours=7)))
    assert device_time(local) == datetime(2023, 5, 1, 5, tzinfo=UTC)
    assert device_time(datetime.fromisoformat("2023-05-01T00:00:00")) == datetime(
        2023, 5, 1, tzinfo=UTC
    )
    assert device_time(datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))) is None
    assert device_time(None) is None
