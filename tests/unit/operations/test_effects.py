"""sharpen, blur, brightness, contrast, saturation, grayscale (spec image-urls §4.9.3)."""

from typing import Any

import numpy as np
import pytest
from PIL import Image

from qis_core.contracts.operation import Operation
from qis_core.domain.images import Size
from qis_core.errors import InvalidRequest
from qis_core.imaging.profiles import to_srgb
from qis_core.settings import Settings
from qis_core.testing.operation_values import picture
from qis_plugins.operations import EFFECTS, blur, brightness, contrast, grayscale, saturation, sharpen
from tests.support.render import pixels, plan, show


def step_edge(mode: str = "L") -> Image.Image:
    """Dark on the left, light on the right."""
    image = Image.new("L", (40, 20), 80)
    image.paste(160, (20, 0, 40, 20))
    return image if mode == "L" else image.convert(mode)


def spread(image: Image.Image) -> float:
    """The standard deviation, in pixels, of the light of a white dot along x."""
    line = pixels(image).sum(axis=0).astype(float)
    x = np.arange(len(line))
    mean = (line * x).sum() / line.sum()
    return float(np.sqrt((line * (x - mean) ** 2).sum() / line.sum()))


def dot() -> Image.Image:
    image = Image.new("L", (121, 121))
    image.paste(255, (58, 58, 63, 63))
    return image


DOT_VARIANCE = (5**2 - 1) / 12


class TestSharpen:
    def test_overshoots_on_both_sides_of_an_edge(self) -> None:
        sharpened = show(sharpen, step_edge(), sharpen="100").array[10]
        assert sharpened[19] < 75
        assert sharpened[20] > 165
        assert (sharpened[:15] == 80).all()
        assert (sharpened[25:] == 160).all()

    def test_more_percent_is_more(self) -> None:
        edges = [show(sharpen, step_edge(), sharpen=str(percent)).array[10][20] for percent in (50, 100, 200, 400)]
        assert edges == sorted(set(edges))

    def test_is_an_unsharp_mask_of_radius_1(self) -> None:
        soft = pixels(show(blur, step_edge(), blur="1").image)
        expected = np.clip(pixels(step_edge()) + (pixels(step_edge()) - soft), 0, 255)
        assert np.abs(show(sharpen, step_edge(), sharpen="100").array - expected).max() <= 1

    @pytest.mark.parametrize(("percent", "sigma"), [(-50, 1.0), (-100, 2.0), (-500, 10.0)])
    def test_negative_is_a_gaussian_of_n_fiftieths(self, percent: int, sigma: float) -> None:
        blurred = show(sharpen, dot(), sharpen=str(percent)).image.convert("F")
        assert spread(blurred) == pytest.approx(np.sqrt(sigma**2 + DOT_VARIANCE), rel=0.15)

    def test_negative_equals_blur(self) -> None:
        image = picture("RGB", Size(48, 64))
        assert show(sharpen, image, sharpen="-75").image.tobytes() == show(blur, image, blur="1.5").image.tobytes()

    @pytest.mark.parametrize("mode", ["LA", "RGBA"])
    def test_keeps_alpha_exactly(self, mode: str) -> None:
        image = picture(mode, Size(48, 64))
        result = show(sharpen, image, sharpen="300").image
        assert result.getchannel("A").tobytes() == image.getchannel("A").tobytes()

    def test_hidden_colours_make_no_halo(self) -> None:
        image = Image.new("RGBA", (40, 40), (0, 255, 0, 0))
        image.paste((120, 120, 120, 255), (10, 10, 30, 30))
        result = show(sharpen, image, sharpen="100").array
        visible = result[result[..., 3] > 0][:, :3]
        assert np.abs(visible - 120).max() <= 2

    @pytest.mark.parametrize("text", ["501", "-501"])
    def test_refuses_out_of_range(self, text: str) -> None:
        with pytest.raises(InvalidRequest, match=r"sharpen: .*out of range"):
            plan(sharpen, step_edge(), sharpen=text)

    def test_zero_and_blank_change_nothing(self) -> None:
        assert plan(sharpen, step_edge(), sharpen="0") is None
        assert plan(sharpen, step_edge(), sharpen="") is None


