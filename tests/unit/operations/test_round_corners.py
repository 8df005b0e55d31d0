"""round: rounded corners."""

import math

import numpy as np
import pytest
from PIL import Image

from qis_core.contracts.codec import Metadata
from qis_core.domain.images import Size
from qis_core.errors import InvalidRequest
from qis_core.testing.operation_values import picture
from qis_plugins.operations.round_corners import round_corners
from tests.support.render import Stage, plan, show

RED = (255, 0, 0)


def red(size: tuple[int, int] = (120, 80), mode: str = "RGB") -> Image.Image:
    return Image.new("RGB", size, RED).convert(mode)


class TestShape:
    @pytest.mark.parametrize("radius", [1, 7, 20.5, 40])
    def test_covers_what_a_rounded_rectangle_covers(self, radius: float) -> None:
        alpha = show(round_corners, red(), round=str(radius)).array[..., 3]
        expected = 120 * 80 - (4 - math.pi) * radius**2
        assert alpha.sum() / 255 == pytest.approx(expected, abs=0.15 * radius + 0.5)

    def test_all_corners_are_alike(self) -> None:
        alpha = show(round_corners, red(), round="20").array[..., 3]
        assert (alpha == alpha[::-1]).all()
        assert (alpha == alpha[:, ::-1]).all()

    def test_is_antialiased(self) -> None:
        alpha = show(round_corners, red(), round="30").array[..., 3]
        assert len(np.unique(alpha)) > 10
        assert alpha[0, 0] == 0
        assert alpha[40, 60] == 255
        assert (alpha[0, 30:90] == 255).all()

    def test_half_of_a_square_is_a_circle(self) -> None:
        alpha = show(round_corners, red((64, 64)), round="50%").array[..., 3]
        assert alpha.sum() / 255 == pytest.approx(math.pi * 32**2, rel=0.003)

    def test_large_corners_agree_with_small_strips(self) -> None:
        """Radii over one strip of rows are drawn in parts."""
        alpha = show(round_corners, red((700, 700)), round="50%").array[..., 3]
        assert alpha.sum() / 255 == pytest.approx(math.pi * 350**2, rel=0.0005)

    @pytest.mark.parametrize("size", [(1, 1), (1, 50), (2, 2), (3, 5)])
    def test_tiny_pictures(self, size: tuple[int, int]) -> None:
        assert show(round_corners, red(size), round="30").image.size == size


class TestAlpha:
    def test_multiplies_with_what_was_there(self) -> None:
        image = red(mode="RGBA")
        image.putalpha(100)
        alpha = show(round_corners, image, round="20").array[..., 3]
        assert (alpha[0, 0], alpha[40, 60]) == (0, 100)

    def test_grey_becomes_grey_with_alpha(self) -> None:
        assert show(round_corners, picture("L", Size(48, 64)), round="9").image.mode == "LA"

    def test_jpeg_gets_its_ground_from_fill_later(self) -> None:
        step = plan(round_corners, red(), Stage("jpeg"), round="9")
        assert step.fill is None
        assert round_corners.output_alpha(False, step)

    def test_inks_without_transparency_take_the_fill(self) -> None:
        image = Image.new("CMYK", (60, 40), (0, 0, 0, 0))
        result = show(round_corners, image, Stage("jpeg"), round="20", fill="ff0000")
        assert result.image.mode == "CMYK"
        assert result.pixel(0, 0) == (0, 255, 255, 0)
        assert result.pixel(30, 20) == (0, 0, 0, 0)

    def test_inks_are_white_outside_by_default(self) -> None:
        image = Image.new("CMYK", (60, 40), (0, 0, 0, 255))
        assert show(round_corners, image, Stage("jpeg"), round="20").pixel(0, 0) == (0, 0, 0, 0)

    def test_inks_become_rgb_where_the_output_is_transparent(self) -> None:
        image = Image.new("CMYK", (60, 40), (0, 255, 255, 0))
        result = show(round_corners, image, Stage("png", metadata=Metadata(icc_profile=b"x")), round="20")
        assert result.image.mode == "RGBA"
        assert result.metadata.icc_profile is None


class TestPlan:
    def test_equal_shapes_are_equal_steps(self) -> None:
        steps = {plan(round_corners, red(), round=text) for text in ("8", "8.0", " 8 ", "10%", "10.00%")}
        assert len(steps) == 1

    def test_no_more_than_half_the_shorter_side(self) -> None:
        assert plan(round_corners, red(), round="10000") == plan(round_corners, red(), round="50%")

    @pytest.mark.parametrize("text", ["0", "", "0%", "0.001"])
    def test_nothing(self, text: str) -> None:
        assert plan(round_corners, red(), round=text) is None

    @pytest.mark.parametrize(
        ("text", "message"),
        [("-1", "not a length"), ("x", "not a length"), ("51%", "out of range"), ("10001", "out of range")],
    )
    def test_refusals(self, text: str, message: str) -> None:
        with pytest.raises(InvalidRequest, match=f"round: .*{message}"):
            plan(round_corners, red(), round=text)
