"""Conformance cases 23-52: flip, rotate, crop, tile (spec image-urls §15.2)."""

import pytest
from PIL import Image, ImageChops

from tests.support.cases import Folder, Row, case, row, rows
from tests.support.checks import (
    all_of,
    mode,
    no_magenta,
    original,
    px,
    size,
    status,
    transparent,
)

FREE = 2
CROP_42 = "q.png&left=0.1&right=0.9&top=0.1&bottom=0.9&width=500&height=500&fill=ff00ff"
BOTH_HALVES = "q.png&width=101&tile={}:4"

CASES = [
    case(
        23,
        "flip left to right",
        row(
            "q.png&flip=h&width=100",
            size(100, 60),
            px("green", (5, 5)),
            px("red", (95, 5)),
            px("yellow", (5, 55)),
            px("blue", (95, 55)),
        ),
    ),
    case(
        24,
        "flip top to bottom",
        row("q.png&flip=V&width=100", px("blue", (5, 5)), px("yellow", (95, 5)), px("red", (5, 55))),
    ),
    case(
        25,
        "a quarter turn",
        row(
            "q.png&angle=90&width=60",
            size(60, 100),
            px("blue", (5, 5)),
            px("red", (55, 5)),
            px("yellow", (5, 95)),
            px("green", (55, 95)),
        ),
    ),
    case(
        26,
        "a quarter turn back",
        row(
            "q.png&angle=-90&width=60",
            size(60, 100),
            px("green", (5, 5)),
            px("yellow", (55, 5)),
            px("red", (5, 95)),
            px("blue", (55, 95)),
        ),
    ),
    case(
        27,
        "flip comes before rotation",
        row(
            "q.png&flip=h&angle=90&width=60",
            px("yellow", (5, 5)),
            px("green", (55, 5)),
            px("blue", (5, 95)),
            px("red", (55, 95)),
        ),
    ),
    case(
        29,
        "free rotation grows the picture",
        row("l.jpg&format=png&angle=45", size(1132, 1132, within=FREE)),
        row("l.jpg&format=png&angle=30", size(1168, 1020, within=FREE)),
        row("l.jpg&format=png&angle=10", size(1090, 766, within=FREE)),
        row("l.jpg&format=png&angle=5", size(1050, 686, within=FREE)),
        row("l.jpg&format=png&angle=1", size(1012, 618, within=FREE)),
    ),
    case(
        30,
        "the clamp of a rotated picture",
        *rows("r.png", "angle=10", "angle=10&height=110", checks=(size(120, 78, within=FREE),)),
    ),
    case(
        31,
        "corners filled",
        row("q.png&angle=45&width=200&fill=00ffff", size(200, 200, within=FREE), px("cyan", (3, 3), (196, 3))),
    ),
    case(
        32,
        "corners transparent",
        row("q.png&angle=45&width=200&fill=transparent", mode("RGBA"), transparent((3, 3))),
    ),
    case(
        33,
        "right angles do not grow",
        row("l.jpg&angle=180&width=2000", size(1000, 600)),
        row("l.jpg&angle=90&width=2000", size(600, 1000)),
    ),
    case(
        34,
        "angles that are none",
        *rows("l.jpg", "angle=361", "angle=inf", "angle=nan", "angle=abc", checks=(status(400, "angle"),)),
    ),
    case(
        35,
        "the right half",
        row("q.png&left=0.5", size(500, 600), px("green", (10, 10)), px("yellow", (10, 590))),
    ),
    case(
        36,
        "edges round up",
        row("odd.png&left=0.5&top=0.5", size(50, 33)),
        row("odd.png&right=0.5&bottom=0.5", size(51, 34)),
    ),
    case(37, "a third", row("l.jpg&left=0.3333&right=0.6667", size(333, 600))),
    case(
        38,
        "five decimals count",
        row("l.jpg&left=0.00001", size(999, 600)),
        row("l.jpg&left=0.000001", original("l.jpg")),
    ),
    case(39, "edges that cross are ignored", row("l.jpg&left=0.5&right=0.2&width=100", size(100, 60))),
    case(
        40,
        "crop comes after rotation",
        row("q.png&angle=90&left=0.5&width=60", size(60, 200), px("red", (5, 5)), px("green", (55, 195))),
    ),
    case(41, "a crop may be enlarged to the whole", row("l.jpg&left=0.5&width=1000", size(1000, 1200))),
    case(
        42,
        "a crop is padded",
        row(
            CROP_42,
            size(500, 500),
            px("magenta", (20, 98), (20, 401)),
            px("red", (20, 110)),
            px("blue", (20, 390)),
        ),
    ),
    case(
        43,
        "autocropfit takes what is there",
        row(
            f"{CROP_42}&autocropfit=1",
            size(500, 500),
            px("magenta", (20, 60), (20, 438)),
            px("red", (20, 75)),
            px("blue", (20, 425)),
        ),
    ),
    case(
        44,
        "autocropfit on both sides",
        row(
            "q.png&left=0.4&right=0.6&top=0.1&bottom=0.9&width=500&height=500&autocropfit=1&fill=ff00ff",
            size(500, 500),
            no_magenta,
            px("red", (3, 100), (240, 100)),
            px("green", (496, 100), (260, 100)),
        ),
    ),
    case(
        45,
        "autocropfit on the free side",
        row(
            "q.png&left=0&right=0.2&top=0.1&bottom=0.9&width=480&height=480&autocropfit=1",
            size(480, 480),
            px("red", (476, 100)),
            px("blue", (476, 470)),
        ),
    ),
    case(
        46,
        "the last tiles take the rest",
        row("s.png&tile=1:9", size(33, 33)),
        row("s.png&tile=3:9", size(34, 33)),
        row("s.png&tile=7:9", size(33, 34)),
        row("s.png&tile=9:9", size(34, 34)),
    ),
    case(
        47,
        "tiles of odd sizes",
        row("odd.png&tile=1:16", size(25, 16)),
        row("odd.png&tile=4:16", size(26, 16)),
        row("odd.png&tile=13:16", size(25, 19)),
        row("odd.png&tile=16:16", size(26, 19)),
    ),
    case(
        48,
        "tiles are cut last",
        row("q.png&width=100&tile=2:4", size(50, 30), all_of("green", margin=4)),
        row("q.png&width=100&tile=3:4", size(50, 30), all_of("blue", margin=4)),
    ),
    case(
        49,
        "tiles hold the padding",
        row(
            "q.png&width=200&height=200&tile=1:4&fill=ff00ff",
            size(100, 100),
            px("magenta", (50, 5)),
            px("red", (50, 60)),
        ),
    ),
    case(
        50,
        "tiles that are none",
        row("l.jpg&tile=5", status(400, "tile", "invalid format")),
        row("l.jpg&tile=1:12", status(400, "tile", "not square")),
        *rows("l.jpg", "tile=1:400", "tile=0:9", "tile=10:9", checks=(status(400, "tile", "out of range"),)),
        row("l.jpg&tile=a:b", status(400, "tile", "a")),
    ),
    case(51, "a grid finer than the picture", row("s.png&width=8&tile=1:256", status(400, "tile"))),
]


@pytest.mark.parametrize("requests", CASES)
def test_transforms(folder: Folder, requests: tuple[Row, ...]) -> None:
    folder.check(requests)


def test_case_028_half_a_turn_and_a_flip(folder: Folder) -> None:
    turned = folder.ask("q.png&angle=180&flip=h&width=100")
    flipped = folder.ask("q.png&flip=v&width=100")
    assert ImageChops.difference(turned.picture, flipped.picture).getbbox() is None, str(turned)


def test_case_052_tiles_make_the_whole(folder: Folder) -> None:
    whole = folder.ask("q.png&width=101&format=png").picture.convert("RGB")
    tiles = [folder.ask(BOTH_HALVES.format(number)).picture.convert("RGB") for number in (1, 2, 3, 4)]
    assembled = Image.new("RGB", whole.size)
    x, y = tiles[0].size
    for tile, corner in zip(tiles, ((0, 0), (x, 0), (0, y), (x, y)), strict=True):
        assembled.paste(tile, corner)
    assert (x + tiles[3].width, y + tiles[3].height) == whole.size
    assert ImageChops.difference(assembled, whole).getbbox() is None
