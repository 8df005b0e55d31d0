"""placeholder, and the texts that ``@@info`` shows."""

import base64

import blurhash
import numpy as np
import pytest
import thash
from PIL import Image

from qis_core.contracts.codec import Metadata
from qis_core.imaging.placeholders import dominant_color, placeholders, sampled
from qis_core.settings import Settings
from qis_plugins.operations.placeholder import placeholder
from tests.support.icc import adobe_rgb
from tests.support.render import Stage, pixels, plan, show

SETTINGS = Settings({})


def halves(mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (300, 150), (200, 20, 20))
    image.paste((20, 20, 200), (150, 0, 300, 150))
    return image.convert(mode)


class TestTexts:
    def test_can_be_read_by_their_libraries(self) -> None:
        made = placeholders(halves(), None, SETTINGS)
        assert blurhash.components(made["blurhash"]) == (4, 3)
        width, height, _ = thash.thumb_hash_to_rgba(list(base64.b64decode(made["thumbhash"])))
        assert width > height
        assert made["color"] in ("#c81414", "#1414c8")

    def test_upright_pictures_have_more_waves_downwards(self) -> None:
        made = placeholders(halves().rotate(90, expand=True), None, SETTINGS)
        assert blurhash.components(made["blurhash"]) == (3, 4)

    def test_do_not_depend_on_the_resolution(self) -> None:
        large = halves().resize((1200, 600), Image.Resampling.NEAREST)
        assert placeholders(large, None, SETTINGS) == placeholders(halves(), None, SETTINGS)

    @pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK"])
    @pytest.mark.parametrize("size", [(1, 1), (1, 90), (90, 1)])
    def test_every_mode_and_tiny_sizes(self, mode: str, size: tuple[int, int]) -> None:
        made = placeholders(halves(mode).resize(size), None, SETTINGS)
        assert all(made.values())

    def test_colours_are_read_with_the_profile(self) -> None:
        image = Image.new("RGB", (10, 10), (144, 255, 60))
        assert placeholders(image, adobe_rgb(), SETTINGS)["color"][:4] in ("#00f", "#01f", "#02f", "#03f")


class TestDominantColour:
    def test_is_the_most_frequent_not_the_mean(self) -> None:
        image = Image.new("RGB", (90, 90), (250, 240, 10))
        image.paste((10, 10, 120), (0, 0, 90, 30))
        assert dominant_color(sampled(image, None, SETTINGS)) == "#faf00a"

    def test_invisible_colours_do_not_count(self) -> None:
        image = Image.new("RGBA", (60, 60), (0, 255, 0, 0))
        image.paste((200, 0, 0, 255), (0, 0, 10, 10))
        assert dominant_color(image) == "#c80000"

    def test_nothing_visible_is_white(self) -> None:
        assert dominant_color(Image.new("RGBA", (4, 4), (9, 9, 9, 0))) == "#ffffff"


class TestOperation:
    @pytest.mark.parametrize("kind", ["blurhash", "thumbhash"])
    def test_resembles_the_picture(self, kind: str) -> None:
        result = show(placeholder, halves(), placeholder=kind)
        assert result.image.size == (300, 150)
        red, _, blue = result.pixel(40, 75)
        assert red > 2 * blue
        red, _, blue = result.pixel(260, 75)
        assert blue > 2 * red

    def test_color_is_one_colour(self) -> None:
        assert len(show(placeholder, halves(), placeholder="color").image.getcolors() or ()) == 1

    def test_thumbhash_knows_transparency(self) -> None:
        image = halves("RGBA")
        image.paste((0, 0, 0, 0), (150, 0, 300, 150))
        alpha = show(placeholder, image, placeholder="thumbhash").array[..., 3]
        assert alpha[75, 20] > 200
        assert alpha[75, 280] < 60

    @pytest.mark.parametrize("kind", ["blurhash", "color"])
    def test_the_others_do_not_and_say_so(self, kind: str) -> None:
        step = plan(placeholder, halves("RGBA"), placeholder=kind)
        assert not placeholder.output_alpha(True, step)
        assert show(placeholder, halves("RGBA"), placeholder=kind).image.mode == "RGB"

    def test_is_srgb_from_then_on(self) -> None:
        profiled = Stage(metadata=Metadata(icc_profile=adobe_rgb(), dpi=(72, 72)))
        result = show(placeholder, halves(), profiled, placeholder="color")
        assert result.metadata == Metadata(dpi=(72, 72))

    def test_inks(self) -> None:
        result = show(placeholder, halves("CMYK"), Stage("jpeg"), placeholder="blurhash")
        assert np.abs(pixels(result.image) - show(placeholder, halves(), placeholder="blurhash").array).mean() < 4

    def test_spellings(self) -> None:
        assert plan(placeholder, halves(), placeholder="Colour") == plan(placeholder, halves(), placeholder="color")
        assert plan(placeholder, halves(), placeholder="") is None
