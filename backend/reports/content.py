"""A report as it was typed, made fit to keep. Pure; errors name the field, nothing is lost."""

import re
from typing import Final
from uuid import UUID

from msgspec import Struct

from backend.departments.schemas import AnswersIn
from backend.errors import InvalidField
from backend.i18n import N_
from backend.media.policy import check_photos, check_voice
from backend.media.schemas import PhotoNamed, VoiceNamed
from backend.reports.schemas import BehalfIn, LocatedBy, MoveIn, ReportIn, Severity, State
from backend.text import clean_text, fold
from backend.threads.content import TEXT_LENGTH, clean_message_text

ADDRESS_LENGTH: Final = 300
REASON_LENGTH: Final = 1000
NAME_LENGTH: Final = 100
PHONE_LENGTH: Final = 30
_PHONE: Final = re.compile(r"\+?[0-9][0-9 ().-]{3,}", re.ASCII)
VAGUE_M: Final = 2000.0
"""A GPS fix worse than this says nothing about the neighbourhood."""


class CleanReport(Struct, frozen=True, omit_defaults=True):
    """What `ReportIn` comes to; its hash tells a repetition from other content.

    What was added later has a default that is left out of the hash: a report that was sent before,
    and whose receipt was lost, is still the same.
    """

    category_id: UUID
    located_by: LocatedBy
    description: str
    lat: float | None
    lon: float | None
    accuracy_m: float | None
    address: str
    area_id: UUID | None
    photos: list[PhotoNamed]
    answers: AnswersIn | None = None
    on_behalf: BehalfIn | None = None
    voice: VoiceNamed | None = None
    severity: Severity | None = None


class CleanMove(Struct, frozen=True):
    """What `MoveIn` comes to."""

    to: State
    text: str
    reason: str
    photos: list[PhotoNamed]
    merged_into: UUID | None


def clean_report(wish: ReportIn) -> CleanReport:
    """Raises InvalidField (bad_position, too_vague, too_long, photo and voice codes)."""
    lat, lon = clean_position(wish.lat, wish.lon)
    accuracy_m = _accuracy(wish.accuracy_m) if lat is not None else None
    if (
        wish.located_by == "gps"
        and accuracy_m is not None
        and accuracy_m > VAGUE_M
        and wish.area_id is None
    ):
        raise InvalidField(
            "accuracy_m",
            "too_vague",
            N_(
                "The phone does not know well enough where it is. Please move the map to the place."
            ),
        )
    return CleanReport(
        category_id=wish.category_id,
        located_by=wish.located_by if lat is not None else "none",
        description=clean_text(wish.description, TEXT_LENGTH, field="description"),
        lat=lat,
        lon=lon,
        accuracy_m=accuracy_m,
        address=clean_text(wish.address, ADDRESS_LENGTH, field="address"),
        area_id=wish.area_id,
        photos=check_photos(wish.photos),
        answers=wish.answers,
        on_behalf=_behalf(wish.on_behalf),
        voice=check_voice(wish.voice, wish.photos),
        severity=wish.severity,
    )


def _behalf(wish: BehalfIn | None) -> BehalfIn | None:
    """Raises InvalidField (name_needed, consent_needed, bad_phone, too_long)."""
    if wish is None:
        return None
    name = clean_text(wish.name, NAME_LENGTH, field="on_behalf.name")
    phone = " ".join(clean_text(wish.phone, PHONE_LENGTH, field="on_behalf.phone").split())
    if not name:
        raise InvalidField(
            "on_behalf.name", "name_needed", N_("Please write whom you are reporting for.")
        )
    if phone and not _PHONE.fullmatch(fold(phone)):
        raise InvalidField(
            "on_behalf.phone", "bad_phone", N_("This does not look like a phone number.")
        )
    if not wish.consent:
        raise InvalidField(
            "on_behalf.consent",
            "consent_needed",
            N_("Please ask the person first whether they agree to be named here."),
        )
    return BehalfIn(name, phone, consent=True)


def clean_move(wish: MoveIn) -> CleanMove:
    """Raises InvalidField (too_long, photo codes)."""
    return CleanMove(
        to=wish.to,
        text=clean_message_text(wish.text),
        reason=clean_text(wish.reason, REASON_LENGTH, field="reason"),
        photos=check_photos(wish.photos),
        merged_into=wish.merged_into,
    )


def clean_position(lat: float | None, lon: float | None) -> tuple[float, float] | tuple[None, None]:
    """A place on Earth, or none at all. Raises InvalidField (bad_position)."""
    if lat is None and lon is None:
        return None, None
    if lat is None or not -90.0 <= lat <= 90.0:
        raise _bad_position("lat")
    if lon is None or not -180.0 <= lon <= 180.0:
        raise _bad_position("lon")
    # What phones give that could not find themselves; a place in the Atlantic nobody reports from.
    if lat == 0.0 and lon == 0.0:
        raise _bad_position("lat")
    return lat, lon


def _accuracy(accuracy_m: float | None) -> float | None:
    if accuracy_m is not None and not 0.0 <= accuracy_m <= 1e7:
        raise InvalidField(
            "accuracy_m", "bad_accuracy", N_("The accuracy of a position is a distance in metres.")
        )
    return accuracy_m


def _bad_position(field: str) -> InvalidField:
    return InvalidField(
        field,
        "bad_position",
        N_("This is not a position on the map. Please set the pin again."),
    )
