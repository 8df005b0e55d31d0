"""Animations: all frames, composited to full pictures of one size, with their durations."""

from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from qis_core.errors import NotFound, UnsupportedImage
from qis_plugins.pillow_codecs.modes import normalised
from qis_plugins.pillow_codecs.opening import check_pixels, seek_page

#: what a frame without a duration of its own is shown for
DEFAULT_DURATION_MS = 100
MAX_DURATION_MS = 65_535 * 10


@dataclass(frozen=True, slots=True)
class Animation:
    """The frames in one mode and size; ``durations_ms`` has one entry each."""

    frames: tuple[Image.Image, ...]
    durations_ms: tuple[int, ...]


def read_animation(image: Image.Image, pages: range, max_pixels: int) -> Animation:
    """The given pages of an opened file, counted from 1; raises `TooLarge` when all together have too many pixels."""
    check_pixels(image.size, max_pixels, len(pages))
    shown = list(_shown(image, pages, max_pixels))
    frames = [frame for frame, _duration in shown]
    return Animation(tuple(_in_one_mode(frames)), tuple(duration for _frame, duration in shown))


def loops(found: object) -> int | None:
    """``loop`` of WebP and PNG, where 1 means once, as `Decoded` has it."""
    count = found if isinstance(found, int) else 0
    return None if count == 1 else count


def _shown(image: Image.Image, pages: range, max_pixels: int) -> Iterator[tuple[Image.Image, int]]:
    size = image.size
    for page in pages:
        _seek_frame(image, page, max_pixels)
        frame = normalised(image)
        yield frame if frame.size == size else frame.crop((0, 0, *size)), _duration(image)


def _seek_frame(image: Image.Image, page: int, max_pixels: int) -> None:
    try:
        seek_page(image, page)
    except NotFound as error:
        raise UnsupportedImage("the file has fewer frames than it says") from error
    check_pixels(image.size, max_pixels)


def _duration(image: Image.Image) -> int:
    found = image.info.get("duration", DEFAULT_DURATION_MS)
    milliseconds = found if isinstance(found, int | float) else DEFAULT_DURATION_MS
    return round(min(max(milliseconds, 0), MAX_DURATION_MS))


def _in_one_mode(frames: list[Image.Image]) -> list[Image.Image]:
    modes = {frame.mode for frame in frames}
    if len(modes) == 1:
        return frames
    mode = "RGBA" if modes & {"LA", "RGBA"} else "RGB"
    return [frame if frame.mode == mode else frame.convert(mode) for frame in frames]
