"""Which photos may be named. Pure."""

from collections.abc import Sequence

from backend.errors import InvalidField
from backend.i18n import N_
from backend.media.schemas import MOST_PHOTOS, PHOTO_BYTES, PHOTO_TYPES, PhotoNamed


def check_photos(photos: Sequence[PhotoNamed]) -> list[PhotoNamed]:
    """The photos as named, without repetitions.

    Raises:
        InvalidField: on `photos`: too_many_photos, photo_too_large, photo_empty, photo_type or
            bad_sha256.
    """
    unique = list({photo.sha256: photo for photo in photos}.values())
    if len(unique) > MOST_PHOTOS:
        raise InvalidField(
            "photos",
            "too_many_photos",
            N_("At most {most} photos can be sent at once; these are {count}."),
            most=MOST_PHOTOS,
            count=len(unique),
        )
    for photo in unique:
        _check(photo)
    return unique


def _check(photo: PhotoNamed) -> None:
    if photo.bytes > PHOTO_BYTES:
        raise InvalidField(
            "photos",
            "photo_too_large",
            N_("A photo is larger than {megabytes} MB. Please choose a smaller one."),
            megabytes=PHOTO_BYTES // (1024 * 1024),
        )
    if photo.bytes < 1:
        raise InvalidField("photos", "photo_empty", N_("A photo is empty. Please choose it again."))
    if photo.type not in PHOTO_TYPES:
        raise InvalidField(
            "photos",
            "photo_type",
            N_("This kind of file cannot be used. Please choose a photo."),
        )
    if len(photo.sha256) != 64 or not set(photo.sha256) <= set("0123456789abcdef"):
        raise InvalidField("photos", "bad_sha256", N_("The photo's checksum (SHA-256) is missing."))
