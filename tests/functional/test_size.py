"""Conformance cases 1-22: size and padding (spec image-urls §15.1)."""

import pytest

from tests.support.cases import Folder, Row, case, row, rows
from tests.support.checks import (
    all_of,
    mime,
    mode,
    no_magenta,
    opaque,
    original,
    px,
    size,
    status,
    transparent,
)

SQUARE = "q.png&width=200&height=200"
CROPPED = "q.png&width=600&height=400&left=0.4&right=0.7"

CASES = [
    case(
        1,
        "width keeps the aspect",
        row(
            "q.png&width=200",
            mime("image/png"),
            size(200, 120),
            px("red", (20, 20)),
            px("green", (180, 20)),
            px("blue", (20, 100)),
            px("yellow", (180, 100)),
        ),
    ),
    case(2, "height keeps the aspect", row("l.jpg&height=200", size(334, 200))),
    case(
        3,
        "the derived side rounds up",
        row("l.jpg&width=333", size(333, 200)),
        row("p.jpg&width=333", size(333, 555)),
    ),
    case(4, "one pixel", row("l.jpg&width=1", size(1, 1)), row("l.jpg&height=1", size(2, 1))),
    case(
        5,
        "no enlargement",
        *rows("l.jpg", "width=2000", "height=2000", "width=2000&height=2000", checks=(size(1000, 600),)),
    ),
    case(6, "clamped in height only", row("l.jpg&width=200&height=700", size(200, 600))),
    case(7, "clamped in width only", row("l.jpg&width=2000&height=300", size(1000, 300))),
    case(
        8,
        "padding above and below",
        row(
            f"{SQUARE}&fill=808080",
            size(200, 200),
            px("grey", (100, 5), (20, 38), (20, 161)),
            px("red", (20, 60)),
            px("yellow", (180, 140)),
        ),
    ),
    case(
        9,
        "padding of one pixel",
        row(
            "q.png&width=200&height=122&fill=ff00ff",
            size(200, 122),
            px("magenta", (20, 0), (20, 121)),
            px("red", (20, 10)),
        ),
    ),
    case(10, "one pixel off snaps", row("q.png&width=200&height=121&fill=ff00ff", size(200, 121), no_magenta)),
    case(
        11,
        "padding left and right",
        row(
            "q.png&width=600&height=200&fill=ff00ff",
            size(600, 200),
            px("magenta", (131, 100), (470, 20)),
            px("red", (140, 20)),
        ),
    ),
    case(12, "autosizefit by width", row(f"{SQUARE}&autosizefit=1", size(200, 120))),
    case(13, "autosizefit by height", row("q.png&width=300&height=100&autosizefit=YES", size(167, 100))),
    case(14, "zero and blank are no size", *rows("l.jpg", "width=0&height=0", "width=", checks=(original("l.jpg"),))),
    case(
        15,
        "fill none is transparent",
        row(f"{SQUARE}&fill=none", mode("RGBA"), transparent((100, 5)), opaque("red", (20, 60))),
    ),
    case(16, "fill none in a JPEG is white", row(f"{SQUARE}&fill=none&format=jpg", px("white", (100, 5)))),
    case(
        17,
        "spellings of red",
        *rows(
            SQUARE,
            "fill=%23f00",
            "fill=RGB(255,%200,0)",
            "fill=hsl(0,100%25,50%25)",
            "fill=ff0000",
            checks=(px("red", (100, 5)),),
        ),
    ),
    case(18, "three bare digits", row(f"{SQUARE}&fill=f00", px("red", (100, 5)))),
    case(19, "no such colour", row(f"{SQUARE}&fill=spam", status(400, "fill"))),
    case(
        20,
        "left alignment",
        row(
            f"{CROPPED}&halign=L0.1",
            size(600, 400),
            px("white", (10, 100), (55, 100), (265, 100), (590, 300)),
            px("red", (64, 100)),
            px("green", (255, 100)),
            px("blue", (64, 300)),
        ),
    ),
    case(
        21,
        "right alignment",
        *rows(
            CROPPED,
            "halign=R1",
            "halign=L1",
            checks=(
                size(600, 400),
                px("white", (10, 100), (395, 100)),
                px("red", (404, 100)),
                px("green", (598, 100)),
                px("yellow", (598, 398)),
            ),
        ),
    ),
    case(
        22,
        "bad alignments",
        *rows("l.jpg", "halign=L1.1", "halign=0", "halign=T0", checks=(status(400, "halign"),)),
        *rows("l.jpg", "valign=L0", "valign=T0.1.2", checks=(status(400, "valign"),)),
    ),
]

BESIDES = [
    case(
        20,
        "edge by edge upright",
        row(f"{SQUARE}&valign=T0", px("red", (20, 3)), px("white", (20, 125))),
        row(f"{SQUARE}&valign=B1", px("blue", (20, 196)), px("white", (20, 75))),
        row(f"{SQUARE}&valign=C0.5", px("white", (20, 36), (20, 163)), px("red", (20, 45))),
    ),
    case(18, "eight bare digits", row(f"{SQUARE}&fill=ff0000ff", px("red", (100, 5)))),
    case(19, "wrong even when not needed", row("q.png&width=200&fill=spam", status(400, "fill"))),
    case(8, "flat colour stays flat", row("wm.png&width=60", all_of("magenta", margin=0), size(60, 30))),
]


@pytest.mark.parametrize("requests", [*CASES, *BESIDES])
def test_size(folder: Folder, requests: tuple[Row, ...]) -> None:
    folder.check(requests)
