"""``focus=smart``: drawn pictures whose subject is known, at nine places, on many grounds, with distractors."""

import numpy as np
import pytest
from PIL import Image

from qis_core.domain.images import Box, Size
from qis_core.imaging.geometry import Framing, box_size, whole
from qis_plugins.operations.focus import SMART, Focus, framed, window_in
from qis_plugins.operations.saliency import SAMPLE_SIDE, best_window
from tests.support.operations import context_of, plan, render, run
from tests.support.scenes import BACKGROUNDS, DISTRACTORS, POSITIONS, Scene, draw_scene, visible_share

LANDSCAPE, PORTRAIT, PANORAMA = Size(300, 200), Size(200, 300), Size(450, 150)
SHAPES = [
    (LANDSCAPE, Size(200, 200)),
    (LANDSCAPE, Size(125, 200)),
    (PORTRAIT, Size(200, 150)),
    (PANORAMA, Size(150, 150)),
]
#: A subject is shown when this much of it is in the window.
SHOWN = 0.95


def window_of(scene: Scene, size: Size) -> Box:
    return best_window(scene.image, whole(Size(*scene.image.size)), size)


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize(("shape", "window"), SHAPES)
def test_a_subject_on_plain_ground_is_shown_wherever_it_is(shape: Size, window: Size, position: str) -> None:
    scene = draw_scene(shape, position, "flat", "none")
    assert visible_share(scene.subject, window_of(scene, window)) >= SHOWN


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("background", BACKGROUNDS)
def test_a_subject_is_shown_on_every_ground(background: str, position: str) -> None:
    scene = draw_scene(LANDSCAPE, position, background, "none")
    assert visible_share(scene.subject, window_of(scene, Size(200, 200))) >= SHOWN


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("distractor", DISTRACTORS)
def test_a_subject_is_shown_in_spite_of_distractors(distractor: str, position: str) -> None:
    scene = draw_scene(PORTRAIT, position, "landscape", distractor)
    assert visible_share(scene.subject, window_of(scene, Size(200, 200))) >= SHOWN


@pytest.mark.parametrize("seed", [11, 12])
def test_hardly_any_subject_is_missed_over_all_scenes(seed: int) -> None:
    """Windows of a quarter to two thirds of the picture; a window in the middle misses most subjects at the sides."""
    missed, missed_by_centre, count = 0, 0, 0
    for background in BACKGROUNDS:
        for number, distractor in enumerate(DISTRACTORS):
            shape, size = SHAPES[number % len(SHAPES)]
            for position in ("nw", "e", "s", "se")[number % 2 :]:
                scene = draw_scene(shape, position, background, distractor, seed)
                missed += visible_share(scene.subject, window_of(scene, size)) < SHOWN
                missed_by_centre += visible_share(scene.subject, _centred(shape, size)) < SHOWN
                count += 1
    assert missed_by_centre > count / 2
    assert missed <= count * 0.03


def test_the_subject_is_near_the_middle_of_the_window_when_there_is_room() -> None:
    scene = draw_scene(LANDSCAPE, "c", "gradient", "none")
    window = window_of(scene, Size(150, 200))
    assert abs((scene.subject.left + scene.subject.right) / 2 - (window.left + window.right) / 2) < 15


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK"])
def test_every_mode_can_be_looked_at(mode: str) -> None:
    image = Image.new("RGB", LANDSCAPE, (230, 230, 230)).convert(mode)
    image.paste(Image.new("RGB", (40, 40), (20, 20, 20)).convert(mode), (240, 80))
    assert best_window(image, whole(LANDSCAPE), Size(150, 200)) == (150, 0, 300, 200)


def test_what_cannot_be_seen_does_not_count() -> None:
    image = Image.new("RGBA", LANDSCAPE, (200, 200, 200, 255))
    image.paste((255, 0, 0, 0), (10, 50, 80, 120))
    image.paste((60, 60, 160, 255), (225, 75, 265, 115))
    window = best_window(image, whole(LANDSCAPE), Size(150, 200))
    assert visible_share(Box(225, 75, 265, 115), window) == 1


@pytest.mark.parametrize("colour", ["black", "white", "olive"])
def test_an_empty_picture_is_cut_in_the_middle(colour: str) -> None:
    image = Image.new("RGB", LANDSCAPE, colour)
    assert best_window(image, whole(LANDSCAPE), Size(200, 200)) == (50, 0, 250, 200)


def test_the_same_pixels_give_the_same_window() -> None:
    scene = draw_scene(LANDSCAPE, "ne", "noise", "specks", 3)
    assert len({window_of(scene, Size(200, 200)) for _ in range(3)}) == 1


