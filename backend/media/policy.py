"""Which photos and voice notes may be named. Pure."""

import math
from collections.abc import Sequence

from backend.errors import InvalidField
from backend.i18n import N_
from backend.media.schemas import (
    MOST_PHOTOS,
    PHOTO_BYTES,
    PHOTO_TYPES,
    VOICE_BYTES,
    VOICE_SECONDS,
    VOICE_TYPES,
    PhotoNamed,
    VoiceNamed,
)


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


def check_voice(voice: VoiceNamed | None, photos: Sequence[PhotoNamed]) -> VoiceNamed | None:
    """The voice note as named beside `photos`.

    Raises:
        InvalidField: on `voice`: voice_too_long, voice_too_large, voice_empty, voice_type or
            bad_sha256.
    """
    if voice is None:
        return None
    if not 0 < voice.seconds < math.inf or voice.bytes < 1:
        raise InvalidField(
            "voice", "voice_empty", N_("The voice note is empty. Please record it again.")
        )
    # The phone stops at the last second, and may be a moment late.
    if voice.seconds >= VOICE_SECONDS + 1:
        raise InvalidField(
            "voice",
            "voice_too_long",
            N_("A voice note may last {seconds} seconds at most. Please say it shorter."),
            seconds=VOICE_SECONDS,
        )
    if voice.bytes > VOICE_BYTES:
        raise InvalidField(
            "voice",
            "voice_too_large",
            N_("This voice note is too large. Please record a shorter one."),
        )
    if voice.type not in VOICE_TYPES or voice.sha256 in {photo.sha256 for photo in photos}:
        raise InvalidField(
            "voice", "voice_type", N_("This is not a voice note that can be used here.")
        )
    _check_sha256("voice", voice)
    return voice


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
    _check_sha256("photos", photo)


def _check_sha256(field: str, named: PhotoNamed) -> None:
    if len(named.sha256) != 64 or not set(named.sha256) <= set("0123456789abcdef"):
        raise InvalidField(field, "bad_sha256", N_("The file's checksum (SHA-256) is missing."))
