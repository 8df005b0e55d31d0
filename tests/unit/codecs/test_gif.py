"""GIF: palettes with error diffusion, transparency at a threshold, animations in and out."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from qis_core.contracts.codec import DecodeRequest, EncodeRequest, Metadata
from qis_core.errors import NotFound, TooLarge, UnsupportedImage
from qis_plugins.pillow_codecs.gif import GIF
from qis_plugins.pillow_codecs.opening import MAX_PAGES
from tests.support import pictures
from tests.support.codec_files import Reader, encode, near, opened, pixel
from tests.support.small_files import saved

SIZE = (40, 30)
COLOURS = (pictures.RED, pictures.GREEN, pictures.BLUE)
PAINTS = {"red": (255, 0, 0, 255), "green": (0, 255, 0, 255), "clear": (0, 0, 0, 0)}
FRAMES = pictures.flat_frames(SIZE)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(GIF, tmp_path)


def animated(**options: object) -> bytes:
    frames = [frame.quantize(4) for frame in FRAMES]
    return saved(frames[0], "GIF", save_all=True, append_images=frames[1:], **options)


def moving_dot(mode: str, count: int = 4) -> list[Image.Image]:
    """A red dot that moves to the right over nothing, or over blue."""
    frames = []
    for number in range(count):
        frame = Image.new(mode, SIZE, (0, 0, 0, 0) if mode == "RGBA" else pictures.BLUE)
        frame.paste((*pictures.RED, 255)[: len(mode)], (number * 8, 8, number * 8 + 8, 16))
        frames.append(frame)
    return frames


def picture_block(left: int, top: int, width: int, height: int, *, palette: bytes = b"") -> bytes:
    """An image block of one colour, as most decoders take it: a clear code, then an end."""
    place = b"".join(number.to_bytes(2, "little") for number in (left, top, width, height))
    flags = 0x80 if palette else 0
    return b"," + place + bytes([flags]) + palette + b"\x02\x02\x4c\x01\0"


def screen(width: int, height: int) -> bytes:
    return b"GIF89a" + width.to_bytes(2, "little") + height.to_bytes(2, "little") + b"\x80\0\0" + b"\xff\0\0\0\0\xff"


def test_case_95_frames_are_counted_without_decoding(reader: Reader) -> None:
    facts = reader.facts(animated(duration=100, loop=0))
    assert (facts.pages, facts.is_animated, facts.size, facts.codec) == (3, True, SIZE, "gif")


def test_case_95_all_frames(reader: Reader) -> None:
    decoded = reader.decode(animated(duration=[100, 200, 300], loop=0), DecodeRequest(all_frames=True))
    assert tuple(pixel(frame, 5, 5) for frame in decoded.frames) == COLOURS
    assert (decoded.durations_ms, decoded.loop) == ((100, 200, 300), 0)


@pytest.mark.parametrize("page", [1, 2, 3])
def test_pages(reader: Reader, page: int) -> None:
    assert pixel(reader.image(animated(), DecodeRequest(page=page)), 5, 5) == COLOURS[page - 1]


def test_page_past_the_end(reader: Reader) -> None:
    with pytest.raises(NotFound, match="page 4 does not exist"):
        reader.image(animated(), DecodeRequest(page=4))


def test_once_is_none(reader: Reader) -> None:
    assert reader.decode(animated(), DecodeRequest(all_frames=True)).loop is None


def test_frames_that_build_on_each_other_are_composited(reader: Reader) -> None:
    """Pillow stores only what changes; each decoded frame shows the whole."""
    dots = moving_dot("RGB")
    content = saved(dots[0], "GIF", save_all=True, append_images=dots[1:], duration=50)
    for before, after in zip(dots, reader.decode(content, DecodeRequest(all_frames=True)).frames, strict=True):
        assert max(ImageStat.Stat(ImageChops.difference(before, after)).mean) < 1


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_written_animations_come_back(reader: Reader, mode: str) -> None:
    dots = moving_dot(mode)
    request = EncodeRequest(durations_ms=(50, 100, 150, 200), loop=3)
    decoded = reader.decode(encode(GIF, dots, request), DecodeRequest(all_frames=True))
    assert (decoded.durations_ms, decoded.loop) == ((50, 100, 150, 200), 3)
    for before, after in zip(dots, decoded.frames, strict=True):
        assert after.mode == mode
        assert max(ImageStat.Stat(ImageChops.difference(before, after)).mean) < 1


def test_holes_that_come_later_stay_holes(reader: Reader) -> None:
    """The first frame is opaque, the second has a hole through which nothing of the first may show."""
    first = Image.new("RGBA", SIZE, (*pictures.RED, 255))
    second = first.copy()
    second.paste((0, 0, 0, 0), (10, 10, 30, 20))
    third = Image.new("RGBA", SIZE, (*pictures.GREEN, 255))
    content = encode(GIF, [first, second, third], EncodeRequest(durations_ms=(100,) * 3, loop=0))
    frames = reader.decode(content, DecodeRequest(all_frames=True)).frames
    assert [pixel(frame, 20, 15)[3] for frame in frames] == [255, 0, 255]
    assert pixel(frames[2], 20, 15) == (*pictures.GREEN, 255)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.sampled_from(["red", "green", "clear"]), min_size=12, max_size=12),
        min_size=2,
        max_size=4,
        unique_by=tuple,
    )
)
def test_any_small_animation_comes_back(reader: Reader, drawn: list[list[str]]) -> None:
    frames = [Image.new("RGBA", (4, 3)) for _ in drawn]
    for frame, names in zip(frames, drawn, strict=True):
        frame.putdata([PAINTS[name] for name in names])
    content = encode(GIF, frames, EncodeRequest(durations_ms=(50,) * len(frames), loop=0))
    back = reader.decode(content, DecodeRequest(all_frames=True)).frames
    seen = [[PAINTS["clear"] if not dot[3] else dot for dot in _dots(frame)] for frame in back]
    assert seen == [[PAINTS[name] for name in names] for names in drawn]


def test_a_still_that_once_was_an_animation_has_one_frame(reader: Reader) -> None:
    facts = reader.facts(encode(GIF, FRAMES[0]))
    assert (facts.pages, facts.is_animated) == (1, False)


def test_few_colours_stay_exact(reader: Reader) -> None:
    image = pictures.quad(SIZE)
    assert ImageChops.difference(image, reader.image(encode(GIF, image))).getbbox() is None


@pytest.mark.parametrize("count", [1, 2, 255, 256])
def test_as_many_colours_as_fit_stay_exact(reader: Reader, count: int) -> None:
    image = Image.new("RGB", (count, 3))
    for number in range(count):
        image.paste((number * 37 % 256, number * 91 % 256, number), (number, 0, number + 1, 3))
    assert ImageChops.difference(image, reader.image(encode(GIF, image))).getbbox() is None


@pytest.mark.parametrize("size", [(2000, 1), (1, 3000), (400, 300)])
def test_palettes_are_found_from_samples_of_any_shape(reader: Reader, size: tuple[int, int]) -> None:
    image = pictures.gradient(size)
    assert near(pixel(reader.image(encode(GIF, image)), 0, 0), pixel(image, 0, 0), within=20)


def test_grey_stays_exact(reader: Reader) -> None:
    ramp = pictures.grey_ramp((256, 4))
    back = reader.image(encode(GIF, ramp)).convert("L")
    assert ImageChops.difference(ramp, back).getbbox() is None


def test_many_colours_are_diffused() -> None:
    """The error of one pixel is made good by its neighbours: the mean of an area is right."""
    image = pictures.gradient((256, 256))
    palette = opened(encode(GIF, image))
    assert palette.mode == "P"
    shown = palette.convert("RGB").resize((16, 16), Image.Resampling.BOX)
    wanted = image.resize((16, 16), Image.Resampling.BOX)
    plain = image.quantize(256).convert("RGB").resize((16, 16), Image.Resampling.BOX)
    assert _worst(shown, wanted) < _worst(plain, wanted)
    assert len(palette.getcolors() or ()) > 128


@pytest.mark.parametrize(("alpha", "is_clear"), [(0, True), (127, True), (128, True), (129, False), (255, False)])
def test_case_72_threshold_of_transparency(reader: Reader, alpha: int, is_clear: bool) -> None:
    image = pictures.quad(SIZE).convert("RGBA")
    image.paste((10, 20, 30, alpha), (0, 0, 20, 15))
    back = reader.image(encode(GIF, image)).convert("RGBA")
    assert (pixel(back, 5, 5)[3] == 0) == is_clear
    assert pixel(back, 35, 25) == (*pictures.YELLOW, 255)


def test_transparent_photographs_keep_255_colours(reader: Reader) -> None:
    image = pictures.with_left_half_transparent(pictures.gradient((200, 200)))
    content = encode(GIF, image)
    assert opened(content).mode == "P"
    back = reader.image(content)
    assert pixel(back, 50, 100)[3] == 0
    assert near(pixel(back, 150, 100), pixel(image, 150, 100), within=25)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_opaque_pictures_get_no_transparency(reader: Reader, mode: str) -> None:
    assert not reader.facts(encode(GIF, Image.new(mode, SIZE, (9,) * (len(mode) - 1) + (255,)))).has_alpha


def test_quality_has_no_effect() -> None:
    assert GIF.encoder is not None
    assert (GIF.encoder.canonical_quality, GIF.encoder.default_quality) == (None, None)


def test_comment_comes_back(reader: Reader) -> None:
    request = EncodeRequest(metadata=Metadata(fields={"Comment": "made by hand"}))
    assert reader.decode(encode(GIF, FRAMES[0], request)).metadata.fields == {"Comment": "made by hand"}


def test_first_frame_larger_than_the_screen_counts_whole(reader: Reader) -> None:
    content = screen(10, 10) + picture_block(0, 0, 60_000, 60_000) + b";"
    assert reader.facts(content).size == (60_000, 60_000)
    with pytest.raises(TooLarge):
        reader.decode(content)


@pytest.mark.parametrize("request_", [DecodeRequest(page=2), DecodeRequest(page=3), DecodeRequest(all_frames=True)])
def test_later_frame_larger_than_the_screen_is_refused(reader: Reader, request_: DecodeRequest) -> None:
    blocks = picture_block(0, 0, 2, 2) + picture_block(0, 0, 60_000, 60_000) + picture_block(0, 0, 2, 2)
    content = screen(2, 2) + blocks + b";"
    assert reader.facts(content).pages == 3
    with pytest.raises((TooLarge, UnsupportedImage)):
        reader.decode(content, request_)


def test_frames_are_not_counted_for_ever(reader: Reader) -> None:
    content = screen(1, 1) + picture_block(0, 0, 1, 1) * (MAX_PAGES + 500) + b";"
    assert reader.facts(content).pages == MAX_PAGES


def test_counting_survives_what_pillow_skips(reader: Reader) -> None:
    comment = b"!\xfe\x05hello\0"
    control = b"!\xf9\x04\x04\x0a\0\0\0"
    own_palette = picture_block(0, 0, 1, 1, palette=b"\0\xff\0\0\0\0")
    content = screen(1, 1) + comment + control + picture_block(0, 0, 1, 1) + b"\0\0" + control + own_palette + b";"
    assert reader.facts(content).pages == 2


def test_a_grey_start_and_colours_later(reader: Reader) -> None:
    """All frames are handed over in one mode, though the first one needs no colours."""
    grey = pictures.grey_ramp((256, 2))
    colour = Image.new("RGB", (256, 2), pictures.RED).quantize(2)
    content = saved(grey, "GIF", save_all=True, append_images=[colour], duration=50)
    assert reader.facts(content).mode == "P"
    for request in (DecodeRequest(all_frames=True), DecodeRequest()):
        assert pixel(reader.image(content, request), 100, 0) == (100, 100, 100)
    assert pixel(reader.image(content, DecodeRequest(page=2)), 0, 0) == pictures.RED
    frames = reader.decode(content, DecodeRequest(all_frames=True)).frames
    assert ([frame.mode for frame in frames], pixel(frames[1], 0, 0)) == (["RGB", "RGB"], pictures.RED)


def test_one_grey_frame_stays_grey(reader: Reader) -> None:
    content = saved(pictures.grey_ramp((256, 2)), "GIF")
    assert (reader.facts(content).mode, reader.image(content).mode) == ("L", "L")


def test_frames_without_duration_are_shown_for_a_while(reader: Reader) -> None:
    blocks = picture_block(0, 0, 1, 1) + picture_block(0, 0, 1, 1)
    decoded = reader.decode(screen(1, 1) + blocks + b";", DecodeRequest(all_frames=True))
    assert decoded.durations_ms == (100, 100)


def test_truncated_file(reader: Reader) -> None:
    content = saved(pictures.gradient((200, 200)).quantize(256), "GIF")
    with pytest.raises(UnsupportedImage):
        reader.decode(content[: len(content) // 2])


def _dots(image: Image.Image) -> list[tuple[int, ...]]:
    shown = image.convert("RGBA")
    return [pixel(shown, x, y) for y in range(shown.height) for x in range(shown.width)]


def _worst(one: Image.Image, other: Image.Image) -> float:
    difference = np.asarray(one, np.float64) - np.asarray(other, np.float64)
    return float(np.abs(difference).mean())