def test_a_copy_of_another_scale_gives_nearly_the_same_window() -> None:
    scene = draw_scene(LANDSCAPE, "e", "landscape", "horizon", 3)
    full = window_of(scene, Size(150, 200))
    half = best_window(scene.image.reduce(2), Box(0, 0, 150, 100), Size(75, 100))
    assert abs(half.left * 2 - full.left) <= 10


def test_the_window_stays_in_its_box() -> None:
    scene = draw_scene(LANDSCAPE, "w", "flat", "none")
    box = Box(150, 25, 300, 200)
    window = best_window(scene.image, box, Size(50, 175))
    assert box.left <= window.left
    assert window.right <= box.right
    assert (window.top, window.bottom) == (25, 200)


@pytest.mark.parametrize("size", [Size(1, 1), Size(1, 50), Size(50, 1), Size(2, 3), Size(5000, 3)])
def test_pictures_of_any_shape_have_a_window(size: Size) -> None:
    window = Size(max(1, size.width // 2), size.height)
    found = best_window(Image.effect_noise(size, 50).convert("RGB"), whole(size), window)
    assert box_size(found) == window
    assert 0 <= found.left <= size.width - window.width


def test_a_box_that_rounding_made_too_large_is_cut_back() -> None:
    image = Image.new("RGB", (99, 66))
    assert best_window(image, Box(0, 0, 99.4, 66.3), Size(66, 66)).right <= 99


def test_a_large_picture_is_looked_at_in_a_small_copy() -> None:
    """The time it takes must not grow with the detail of the sample: the palette is bounded."""
    noise = np.random.default_rng(5).integers(0, 256, (SAMPLE_SIDE, SAMPLE_SIDE, 3), dtype=np.uint8)
    image = Image.fromarray(noise, "RGB").resize((3000, 3000))
    assert box_size(best_window(image, Box(0, 0, 3000, 3000), Size(1500, 3000))) == (1500, 3000)


def test_transparent_corners_of_a_rotated_picture_do_not_attract() -> None:
    scene = draw_scene(LANDSCAPE, "c", "gradient", "none")
    cut = render(scene.image, {"angle": "12", "fit": "cover", "width": "150", "height": "224", "focus": "smart"})
    middle = cut.crop((30, 50, 120, 174))
    subject = scene.image.crop(tuple(map(int, scene.subject)))
    most = max(subject.getcolors(100_000) or [])[1]
    assert any(np.abs(np.array(colour) - most).max() < 12 for _, colour in middle.getcolors(100_000) or [])


# --- the parameter ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [("smart", "smart"), (" SMART ", "smart"), ("0.5,0.25", "0.5,0.25"), ("0.50, .25", "0.5,0.25"), ("1,0", "1,0")],
)
def test_focus_has_one_spelling(text: str, expected: str) -> None:
    kind = Focus()
    value = kind.check(kind.parse(text))
    assert value == expected
    assert kind.check(kind.parse(kind.format(value))) == value


def test_a_blank_focus_is_not_given() -> None:
    assert Focus().parse("  ") is None


def test_the_parameter_describes_itself() -> None:
    assert "smart" in Focus().describe()
    assert Focus().schema()["type"] == "string"


@pytest.mark.parametrize("focus", [None, SMART, "0.1,0.9"])
def test_without_a_choice_there_is_nothing_to_look_at(focus: str | None) -> None:
    box = Box(10, 20, 110, 80)
    assert framed(Framing(box, Size(100, 60)), LANDSCAPE, focus) == Framing(box)
    assert framed(Framing(box), LANDSCAPE, focus) == Framing(box)
    assert window_in(Image.new("L", LANDSCAPE), Framing(box), context_of()) == box


def _centred(shape: Size, size: Size) -> Box:
    left, top = (shape.width - size.width) // 2, (shape.height - size.height) // 2
    return Box(left, top, left + size.width, top + size.height)


def test_all_frames_of_an_animation_show_the_same_part() -> None:
    """A window that follows every frame by itself would make a still background jump."""
    first, second = (Image.new("RGB", LANDSCAPE, (120, 140, 160)) for _ in range(2))
    first.paste((240, 60, 20), (20, 80, 60, 120))
    second.paste((240, 60, 20), (240, 80, 280, 120))
    for query in ({"width": "200", "height": "200"}, {"width": "50", "height": "50"}):
        steps, context = plan(LANDSCAPE, {"fit": "cover", "focus": "smart", **query}), context_of()
        shown = [run(steps, frame, context) for frame in (first, second)]
        assert [_has_red(frame) for frame in shown] == [True, False]


def _has_red(image: Image.Image) -> bool:
    return bool((np.asarray(image)[..., 0] > 200).any())
