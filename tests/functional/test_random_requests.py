"""Random requests over all parameters: never a fault of the server, and pictures exactly as the plan says.

``QIS_TEST_EXAMPLES=5000`` makes a long run of it; the usual number is small.
"""

import os
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.support.answers import Answer
from tests.support.cases import Folder
from tests.support.server import RunningServer

EXAMPLES = int(os.environ.get("QIS_TEST_EXAMPLES", "150"))
PHOTOS = ["l.jpg", "p.jpg", "q.png", "s.png", "odd.png", "r.png"]
MODES = ["alpha.png", "la.png", "gray.jpg", "bw.png", "pal.png", "palt.png", "cmyk.jpg", "g16.png"]
SPECIAL = ["exif6.jpg", "prog.jpg", "adobe.jpg", "anim.gif", "multi.tif", "x.tif", "v1.2.tif", "wm.png"]
GOOD_FILES = [*PHOTOS, *MODES, *SPECIAL]
BAD_FILES = ["corrupt.jpg", "trunc.jpg", "empty.jpg", "notes.txt", "none.jpg", ".hidden.jpg"]
FORMATS = ["jpg", "jpeg", "pjpg", "png", "gif", "tif", "tiff", "webp", "bmp", "auto"]
COLOURS = ["red", "none", "transparent", "auto", "808080", "f00", "#0f08", "rgb(1,2,3)", "hsl(120,50%,50%)", "spam"]
WORDS = (
    "",
    "none",
    "x",
    "1",
    "-1",
    "0",
    "nan",
    "inf",
    "1e9",
    "1_0",
    "true",
    "é",
    "\x00",
    "%",
    "9" * 30,
    " 5 ",
    "../..",
)

sizes = st.sampled_from((0, 1, 2, 3, 7, 16, 33, 100, 101, 150, 333)).map(str)
fractions = st.floats(0, 1).map(lambda value: f"{value:.4f}")
flags = st.sampled_from(("0", "1", "yes", ""))


def whole(low: int, high: int) -> st.SearchStrategy[str]:
    return st.integers(low, high).map(str)


def one_of(words: str) -> st.SearchStrategy[str]:
    return st.sampled_from(words.split())


VALUES: dict[str, st.SearchStrategy[str]] = {
    "width": sizes,
    "height": sizes,
    "page": whole(0, 4),
    "format": st.sampled_from(FORMATS),
    "quality": whole(1, 100),
    "autosizefit": flags,
    "autocropfit": flags,
    "halign": st.builds("{}{}".format, one_of("L C R"), fractions),
    "valign": st.builds("{}{}".format, one_of("T C B"), fractions),
    "angle": st.one_of(one_of("0 90 180 270 -90 360 45"), st.floats(-360, 360).map(lambda value: f"{value:.3f}")),
    "flip": one_of("h v"),
    "top": fractions,
    "left": fractions,
    "bottom": fractions,
    "right": fractions,
    "fill": st.sampled_from(COLOURS),
    "sharpen": whole(-100, 200),
    "strip": flags,
    "dpi": one_of("0 72 300"),
    "overlay": st.sampled_from(("t/wm.png", "t/alpha.png", "t/none.png", "none", "../x.png")),
    "ovsize": fractions,
    "ovpos": one_of("c n s e w ne nw se sw"),
    "ovopacity": fractions,
    "icc": one_of("none nope"),
    "intent": one_of("saturation perceptual absolute relative"),
    "bpc": flags,
    "colorspace": one_of("rgb srgb cmyk gray grey"),
    "tile": one_of("1:1 1:4 4:4 9:9 2:16 5:4 1:5"),
    "tmp": one_of("smalljpeg default precache"),
    "attach": flags,
    "stats": flags,
    "fit": one_of("contain cover fill inside"),
    "focus": st.one_of(st.just("smart"), st.builds("{},{}".format, fractions, fractions)),
    "dpr": one_of("1 1.5 2 3"),
    "blur": one_of("0 1 5"),
    "brightness": one_of("-50 0 50"),
    "contrast": one_of("-50 0 50"),
    "saturation": one_of("-50 0 50"),
    "grayscale": flags,
    "text": st.sampled_from(("Hello", "© é", "%20")),
    "round": one_of("0 5 20 max"),
}

