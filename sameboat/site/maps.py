"""The geometry of a map of circles: places at their coordinates, as large as their counts, shaded by their rates.

No tiles and no borders: a plate carrée true to scale at its middle latitude, in a box of fixed shape. Positions and
radii are percentages of the box, so that words beside the circles keep the reader's own text size.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sameboat.site.charts import ChartDataError

SHAPE = 4 / 3
"""Width of the box over its height; the stylesheet gives the drawing the same."""
MARGIN = 9.0
"""Percent of the box that stays free on each side, for the largest circle and for names."""
LARGEST, SMALLEST = 7.0, 0.7
"""Radii in percent, of the largest count and of a count of one."""
SHADES = 4
NARROW, WIDE = 350, 680
"""Widths in pixels for which names are placed: on a phone, and beside or below it."""
LINE, LETTER, IDEOGRAPH = 20, 8.5, 16
"""Pixels that a line of words is high, and a Latin letter and a Chinese character are wide."""
MOST_CIRCLES = 300
MOST_NAMES = 48
"""Names that are tried, those of the largest circles; so many circles keep names off themselves."""

Spot = tuple[str, str, Decimal | float | None, Decimal | float | None, int | None, int | None]
"""Code, name, latitude, longitude, count and rate of a place; None where not known."""


@dataclass(frozen=True)
class Circle:
    """One place. `shade` counts from 1, the lightest; 0 is a rate that is not known."""

    code: str
    name: str
    x: float
    y: float
    radius: float
    shade: int
    count: int


@dataclass(frozen=True)
class Label:
    """The name of a place, in its circle or beside it; `narrow` tells that it fits on a phone too."""

    name: str
    x: float
    y: float
    anchor: str
    narrow: bool


@dataclass(frozen=True)
class CircleMap:
    """Circles, the largest first so that none hides another, names, and what the shades mean: their lowest rates.

    `elsewhere` counts the places that have no coordinates, no count, or were too many to draw.
    """

    circles: tuple[Circle, ...]
    labels: tuple[Label, ...]
    shades: tuple[int, ...]
    unrated: int
    elsewhere: int


def circle_map(spots: Sequence[Spot]) -> CircleMap:
    """Return the map of places; those with a count of 0 or less, or of which nothing is known, are not drawn.

    Raises ChartDataError where no place can be drawn.
    """
    drawn = sorted(
        (spot for spot in spots if spot[2] is not None and spot[3] is not None and (spot[4] or 0) > 0),
        key=lambda spot: -(spot[4] or 0),
    )[:MOST_CIRCLES]
    if not drawn:
        raise ChartDataError("no place has both coordinates and a count; show the table alone")
    positions = _positions([(float(spot[2] or 0), float(spot[3] or 0)) for spot in drawn])
    most = drawn[0][4] or 1
    shades = _shades([spot[5] for spot in drawn if spot[5] is not None])
    circles = tuple(
        Circle(
            code=code,
            name=name,
            x=x,
            y=y,
            radius=round(max(SMALLEST, LARGEST * math.sqrt((count or 0) / most)), 2),
            shade=0 if rate is None else sum(rate >= least for least in shades),
            count=count or 0,
        )
        for (code, name, _, _, count, rate), (x, y) in zip(drawn, positions, strict=True)
    )
    return CircleMap(
        circles=circles,
        labels=_labels(circles),
        shades=shades,
        unrated=sum(circle.shade == 0 for circle in circles),
        elsewhere=len(spots) - len(drawn),
    )


def _positions(degrees: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return x and y in percent of the box, both on one scale in kilometres."""
    latitudes, longitudes = [each[0] for each in degrees], [each[1] for each in degrees]
    south, north, west, east = min(latitudes), max(latitudes), min(longitudes), max(longitudes)
    squeeze = math.cos(math.radians((south + north) / 2))
    width, height = max((east - west) * squeeze, 0.1), max(north - south, 0.1)
    free = 100 - 2 * MARGIN
    scale = min(free * SHAPE / width, free / height)  # in percent of the box's height a degree of latitude
    left, top = (100 - width * scale / SHAPE) / 2, (100 - height * scale) / 2
    return [
        (
            round(left + (longitude - west) * squeeze * scale / SHAPE, 2),
            round(top + (north - latitude) * scale, 2),
        )
        for latitude, longitude in degrees
    ]


def _shades(rates: Sequence[int]) -> tuple[int, ...]:
    """Return the lowest rate of each shade: quarters of the places, fewer where rates are the same."""
    ordered = sorted(rates)
    return tuple(sorted({ordered[len(ordered) * part // SHADES] for part in range(SHADES)})) if ordered else ()


def _labels(circles: Sequence[Circle]) -> tuple[Label, ...]:
    """Return names that touch neither each other nor the box's edge, those of the largest circles first."""
    narrow = {label.name for label in _placed(circles, NARROW)}
    return tuple(
        Label(label.name, label.x, label.y, label.anchor, narrow=label.name in narrow)
        for label in _placed(circles, WIDE, first=narrow)
    )


def _placed(circles: Sequence[Circle], width: int, first: set[str] | frozenset[str] = frozenset()) -> list[Label]:
    height = width / SHAPE
    across = math.hypot(width, height) / math.sqrt(2)  # what a radius in percent is taken of
    boxes: list[tuple[float, float, float, float]] = []
    placed = []
    blocked = {}
    for circle in circles[:MOST_NAMES]:  # a name must not lie on another place's circle
        x, y, inner = circle.x * width / 100, circle.y * height / 100, 0.8 * circle.radius * across / 100
        blocked[circle.code] = (x - inner, y - inner, x + inner, y + inner)
    for circle in sorted(circles[:MOST_NAMES], key=lambda each: each.name not in first):
        long = sum(IDEOGRAPH if ord(letter) > 0x2E7F else LETTER for letter in circle.name)
        others = [other for code, other in blocked.items() if code != circle.code]
        x, y, radius = circle.x * width / 100, circle.y * height / 100, circle.radius * across / 100
        for anchor, at_x, at_y in _spots(x, y, radius, long):
            left = at_x - {"start": 0, "middle": long / 2, "end": long}[anchor]
            box = (left, at_y - LINE / 2, left + long, at_y + LINE / 2)
            inside = box[0] >= 0 and box[2] <= width and box[1] >= 0 and box[3] <= height
            if inside and not any(_touch(box, other) for other in (*boxes, *others)):
                boxes.append(box)
                percent = round(100 * at_x / width, 2), round(100 * at_y / height, 2)
                placed.append(Label(circle.name, *percent, anchor, narrow=True))
                break
    return placed


def _spots(x: float, y: float, radius: float, long: float) -> list[tuple[str, float, float]]:
    """Return where a name may stand, the best first: in a circle that holds it, beside it, below it, above it."""
    beside = [
        ("start", x + radius + 4, y),
        ("end", x - radius - 4, y),
        ("middle", x, y + radius + LINE / 2 + 1),
        ("middle", x, y - radius - LINE / 2 - 1),
    ]
    return [("middle", x, y), *beside] if 2 * radius >= long else beside


def _touch(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