class TestBlur:
    @pytest.mark.parametrize("sigma", [1.0, 2.5, 8.0])
    def test_has_the_standard_deviation_asked_for(self, sigma: float) -> None:
        blurred = show(blur, dot(), blur=str(sigma)).image.convert("F")
        assert spread(blurred) == pytest.approx(np.sqrt(sigma**2 + DOT_VARIANCE), rel=0.15)

    def test_a_uniform_picture_stays(self) -> None:
        for image in (Image.new("L", (30, 30), 77), Image.new("CMYK", (30, 30), (9, 80, 200, 30))):
            assert show(blur, image, blur="5").image.tobytes() == image.tobytes()

    def test_transparent_colours_do_not_bleed(self) -> None:
        image = Image.new("RGBA", (40, 40), (0, 255, 0, 0))
        image.paste((255, 0, 0, 255), (0, 0, 20, 40))
        result = show(blur, image, blur="4").array
        seen = result[..., 3] > 20
        assert result[seen][:, 1].max() <= 3
        assert result[20, 20, 3] == pytest.approx(127, abs=25)

    def test_hundredths_of_a_pixel_are_canonical(self) -> None:
        assert plan(blur, dot(), blur="1.001") == plan(blur, dot(), blur="1.0")
        assert plan(blur, dot(), blur="0.004") is None

    def test_costs_more_than_a_look_at_each_pixel(self) -> None:
        assert blur.cost(Size(1000, 1000), plan(blur, dot(), blur="3")) > 3


class TestBrightnessAndContrast:
    @pytest.mark.parametrize(("text", "expected"), [("-100", 0), ("-50", 50), ("20", 120), ("100", 200)])
    def test_brightness_multiplies(self, text: str, expected: int) -> None:
        assert show(brightness, Image.new("L", (2, 2), 100), brightness=text).pixel(0, 0) == expected

    def test_brightness_stops_at_white(self) -> None:
        assert show(brightness, Image.new("RGB", (1, 1), (200, 100, 3)), brightness="100").pixel(0, 0) == (255, 200, 6)

    @pytest.mark.parametrize(("text", "value", "expected"), [("-100", 10, 128), ("100", 100, 72), ("-50", 227, 177)])
    def test_contrast_turns_around_the_middle(self, text: str, value: int, expected: int) -> None:
        assert abs(show(contrast, Image.new("L", (1, 1), value), contrast=text).pixel(0, 0) - expected) <= 1

    def test_steps_hold_for_smaller_pictures(self) -> None:
        step = plan(contrast, step_edge(), contrast="30")
        assert contrast.rescale(step, 0.25, 0.25) == step


class TestSaturation:
    def test_minus_100_leaves_the_luma_of_rec_709(self) -> None:
        result = show(saturation, Image.new("RGB", (1, 1), (200, 100, 50)), saturation="-100").pixel(0, 0)
        assert result == (118, 118, 118)

    def test_grayscale_is_the_same_and_keeps_the_model(self) -> None:
        image = picture("RGB", Size(48, 64))
        gray = show(grayscale, image, grayscale="1").image
        assert gray.mode == "RGB"
        assert gray.tobytes() == show(saturation, image, saturation="-100").image.tobytes()

    def test_100_doubles_the_distance_from_grey(self) -> None:
        image = Image.new("RGB", (1, 1), (120, 100, 110))
        assert show(saturation, image, saturation="100").pixel(0, 0) == (135, 95, 115)

    @pytest.mark.parametrize("mode", ["L", "LA"])
    def test_grey_pictures_stay(self, mode: str) -> None:
        image = picture(mode, Size(37, 23))
        assert show(saturation, image, saturation="80").image.tobytes() == image.tobytes()


@pytest.mark.parametrize("operation", [brightness, contrast, saturation], ids=lambda operation: operation.name)
@pytest.mark.parametrize("text", ["-100", "-40", "35"])
class TestInks:
    def test_inks_show_what_light_would(self, operation: Operation[Any], text: str) -> None:
        inks = picture("CMYK", Size(48, 64))
        asked = {operation.name: text}
        expected = pixels(show(operation, inks.convert("RGB"), **asked).image)
        seen = pixels(to_srgb(show(operation, inks, **asked).image, None, Settings({})))
        assert np.abs(seen - expected).max() <= 2

    def test_alpha_stays(self, operation: Operation[Any], text: str) -> None:
        image = picture("RGBA", Size(48, 64))
        result = show(operation, image, **{operation.name: text}).image
        assert result.getchannel("A").tobytes() == image.getchannel("A").tobytes()


def test_black_ink_stays_black_ink() -> None:
    inks = Image.new("CMYK", (4, 4), (0, 0, 0, 200))
    assert show(saturation, inks, saturation="-50").pixel(0, 0) == (0, 0, 0, 200)


def test_effects_run_between_resize_and_overlay() -> None:
    assert all(500 <= operation.stage < 600 for operation in EFFECTS)
    assert len({operation.stage for operation in EFFECTS}) == len(EFFECTS)
