"""What becomes of a photo: upright, small, in right colours, nothing in it but the picture."""

import zipfile
from io import BytesIO
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from backend.media.imaging import ProcessedPhoto, process_photo
from tests.media.pictures import (
    BLUE,
    CORNERS,
    GREEN,
    GREY,
    RED,
    STORED_AS,
    corners_of,
    difference,
    encoded,
    four_corners,
    near,
    noise,
    webp_chunks,
)

pillow_heif.register_heif_opener()

THUMB_BYTES = 15 * 1024


async def processed(data: bytes, folder: Path) -> ProcessedPhoto:
    source, out = folder / "source", folder / "out"
    source.write_bytes(data)
    out.mkdir(exist_ok=True)
    return await process_photo(source, out)


def exif_with(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_photo_is_upright_however_the_phone_was_held(
    kind: str, orientation: int, tmp_path: Path
) -> None:
    stored = four_corners()
    if orientation in STORED_AS:
        stored = stored.transpose(STORED_AS[orientation])
    photo = await processed(encoded(stored, kind, exif=exif_with(orientation)), tmp_path)
    assert (photo.width, photo.height) == (photo.source_width, photo.source_height) == (120, 80)
    assert near(corners_of(photo.full_path), list(CORNERS))
    assert near(corners_of(photo.thumb_path), list(CORNERS))


# A tag of type text, where a number belongs.
EXIF_WITH_WORD = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x04\0\0\0six\0\0\0\0\0"


@pytest.mark.parametrize("orientation", [0, 9, 255, "six"])
async def test_a_senseless_orientation_leaves_the_photo_as_it_is(
    orientation: int | str, tmp_path: Path
) -> None:
    exif = EXIF_WITH_WORD if isinstance(orientation, str) else exif_with(orientation)
    photo = await processed(encoded(four_corners(), "JPEG", exif=exif), tmp_path)
    assert near(corners_of(photo.full_path), list(CORNERS))


async def test_broken_metadata_does_not_cost_the_photo(tmp_path: Path) -> None:
    data = encoded(four_corners(), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff garbage")
    assert near(corners_of((await processed(data, tmp_path)).full_path), list(CORNERS))


async def test_a_heic_is_turned_once_and_not_twice(tmp_path: Path) -> None:
    stored = four_corners(128, 64).transpose(STORED_AS[6])
    data = encoded(stored, "HEIF", quality=95, exif=exif_with(6).tobytes())
    photo = await processed(data, tmp_path)
    assert photo.source_format == "HEIF"
    assert (photo.width, photo.height) == (128, 64)
    assert near(corners_of(photo.full_path), list(CORNERS))


@pytest.mark.parametrize("orientation", [0, 2, 3, 4, 5, 6, 7, 8])
async def test_real_photos_of_one_scene_come_out_the_same(
    orientation: int, photos: Path, tmp_path: Path
) -> None:
    upright, turned = tmp_path / "upright", tmp_path / "turned"
    upright.mkdir()
    turned.mkdir()
    name = (
        "orient_0_invalid_value.jpg" if orientation == 0 else f"orient_{orientation}_portrait.jpg"
    )
    expected = await process_photo(photos / "orient_1_portrait.jpg", upright)
    photo = await process_photo(photos / name, turned)
    assert (photo.width, photo.height) == (expected.width, expected.height) == (1067, 1600)
    assert difference(photo.full_path, expected.full_path) < 8
    assert difference(photo.thumb_path, expected.thumb_path) < 8


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("gps_iphone11promax.heic", (1239, 1600)),
        ("gps_android_nokia83_street_dusk.heif", (1600, 1200)),
        ("gps_iphone6_large.jpg", (1600, 1200)),
        ("gps_android_samsung_sm-g930f_blanked_pixels.jpg", (1600, 798)),
        ("orient_6_canon_sx60_streetlamp_emptygps.jpg", (1200, 1600)),
        ("made_exif_ifd_loop.jpg", (480, 320)),
        ("made_gps_zero_denominator.jpg", (480, 320)),
    ],
)
async def test_real_photos_of_phones_and_cameras_are_taken(
    name: str, size: tuple[int, int], photos: Path, tmp_path: Path
) -> None:
    photo = await process_photo(photos / name, tmp_path)
    assert (photo.width, photo.height) == size
    with Image.open(photo.full_path) as full, Image.open(photo.thumb_path) as thumb:
        assert (full.format, full.size, full.mode) == ("WEBP", size, "RGB")
        assert (thumb.format, thumb.size) == ("WEBP", (photo.thumb_width, photo.thumb_height))
        assert max(thumb.size) == 320
    assert photo.thumb_bytes == photo.thumb_path.stat().st_size <= THUMB_BYTES
    assert photo.full_bytes == photo.full_path.stat().st_size
    for path in (photo.full_path, photo.thumb_path):
        _assert_nothing_but_the_picture(path)


