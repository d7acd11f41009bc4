"""The drawn pictures are photos like any other to the rest of the product."""

import io
from typing import get_args

import pytest
from PIL import Image

from backend.demo.data import Drawing
from backend.demo.drawings import draw


@pytest.mark.parametrize("drawing", get_args(Drawing))
def test_a_drawing_is_a_small_picture_without_metadata(drawing: Drawing) -> None:
    data = draw(drawing)
    assert len(data) <= 250_000
    picture = Image.open(io.BytesIO(data))
    assert (picture.format, picture.size) == ("JPEG", (1280, 960))
    assert not picture.getexif()


def test_drawings_differ_and_stay_the_same() -> None:
    pictures = {draw(drawing) for drawing in get_args(Drawing)}
    assert len(pictures) == len(get_args(Drawing))
    assert draw("waste_heap") in pictures
