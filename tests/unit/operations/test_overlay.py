"""overlay, ovsize, ovpos, ovopacity (spec image-urls §4.9.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from qis_core.contracts.codec import Metadata
from qis_core.domain.images import Size
from qis_core.errors import AccessDenied, InvalidRequest, UnsupportedImage
from qis_core.imaging.params import declared
from qis_plugins.operations.compose import POSITIONS, corner_of
from qis_plugins.operations.overlay import OverlayParams, fitted, overlay
from tests.support.icc import adobe_rgb
from tests.support.render import Shown, Stage, plan, show

MAGENTA = (255, 0, 255, 255)


def stage(layer: Image.Image | None = None, output: str = "png") -> Stage:
    return Stage(output=output, others={"wm.png": layer or Image.new("RGBA", (100, 50), MAGENTA)})


def gray(size: tuple[int, int] = (200, 120), mode: str = "RGB") -> Image.Image:
    return Image.new("RGB", size, (90, 90, 90)).convert(mode)


def shown(layer: Image.Image | None = None, **texts: str) -> Shown:
    return show(overlay, gray(), stage(layer), overlay="wm.png", **texts)


def box(result: Shown) -> tuple[int, int, int, int] | None:
    """Where the result differs from the ground."""
    mask = Image.new("L", result.image.size)
    mask.putdata([0 if pixel[:3] == (90, 90, 90) else 255 for pixel in result.image.get_flattened_data()])
    return mask.getbbox()


class TestSizeAndPlace:
    def test_case_97(self) -> None:
        assert box(shown(ovsize="0.25", ovpos="se")) == (150, 95, 200, 120)

    @pytest.mark.parametrize(
        ("position", "corner"),
        [
            *(("c", (50, 35)), ("n", (50, 0)), ("s", (50, 70)), ("e", (100, 35)), ("w", (0, 35))),
            *(("ne", (100, 0)), ("nw", (0, 0)), ("se", (100, 70)), ("sw", (0, 70))),
        ],
    )
    def test_compass_points_touch_their_edges(self, position: str, corner: tuple[int, int]) -> None:
        found = box(shown(ovpos=position))
        assert found is not None
        assert found[:2] == corner

    def test_is_never_enlarged(self) -> None:
        assert box(shown(ovsize="1")) == (50, 35, 150, 85)

    def test_is_bounded_by_both_axes(self) -> None:
        tall = Image.new("RGBA", (50, 400), MAGENTA)
        found = box(shown(tall, ovsize="0.5"))
        assert found is not None
        assert found[3] - found[1] == 60

    @given(st.tuples(*[st.integers(1, 5000)] * 4), st.floats(0.00001, 1))
    def test_always_fits_and_keeps_the_aspect(self, sides: tuple[int, int, int, int], fraction: float) -> None:
        natural, canvas = Size(*sides[:2]), Size(*sides[2:])
        size = fitted(natural, canvas, fraction)
        assert 1 <= size.width <= max(1, round(fraction * canvas.width), 1)
        assert 1 <= size.height <= max(1, round(fraction * canvas.height), 1)
        assert size.width <= natural.width
        assert size.height <= natural.height
        if min(size) > 1:
            assert abs(size.width / natural.width - size.height / natural.height) <= 1 / min(natural)

    @given(st.tuples(*[st.integers(1, 500)] * 4), st.sampled_from(POSITIONS))
    def test_stays_inside(self, sides: tuple[int, int, int, int], position: str) -> None:
        canvas = Size(sides[0] + sides[2], sides[1] + sides[3])
        x, y = corner_of(canvas, Size(*sides[:2]), position)
        assert 0 <= x <= sides[2]
        assert 0 <= y <= sides[3]


class TestOpacity:
    def test_multiplies_the_overlays_own_alpha(self) -> None:
        half = Image.new("RGBA", (100, 50), (255, 0, 255, 128))
        red, green, _ = shown(half, ovopacity="0.5").pixel(100, 60)
        assert red == pytest.approx(90 + (255 - 90) * 0.25, abs=2)
        assert green == pytest.approx(90 * 0.75, abs=2)

    def test_transparent_parts_show_what_is_below(self) -> None:
        layer = Image.new("RGBA", (100, 50), (255, 0, 255, 0))
        layer.paste(MAGENTA, (0, 0, 50, 50))
        result = shown(layer)
        assert result.pixel(60, 60) == (255, 0, 255)
        assert result.pixel(140, 60) == (90, 90, 90)

    def test_composes_on_a_transparent_picture(self) -> None:
        clear = Image.new("RGBA", (200, 120), (0, 0, 0, 0))
        result = show(overlay, clear, stage(), overlay="wm.png", ovopacity="0.5")
        assert result.pixel(100, 60) == (255, 0, 255, 128)
        assert result.pixel(0, 0)[3] == 0


class TestColours:
    @pytest.mark.parametrize(("mode", "expected"), [("L", 105), ("RGB", (255, 0, 255)), ("CMYK", (0, 255, 0, 0))])
    def test_are_converted_to_the_picture(self, mode: str, expected: object) -> None:
        result = show(overlay, gray(mode=mode), stage(output="tiff"), overlay="wm.png")
        assert result.image.mode == mode
        assert result.pixel(100, 60) == expected

    def test_come_into_the_pictures_profile(self) -> None:
        layer = Image.new("RGBA", (100, 50), (0, 255, 0, 255))
        asked = Stage(others={"wm.png": layer}, metadata=Metadata(icc_profile=adobe_rgb()))
        red, green, blue = show(overlay, gray(), asked, overlay="wm.png").pixel(100, 60)
        assert (red, green, blue) == pytest.approx((144, 255, 60), abs=4)

    def test_are_read_with_the_overlays_own_profile(self) -> None:
        layer = Image.new("RGB", (100, 50), (144, 255, 60))
        layer.info["icc_profile"] = adobe_rgb()
        assert shown(layer).pixel(100, 60) == pytest.approx((0, 255, 0), abs=6)

    def test_grey_overlays_with_alpha_work(self) -> None:
        assert shown(Image.new("LA", (100, 50), (200, 255))).pixel(100, 60) == (200, 200, 200)


class TestWhatCountsAsNone:
    @pytest.mark.parametrize(
        "texts",
        [
            {},
            {"overlay": ""},
            {"overlay": "none"},
            {"overlay": "NONE"},
            {"overlay": " none "},
            {"overlay": "wm.png", "ovsize": "0"},
            {"overlay": "wm.png", "ovopacity": "0"},
            {"overlay": "wm.png", "ovopacity": "0.000001"},
            {"overlay": "wm.png", "ovsize": ""},
            {"ovsize": "0.5", "ovpos": "ne", "ovopacity": "0.3"},
        ],
    )
    def test_no_overlay(self, texts: dict[str, str]) -> None:
        assert plan(overlay, gray(), **texts) is None

    def test_spellings_of_a_path_are_one_step(self) -> None:
        steps = {plan(overlay, gray(), overlay=text) for text in ("a/b.png", "/a//b.png", "a/./c/../b.png", "a/b.png/")}
        assert len(steps) == 1
        assert overlay.sources(steps.pop()) == ("a/b.png",)

    def test_defaults_may_be_spelled_out(self) -> None:
        spelled = plan(overlay, gray(), overlay="a.png", ovsize="1.0", ovpos="C", ovopacity="1e0")
        assert spelled == plan(overlay, gray(), overlay="a.png")

    def test_the_value_is_what_the_rights_are_checked_for(self) -> None:
        """The planner finds out whether the URL named the overlay by comparing the value with the source."""
        info = next(info for info in declared(OverlayParams) if info.name == "overlay")
        for text in ("/x//y.png", "x/y.png", "./x/y.png"):
            value = info.check(info.parse(text))
            assert overlay.sources(plan(overlay, gray(), overlay=text)) == (value,)


class TestRefusals:
    @pytest.mark.parametrize("text", ["a" * 1025, "/", "."])
    def test_length(self, text: str) -> None:
        with pytest.raises(InvalidRequest, match=r"overlay: .*out of range"):
            plan(overlay, gray(), overlay=text)

    def test_1024_characters_after_normalising(self) -> None:
        assert plan(overlay, gray(), overlay="//" + "a" * 1024).src == "a" * 1024

    @pytest.mark.parametrize("text", ["../a.png", "a/../../b.png"])
    def test_outside(self, text: str) -> None:
        with pytest.raises(AccessDenied):
            plan(overlay, gray(), overlay=text)

    def test_control_characters(self) -> None:
        with pytest.raises(InvalidRequest, match="overlay"):
            plan(overlay, gray(), overlay="a\0.png")

    @pytest.mark.parametrize("text", ["a.pdf", "x/B.PDF", "c.eps", "d.ai"])
    def test_documents(self, text: str) -> None:
        with pytest.raises(UnsupportedImage, match="overlay="):
            plan(overlay, gray(), overlay=text)

    @pytest.mark.parametrize(
        ("name", "text", "message"),
        [("ovsize", "1.1", "out of range"), ("ovopacity", "-1", "out of range"), ("ovpos", "x", "not a valid choice")],
    )
    def test_numbers_and_choices(self, name: str, text: str, message: str) -> None:
        with pytest.raises(InvalidRequest, match=f"{name}: .*{message}"):
            plan(overlay, gray(), overlay="wm.png", **{name: text})


def test_stored_names_are_those_of_templates() -> None:
    keys = {info.name: info.key for info in declared(OverlayParams)}
    assert keys == {
        "overlay": "overlay_src",
        "ovsize": "overlay_size",
        "ovpos": "overlay_pos",
        "ovopacity": "overlay_opacity",
    }