def _assert_nothing_but_the_picture(path: Path) -> None:
    data = path.read_bytes()
    assert webp_chunks(data) == [b"VP8 "]
    with Image.open(path) as picture:
        assert not picture.getexif()
        assert not {"exif", "xmp", "icc_profile", "comment"} & picture.info.keys()


async def test_where_and_when_a_photo_was_taken_reaches_nobody(tmp_path: Path) -> None:
    mark = b"Secret Street 12"
    exif = exif_with(1)
    exif[0x010F] = mark.decode()
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (10.0, 50.0, 0.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    jpeg = encoded(
        four_corners(),
        "JPEG",
        exif=exif,
        comment=mark,
        xmp=b"<x:xmpmeta>" + mark + b"</x:xmpmeta>",
        icc_profile=profile,
    )
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", mark.decode())
    text.add_text("Comment", mark.decode(), zip=False)
    png = encoded(four_corners(), "PNG", pnginfo=text, exif=exif)
    webp = encoded(four_corners(), "WEBP", exif=exif, xmp=mark, icc_profile=profile)
    heic = encoded(four_corners(128, 64), "HEIF", exif=exif, xmp=mark)
    for data in (jpeg, png, webp, heic):
        assert mark in data
        photo = await processed(data, tmp_path)
        for path in (photo.full_path, photo.thumb_path):
            _assert_nothing_but_the_picture(path)
            assert mark not in path.read_bytes()


async def test_a_file_that_is_two_things_becomes_only_a_picture(tmp_path: Path) -> None:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("evil.html", "<script>alert(1)</script>")
    page = b"<html><script>alert(1)</script></html>"
    for kind in ("JPEG", "PNG", "WEBP", "HEIF"):
        picture = encoded(four_corners(128, 64), kind)
        for tail in (archive.getvalue(), page, b"\0" * 100):
            photo = await processed(picture + tail, tmp_path)
            for path in (photo.full_path, photo.thumb_path):
                assert webp_chunks(path.read_bytes()) == [b"VP8 "]
                assert not zipfile.is_zipfile(path)
                assert b"script" not in path.read_bytes()


async def test_a_wide_gamut_photo_keeps_its_colours(tmp_path: Path) -> None:
    # sRGB with the red and green primaries exchanged: what is stored red is meant green.
    profile = _with_exchanged_tags(
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), b"rXYZ", b"gXYZ"
    )
    data = encoded(Image.new("RGB", (64, 64), (255, 0, 0)), "PNG", icc_profile=profile)
    photo = await processed(data, tmp_path)
    assert near(corners_of(photo.full_path), [(0, 255, 0)] * 4)


def _with_exchanged_tags(profile: bytes, one: bytes, other: bytes) -> bytes:
    first, second = profile.index(one, 128), profile.index(other, 128)
    changed = bytearray(profile)
    changed[first : first + 4], changed[second : second + 4] = other, one
    return bytes(changed)


