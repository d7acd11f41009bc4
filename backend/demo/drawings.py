"""Pictures for the sample reports: drawn here, so that no one's photo is needed.

Flat scenes of a street on a 320 × 240 grid, enlarged and smoothed. Each is a JPEG of 1280 × 960
without metadata, as a phone would send.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from PIL import Image, ImageDraw

from backend.demo.data import Drawing

_GRID: Final = (320, 240)
_SCALE: Final = 8
_SIZE: Final = (1280, 960)

_Point = tuple[float, float]


class _Canvas:
    """Shapes in grid units; `_SCALE` pixels each, halved at the end to smooth the edges."""

    def __init__(self, seed: str) -> None:
        self.image = Image.new("RGB", (_GRID[0] * _SCALE, _GRID[1] * _SCALE))
        self._draw = ImageDraw.Draw(self.image)
        self.chance = random.Random(seed)  # noqa: S311 - only scatters rubbish

    def box(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        self._draw.rectangle([v * _SCALE for v in (left, top, right, bottom)], fill=colour)

    def oval(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        self._draw.ellipse([v * _SCALE for v in (left, top, right, bottom)], fill=colour)

    def shape(self, points: Sequence[_Point], colour: str) -> None:
        self._draw.polygon([(x * _SCALE, y * _SCALE) for x, y in points], fill=colour)

    def line(self, points: Sequence[_Point], width: float, colour: str) -> None:
        self._draw.line(
            [(x * _SCALE, y * _SCALE) for x, y in points],
            fill=colour,
            width=round(width * _SCALE),
            joint="curve",
        )

    def jpeg(self) -> bytes:
        file = io.BytesIO()
        self.image.resize(_SIZE, Image.Resampling.LANCZOS).save(file, "JPEG", quality=82)
        return file.getvalue()


def _street(canvas: _Canvas, *, night: bool = False) -> None:
    """Sky, a row of narrow houses, a pavement and the road, which begins at y = 165."""
    canvas.box(0, 0, 320, 140, "#1d2840" if night else "#bcdcf0")
    walls = ["#3a3f55", "#33384c", "#40465e"] if night else ["#efdcb6", "#e6b99a", "#cfe0cf"]
    for number, left in enumerate(range(-10, 320, 55)):
        top = 34 + 13 * ((number * 7) % 4)
        canvas.box(left, top, left + 52, 140, walls[number % 3])
        canvas.box(left - 1, top - 5, left + 53, top, "#23283a" if night else "#a8563c")
        for row in range(top + 10, 112, 26):
            for column in (left + 8, left + 31):
                lit = night and (number + row) % 5 == 0
                glass = "#f2c866" if lit else "#232a3d" if night else "#6f93a8"
                canvas.box(column, row, column + 13, row + 14, glass)
        canvas.box(left + 20, 118, left + 33, 140, "#20263a" if night else "#7d5a45")
    canvas.box(0, 140, 320, 163, "#444a5c" if night else "#cfc9bd")
    canvas.box(0, 160, 320, 165, "#31364a" if night else "#a9a297")
    canvas.box(0, 165, 320, 240, "#262a38" if night else "#74777c")
    for left in range(12, 320, 64):
        canvas.box(left, 206, left + 34, 209, "#5b6072" if night else "#e9e6dc")


def _lamp_dark(canvas: _Canvas) -> None:
    _street(canvas, night=True)
    canvas.box(236, 40, 241, 162, "#8b93a8")
    canvas.line([(238, 42), (222, 28), (196, 27)], 4, "#8b93a8")
    canvas.shape([(176, 26), (200, 22), (202, 30), (180, 33)], "#9aa2b5")
    canvas.oval(180, 28, 198, 36, "#454b5e")
    canvas.shape([(232, 162), (236, 150), (241, 150), (245, 162)], "#8b93a8")


def _pothole(canvas: _Canvas) -> None:
    _street(canvas)
    rim = [
        (86, 202),
        (112, 182),
        (158, 177),
        (204, 186),
        (232, 204),
        (212, 222),
        (160, 231),
        (108, 223),
    ]
    for end in [(64, 190), (252, 192), (244, 226), (74, 232)]:
        canvas.line([(160, 204), end], 0.7, "#4d4d4d")
    canvas.shape(rim, "#5a5a5a")
    canvas.shape([(x * 0.86 + 22, y * 0.84 + 33) for x, y in rim], "#3b3835")
    canvas.oval(118, 198, 204, 222, "#6b5f4c")
    canvas.oval(132, 203, 186, 217, "#94897a")


def _waste_heap(canvas: _Canvas) -> None:
    _street(canvas)
    canvas.shape([(70, 172), (112, 128), (150, 112), (196, 124), (246, 174)], "#6a5d4c")
    colours = [
        "#d94f3d",
        "#3b6fb0",
        "#e3c24d",
        "#4f8f52",
        "#f1efe8",
        "#8a5fa0",
        "#2f2f33",
        "#c98a4b",
    ]
    for _ in range(95):
        x = canvas.chance.uniform(80, 234)
        reach = 1 - abs(x - 158) / 92
        y = canvas.chance.uniform(168 - 50 * reach, 174)
        size = canvas.chance.uniform(4, 10)
        colour = canvas.chance.choice(colours)
        if canvas.chance.random() < 0.5:
            canvas.oval(x, y - size, x + size, y, colour)
        else:
            canvas.shape(
                [(x, y), (x + size, y - 2), (x + size - 2, y - size), (x - 1, y - size + 2)], colour
            )
    for left, top in [(96, 146), (190, 142), (150, 150)]:
        canvas.oval(left, top, left + 30, top + 28, "#2c2f36")
        canvas.shape([(left + 11, top + 3), (left + 15, top - 7), (left + 20, top + 3)], "#2c2f36")


def _drain(canvas: _Canvas, *, covered: bool) -> None:
    _street(canvas)
    canvas.box(0, 140, 320, 185, "#c5beb1")
    for left in range(0, 320, 32):
        canvas.line([(left, 140), (left - 14, 185)], 0.7, "#aaa397")
    canvas.shape([(104, 146), (218, 146), (232, 182), (92, 182)], "#8f897f")
    if covered:
        canvas.shape([(110, 149), (212, 149), (224, 179), (100, 179)], "#b9bcbd")
        for row in range(154, 178, 6):
            for left in range(118, 208, 15):
                canvas.box(left, row, left + 9, row + 2.4, "#4a4d50")
    else:
        canvas.shape([(110, 149), (212, 149), (224, 179), (100, 179)], "#16181a")
        canvas.shape([(104, 173), (140, 162), (220, 176), (224, 179), (100, 179)], "#2f4a46")
        canvas.shape([(110, 149), (150, 149), (138, 160), (122, 156), (108, 160)], "#a9acad")
        canvas.shape([(190, 149), (212, 149), (217, 162), (201, 157)], "#a9acad")


def _stall(canvas: _Canvas) -> None:
    _street(canvas)
    canvas.shape([(70, 74), (250, 74), (262, 96), (58, 96)], "#d5473c")
    for left in range(58, 262, 34):
        canvas.shape(
            [(left + 2, 96), (left + 19, 96), (left + 18, 103), (left + 3, 103)], "#f4efe4"
        )
    for left in (72, 244):
        canvas.box(left, 96, left + 3, 164, "#6b6b6b")
    canvas.box(66, 132, 254, 137, "#8a6242")
    canvas.box(70, 137, 250, 163, "#a97b54")
    for left in range(72, 246, 12):
        colour = ["#e2892b", "#c5352f", "#7aa339", "#e8c63f"][left // 12 % 4]
        canvas.oval(left, 122, left + 11, 133, colour)
        canvas.oval(left + 5, 116, left + 15, 126, colour)
    for left in (20, 272):
        canvas.box(left, 146, left + 22, 150, "#3567a8")
        canvas.box(left + 2, 150, left + 5, 166, "#3567a8")
        canvas.box(left + 17, 150, left + 20, 166, "#3567a8")


def _pavement_clear(canvas: _Canvas) -> None:
    _street(canvas)
    canvas.box(0, 140, 320, 163, "#d8d2c6")
    for left in range(0, 330, 20):
        canvas.line([(left, 140), (left - 8, 160)], 0.6, "#bdb6a9")
    canvas.box(0, 156, 320, 158, "#f3f0e6")
    canvas.oval(146, 106, 158, 118, "#7a5a45")
    canvas.shape([(143, 120), (161, 120), (164, 142), (140, 142)], "#3f7f8f")
    canvas.line([(148, 140), (144, 160)], 3.4, "#2f3746")
    canvas.line([(156, 140), (161, 160)], 3.4, "#2f3746")


def _tree(canvas: _Canvas, *, cut: bool) -> None:
    _street(canvas)
    canvas.shape([(146, 166), (152, 84), (168, 84), (176, 166)], "#6d4f38")
    canvas.line([(160, 100), (126, 62)], 7, "#6d4f38")
    for left, top, size in [(92, 18, 62), (122, 2, 66), (150, 22, 52), (112, 40, 50)]:
        canvas.oval(left, top, left + size, top + size * 0.8, "#3f7d3f")
    for left, top in [(108, 26), (140, 14), (164, 34), (126, 48)]:
        canvas.oval(left, top, left + 30, top + 20, "#5a9a4e")
    if cut:
        canvas.line([(164, 98), (178, 86)], 8, "#6d4f38")
        canvas.oval(174, 80, 183, 90, "#d9b889")
        return
    canvas.line([(164, 98), (194, 78)], 7, "#6d4f38")
    canvas.shape([(190, 76), (199, 74), (197, 84), (191, 83)], "#d9b889")
    canvas.line([(197, 80), (226, 122), (230, 158)], 6, "#6d4f38")
    for left, top in [(206, 106), (222, 122), (204, 134), (228, 142)]:
        canvas.oval(left, top, left + 34, top + 26, "#7f8f3c")
    canvas.line([(0, 66), (320, 58)], 1, "#2b2b2b")


_SCENES: Final[Mapping[Drawing, Callable[[_Canvas], None]]] = {
    "lamp_dark": _lamp_dark,
    "pothole": _pothole,
    "waste_heap": _waste_heap,
    "drain_open": lambda canvas: _drain(canvas, covered=False),
    "drain_covered": lambda canvas: _drain(canvas, covered=True),
    "stall": _stall,
    "pavement_clear": _pavement_clear,
    "branch_broken": lambda canvas: _tree(canvas, cut=False),
    "branch_cut": lambda canvas: _tree(canvas, cut=True),
}


def draw(drawing: Drawing) -> bytes:
    """The picture as a JPEG; the same bytes every time for one version of Pillow."""
    canvas = _Canvas(drawing)
    _SCENES[drawing](canvas)
    return canvas.jpeg()
