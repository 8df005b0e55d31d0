"""``flip``: exact, and one name for equal pictures."""

import numpy as np
import pytest
from PIL import Image

from qis_core.domain.images import Size
from qis_core.errors import InvalidRequest
from qis_plugins.operations.flip import FlipStep
from tests.support.operations import render, values
from tests.support.pictures import gradient

SIZE = Size(7, 5)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize(("direction", "axis"), [("h", 1), ("v", 0)])
def test_a_flip_mirrors_every_pixel(mode: str, direction: str, axis: int) -> None:
    image = gradient(SIZE).convert(mode)
    flipped = render(image, {"flip": direction})
    assert flipped.mode == mode
    assert np.array_equal(np.asarray(flipped), np.flip(np.asarray(image), axis))


def test_the_source_stays_untouched() -> None:
    image = gradient(SIZE)
    before = image.tobytes()
    assert render(image, {"flip": "h"}) is not image
    assert image.tobytes() == before


def test_case_does_not_matter_and_blank_is_not_given() -> None:
    assert values(SIZE, {"flip": "V"}) == [FlipStep("v")]
    assert values(SIZE, {"flip": " "}) == []


def test_other_words_are_no_choice() -> None:
    with pytest.raises(InvalidRequest, match=r"flip: 'x' is not a valid choice.*h, v"):
        values(SIZE, {"flip": "x"})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"flip": "h", "angle": "180"}, {"flip": "v"}),
        ({"flip": "v", "angle": "-180"}, {"flip": "h"}),
        ({"flip": "v", "angle": "90"}, {"flip": "h", "angle": "270"}),
        ({"flip": "v", "angle": "-90"}, {"flip": "h", "angle": "90"}),
        ({"flip": "v", "angle": "360"}, {"flip": "v"}),
    ],
)
def test_equal_turns_have_equal_steps_and_pixels(one: dict[str, str], other: dict[str, str]) -> None:
    image = gradient(SIZE)
    assert values(SIZE, one) == values(SIZE, other)
    assert render(image, one).tobytes() == render(image, other).tobytes()


@pytest.mark.parametrize("angle", ["0", "90", "180", "270"])
@pytest.mark.parametrize("direction", ["h", "v"])
def test_canonical_turns_show_what_was_asked_for(direction: str, angle: str) -> None:
    """The steps may be others than those asked for, the picture may not."""
    image = gradient(SIZE)
    flips = {"h": Image.Transpose.FLIP_LEFT_RIGHT, "v": Image.Transpose.FLIP_TOP_BOTTOM}
    expected = np.rot90(np.asarray(image.transpose(flips[direction])), -int(angle) // 90)
    assert np.array_equal(np.asarray(render(image, {"flip": direction, "angle": angle})), expected)


def test_different_turns_have_different_steps() -> None:
    queries = [{"angle": str(angle)} for angle in (0, 90, 180, 270)]
    queries += [{"flip": "h", "angle": str(angle)} for angle in (0, 90, 180, 270)]
    assert len({tuple(values(SIZE, query)) for query in queries}) == len(queries)