parameters = st.dictionaries(st.sampled_from(sorted(VALUES)), st.none(), max_size=6).flatmap(
    lambda names: st.fixed_dictionaries({name: VALUES[name] for name in names})
)
broken = st.dictionaries(st.sampled_from(sorted(VALUES)), st.sampled_from(WORDS), max_size=1)
bounded = settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)


@pytest.fixture(scope="module")
def shared(server: RunningServer, fixtures: Path) -> Folder:
    """One folder for all examples, so that hypothesis finds the same thing again when it shrinks."""
    folder = Folder(server, fixtures)
    for name in (*GOOD_FILES, *BAD_FILES):
        if (fixtures / name).exists():
            folder.place(name)
    return folder


def query_of(values: dict[str, str]) -> str:
    return "".join(f"&{name}={quote(value, safe=':/')}" for name, value in values.items())


def assert_as_planned(folder: Folder, name: str, query: str, answer: Answer) -> None:
    plan = folder.info(name, "?" + query.lstrip("&"))["plan"]
    assert answer.picture.size == tuple(plan["size"]), f"the plan says {plan}: {answer}"


@bounded
@given(name=st.sampled_from(GOOD_FILES), values=parameters)
def test_pictures_have_the_size_of_their_plan(shared: Folder, name: str, values: dict[str, str]) -> None:
    query = query_of(values)
    answer = shared.ask(name + query)
    event(f"status {answer.status}")
    assert answer.status in (200, 400, 403, 404), str(answer)
    if answer.status == 200:
        assert_as_planned(shared, name, query, answer)


UNTILED = ["format", "tile", "tmp", "attach", "stats", "dpi", "page", "quality"]
untiled = parameters.map(lambda values: {name: text for name, text in values.items() if name not in UNTILED})


@settings(parent=bounded, max_examples=EXAMPLES // 2)
@given(name=st.sampled_from(GOOD_FILES), values=untiled)
def test_tiles_make_the_whole(shared: Folder, name: str, values: dict[str, str]) -> None:
    query = query_of(values) + "&format=png"
    whole = shared.ask(name + query)
    event(f"status {whole.status}")
    assume(whole.status == 200 and min(whole.size) >= 2)
    tiles = [shared.ask(f"{name}{query}&tile={number}:4") for number in range(1, 5)]
    assert mean_difference(assembled(tiles), whole.picture) < 1, str(whole)


def assembled(tiles: list[Answer]) -> Image.Image:
    """Two rows of two tiles."""
    first, last = tiles[0].size, tiles[3].size
    result = Image.new("RGBA", (first[0] + last[0], first[1] + last[1]))
    for number, tile in enumerate(tiles):
        result.paste(tile.picture.convert("RGBA"), (number % 2 * first[0], number // 2 * first[1]))
    return result


def mean_difference(one: Image.Image, other: Image.Image) -> float:
    """Over all channels, with transparent pixels counted as white."""
    assert one.size == other.size
    first, second = (np.asarray(flat(image), np.float64) for image in (one, other))
    return float(np.abs(first - second).mean())


def flat(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits: Pillow would clip them
        image = Image.fromarray(np.rint(np.asarray(image) / 257).astype(np.uint8))
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA")).convert("RGB")


@bounded
@given(name=st.sampled_from((*GOOD_FILES[:8], *BAD_FILES)), values=parameters, wrong=broken)
def test_no_request_is_a_fault_of_the_server(
    shared: Folder, name: str, values: dict[str, str], wrong: dict[str, str]
) -> None:
    query = query_of(values | wrong)
    for target in (f"/image?src=t/{quote(name)}{query}", f"/images/t/{quote(name)}?{query.lstrip('&')}"):
        answer = shared.ask(target)
        assert answer.status in (200, 400, 403, 404, 415), str(answer)


@settings(max_examples=EXAMPLES // 2, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    raw=st.binary(max_size=40),
    endpoint=st.sampled_from(("/image?src=", "/original?", "/images/", "/image?src=t/s.png&")),
)
def test_no_bytes_in_an_address_are_a_fault_of_the_server(shared: Folder, raw: bytes, endpoint: str) -> None:
    text = raw.decode("latin-1")
    for target in (endpoint + quote(raw), endpoint + quote(text, safe="&=%/?:;+,.~*()")):
        answer = shared.ask(target)
        assert answer.status < 500, str(answer)