async def test_a_profile_that_is_nonsense_is_ignored(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for broken in (profile[:200], b"nonsense" * 40):
        data = encoded(four_corners(), "JPEG", icc_profile=broken)
        assert near(corners_of((await processed(data, tmp_path)).full_path), list(CORNERS))
    grey = encoded(four_corners().convert("L"), "JPEG", icc_profile=profile)
    assert (await processed(grey, tmp_path)).width == 120


async def test_what_is_transparent_becomes_white(tmp_path: Path) -> None:
    clear = four_corners().convert("RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, 60, 40))
    expected = [(255, 255, 255), GREEN, BLUE, GREY]
    palette = Image.new("P", (120, 80))
    palette.putpalette([colour for corner in CORNERS for colour in corner])
    for index, box in enumerate(
        [(0, 0, 60, 40), (60, 0, 120, 40), (0, 40, 60, 80), (60, 40, 120, 80)]
    ):
        palette.paste(index, box)
    for data in (
        encoded(clear, "PNG"),
        encoded(clear, "WEBP", lossless=True),
        encoded(palette, "PNG", transparency=0),
        encoded(four_corners(), "PNG", transparency=RED),
    ):
        photo = await processed(data, tmp_path)
        assert near(corners_of(photo.full_path), expected)


async def test_unusual_colour_modes_come_out_right(tmp_path: Path) -> None:
    upright = four_corners()
    grey = [(level, level, level) for level in (80, 122, 60, 120)]
    for data in (encoded(upright.convert("CMYK"), "JPEG"), encoded(upright.quantize(16), "PNG")):
        assert near(corners_of((await processed(data, tmp_path)).full_path), list(CORNERS))
    deep = Image.new("I;16", (120, 80), 120 * 257)
    photo = await processed(encoded(deep, "PNG"), tmp_path)
    assert near(corners_of(photo.full_path), [GREY] * 4), "16 bits are scaled, not clipped to white"
    for data in (encoded(upright.convert("L"), "JPEG"), encoded(upright.convert("LA"), "PNG")):
        found = corners_of((await processed(data, tmp_path)).full_path)
        assert near(found, grey, tolerance=40)
        assert all(max(pixel) - min(pixel) < 6 for pixel in found)
    black_and_white = Image.new("1", (40, 40), 1)
    photo = await processed(encoded(black_and_white, "PNG"), tmp_path)
    assert near(corners_of(photo.full_path), [(255, 255, 255)] * 4)


async def test_of_moving_pictures_the_first_is_taken(tmp_path: Path) -> None:
    later = [Image.new("RGB", (120, 80), "white")] * 2
    for kind in ("WEBP", "PNG"):
        data = encoded(four_corners(), kind, save_all=True, append_images=later)
        photo = await processed(data, tmp_path)
        assert near(corners_of(photo.full_path), list(CORNERS))


@pytest.mark.parametrize(
    ("size", "full", "thumb"),
    [
        ((1, 1), (1, 1), (1, 1)),
        ((320, 240), (320, 240), (320, 240)),
        ((1600, 1), (1600, 1), (320, 1)),
        ((1, 20_000), (1, 1600), (1, 320)),
        ((1601, 1200), (1600, 1199), (320, 240)),
    ],
)
async def test_photos_are_shrunk_and_never_enlarged(
    size: tuple[int, int], full: tuple[int, int], thumb: tuple[int, int], tmp_path: Path
) -> None:
    photo = await processed(encoded(Image.new("RGB", size, RED), "PNG"), tmp_path)
    assert (photo.source_width, photo.source_height) == size
    assert (photo.width, photo.height) == full
    assert (photo.thumb_width, photo.thumb_height) == thumb


async def test_even_noise_has_a_thumbnail_of_15_kib(tmp_path: Path) -> None:
    photo = await processed(encoded(noise(700, 700), "PNG"), tmp_path)
    assert photo.thumb_bytes <= THUMB_BYTES
