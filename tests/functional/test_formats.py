"""Conformance cases 69-98: formats and colour (spec image-urls §15.4)."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageCms

from tests.support import pictures
from tests.support.answers import Answer
from tests.support.cases import Folder, Row, case, row, rows
from tests.support.checks import (
    Check,
    assert_near,
    grey,
    is_ok,
    mime,
    mode,
    opaque,
    original,
    progressive,
    px,
    size,
    transparent,
)
from tests.support.server import RunningServer, StartServer

WATERMARKED = "q.png&width=200&overlay=t/wm.png"
FRAME_COLOURS = (pictures.RED, pictures.GREEN, pictures.BLUE)


def frames(count: int) -> Check:
    def check(answer: Answer) -> None:
        assert getattr(answer.picture, "n_frames", 1) == count, str(answer)

    return check


def embedded(profile: bytes | None) -> Check:
    def check(answer: Answer) -> None:
        assert answer.picture.info.get("icc_profile") == profile, str(answer)

    return check


def resolution(dpi: int) -> Check:
    def check(answer: Answer) -> None:
        assert [round(float(value)) for value in answer.picture.info["dpi"]] == [dpi, dpi], str(answer)

    return check


def exif_says(tag: int, *wanted: object) -> Check:
    def check(answer: Answer) -> None:
        assert answer.picture.getexif().get(tag) in wanted, f"{dict(answer.picture.getexif())}: {answer}"

    return check


CASES = [
    case(
        69,
        "every output format",
        row("l.jpg&format=PNG&width=50", mime("image/png"), size(50, 30)),
        row("l.jpg&format=gif&width=50", mime("image/gif"), size(50, 30)),
        row("l.jpg&format=tif&width=50", mime("image/tiff"), size(50, 30)),
        row("l.jpg&format=pjpg&width=50", mime("image/jpeg"), size(50, 30), progressive),
        row("l.jpg&format=jpeg&width=50", mime("image/jpeg"), size(50, 30)),
        row("l.jpg&format=webp&width=50", mime("image/webp"), size(50, 30)),
        row("l.jpg&format=avif&width=50", mime("image/avif"), size(50, 30)),
        row("l.jpg&format=bmp&width=50", mime("image/bmp"), size(50, 30)),
    ),
    case(
        70,
        "transparency becomes white in a JPEG",
        row("alpha.png&format=jpg&width=200", mode("RGB"), px("white", (50, 50)), px("green", (150, 30))),
    ),
    case(71, "transparency stays in a PNG", row("alpha.png&width=200", mode("RGBA"), transparent((50, 50)))),
    case(
        72,
        "transparency in a GIF",
        row(
            "alpha.png&format=gif&width=200",
            mime("image/gif"),
            mode("P"),
            transparent((50, 50)),
            opaque("green", (150, 30)),
        ),
    ),
    case(
        73,
        "fill shows through and around",
        row(
            "alpha.png&width=200&height=200&fill=red&format=jpg",
            px("red", (100, 5), (50, 100)),
            px("green", (150, 60)),
        ),
    ),
    case(
        74,
        "bars are opaque, holes stay holes",
        row("alpha.png&width=200&height=200", opaque("white", (100, 5)), transparent((50, 100))),
    ),
    case(75, "fill without padding", row("alpha.png&format=jpg&width=200&fill=red", px("red", (50, 50)))),
    case(
        76,
        "transparency becomes white in a progressive JPEG",
        row(
            "alpha.png&format=pjpg&width=200",
            mode("RGB"),
            progressive,
            px("white", (50, 50)),
            px("green", (150, 30)),
        ),
    ),
    case(
        77,
        "palettes",
        row("pal.png&width=200", mime("image/png"), mode("RGB"), size(200, 150), px("yellow", (150, 140))),
        row("palt.png&width=200&format=jpg", px("white", (150, 140)), px("red", (20, 20))),
    ),
    case(78, "grey stays grey", row("gray.jpg&width=200&format=png", mime("image/png"), mode("L"), size(200, 150))),
    case(
        79,
        "rare modes can do everything",
        row("gray.jpg&width=200&height=200", size(200, 200), px("white", (100, 5))),
        row("gray.jpg&angle=20", is_ok, px("white", (2, 2))),
        row("la.png&format=jpg", size(400, 300), px("white", (50, 50))),
        row("bw.png&width=200&height=200", size(200, 200), px("white", (100, 5))),
        *rows("la.png", "width=200&height=200", "angle=20", "format=gif", checks=(is_ok,)),
        *rows("bw.png", "angle=20", "format=gif", "format=tif", "format=jpg", checks=(is_ok,)),
        *rows("cmyk.jpg", "format=gif", "angle=20", "format=webp", checks=(is_ok,)),
        *rows("g16.png", "format=tif&width=50", "format=jpg", "angle=20", "format=gif", checks=(is_ok,)),
    ),
    case(
        81,
        "CMYK",
        row("cmyk.jpg&width=200", mime("image/jpeg"), mode("CMYK")),
        row("cmyk.jpg&format=png&width=200", mime("image/png"), mode("RGB")),
    ),
    case(82, "CMYK is padded with white", row("cmyk.jpg&width=200&height=200", size(200, 200), px("white", (100, 5)))),
    case(83, "linear light", row("check.png&width=100", size(100, 100), grey(188, (50, 50), (20, 70), within=2))),
    case(85, "linear light for grey", row("checkl.png&width=100", grey(188, (50, 50), (20, 70), within=2))),
    case(
        86,
        "shadows are kept",
        row("dark.png&width=320", size(320, 50), *(grey(v, (v * 10 + 5, 25), within=1) for v in range(32))),
    ),
    case(
        87,
        "strip converts to sRGB",
        row("adobe.jpg&format=png&width=200&strip=1", embedded(None), px("red", (20, 20)), px("green", (180, 20))),
    ),
    case(88, "profiles are kept", row("adobe.jpg&width=200&strip=0", embedded(pictures.ADOBE_RGB))),
    case(
        90,
        "orientation is applied",
        row("exif6.jpg&width=150", size(150, 200), exif_says(pictures.EXIF_ORIENTATION, None, 1)),
    ),
    case(
        91, "resolution", row("exif6.jpg&width=200", resolution(300)), row("exif6.jpg&width=200&dpi=72", resolution(72))
    ),
    case(92, "progressive stays progressive", row("prog.jpg&width=200", size(200, 150), progressive)),
    case(
        95,
        "animations",
        row("anim.gif", original("anim.gif"), frames(3)),
        row("anim.gif&width=50", size(50, 40), px("red", (25, 20)), frames(3)),
    ),
    case(
        96,
        "pages",
        row("multi.tif&format=png", mime("image/png"), size(200, 100), px("red", (100, 50))),
        row("multi.tif&format=png&page=2", size(200, 100), px("green", (100, 50))),
        row("multi.tif&format=png&page=3", px("blue", (100, 50))),
    ),
    case(
        97,
        "an overlay in a corner",
        row(
            f"{WATERMARKED}&ovsize=0.25&ovpos=se",
            size(200, 120),
            px("magenta", (195, 115), (152, 97)),
            px("yellow", (145, 115), (195, 90)),
        ),
    ),
]


@pytest.mark.parametrize("requests", CASES)
def test_formats(folder: Folder, requests: tuple[Row, ...]) -> None:
    folder.check(requests)


def test_case_080_deep_grey_is_scaled(folder: Folder) -> None:
    answer = folder.ask("g16.png&width=200")
    value = answer.picture.getpixel((10, 10))
    assert isinstance(value, int)
    in_8_bits = value / 257 if answer.picture.mode.startswith("I") else value
    assert abs(in_8_bits - 13) <= 2, f"{value} in {answer.picture.mode}: {answer}"


def test_case_084_resizing_without_linear_light(without_linear_light: RunningServer, fixtures: Path) -> None:
    answer = Folder(without_linear_light, fixtures).ask("check.png&width=100")
    assert_near(answer, (50, 50), answer.rgb(50, 50), (128, 128, 128), 2)


@pytest.fixture(scope="module")
def without_linear_light(module_servers: StartServer) -> RunningServer:
    return module_servers({"qis.images.linear_light": False})


def test_case_087_strip_changes_the_numbers_of_a_wide_profile(folder: Folder) -> None:
    kept = folder.ask("adobeflat.png&width=200&strip=0")
    stripped = folder.ask("adobeflat.png&width=200&strip=1")
    adobe = ImageCms.ImageCmsProfile(io.BytesIO(pictures.ADOBE_RGB))
    flat = Image.new("RGB", (1, 1), (100, 150, 100))
    expected = ImageCms.profileToProfile(flat, adobe, ImageCms.createProfile("sRGB"))
    assert expected is not None
    pixel = expected.getpixel((0, 0))
    assert isinstance(pixel, tuple)
    assert_near(kept, (20, 20), kept.rgb(20, 20), (100, 150, 100), 1)
    assert_near(stripped, (20, 20), stripped.rgb(20, 20), pixel, 3)


def test_case_089_strip_removes_metadata(folder: Folder) -> None:
    kept, stripped = folder.ask("exif6.jpg&width=200&strip=0"), folder.ask("exif6.jpg&width=200&strip=1")
    assert kept.picture.getexif().get(pictures.EXIF_MAKE) == pictures.MAKE
    assert pictures.EXIF_MAKE not in stripped.picture.getexif()
    assert len(stripped.body) < len(kept.body)
    assert stripped.size == kept.size


def test_case_090_the_original_keeps_its_orientation(folder: Folder) -> None:
    untouched = folder.ask("/original?src=t/exif6.jpg")
    assert untouched.size == pictures.SMALL
    assert untouched.picture.getexif()[pictures.EXIF_ORIENTATION] == 6
    assert folder.info("exif6.jpg")["size"] == [300, 400]


def test_case_093_png_quality_is_effort(folder: Folder) -> None:
    stored, fast, best = (folder.ask(f"l.jpg&width=500&format=png&quality={quality}") for quality in (5, 19, 99))
    assert len(stored.body) > len(fast.body) > len(best.body)
    for other in (fast, best):
        assert ImageChops.difference(stored.picture, other.picture).getbbox() is None


def test_case_094_jpeg_quality_is_size(folder: Folder) -> None:
    lengths = [len(folder.ask(f"l.jpg&width=500&quality={quality}").body) for quality in (1, 50, 95)]
    assert lengths[0] < lengths[1] < lengths[2]


def test_case_095_every_frame_of_an_animation_is_resized(folder: Folder) -> None:
    picture = folder.ask("anim.gif&width=50").picture
    for number, colour in enumerate(FRAME_COLOURS):
        picture.seek(number)
        assert picture.size == (50, 40)
        assert picture.convert("RGB").getpixel((25, 20)) == colour


def test_case_096_a_page_past_the_end_is_not_found(folder: Folder) -> None:
    assert folder.ask("multi.tif&format=png&page=4").status == 404


@pytest.mark.parametrize("invisible", ["ovopacity=0", "ovsize=0"])
def test_case_098_an_invisible_overlay_is_none(folder: Folder, invisible: str) -> None:
    plain, overlaid = folder.ask("q.png&width=200"), folder.ask(f"{WATERMARKED}&ovpos=se&{invisible}")
    assert ImageChops.difference(plain.picture, overlaid.picture).getbbox() is None
    assert plain.etag == overlaid.etag
