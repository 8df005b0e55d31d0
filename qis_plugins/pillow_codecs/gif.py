"""GIF, still and animated, in and out."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from PIL import Image
from PIL.GifImagePlugin import GifImageFile

from qis_core.contracts.codec import Codec, Decoded, Decoder, DecodeRequest, Encoder, EncodeRequest
from qis_core.domain.images import ImageFacts
from qis_plugins.pillow_codecs.animation import read_animation
from qis_plugins.pillow_codecs.facts import read_facts
from qis_plugins.pillow_codecs.metadata import encoded, read_metadata, texts
from qis_plugins.pillow_codecs.modes import normalised
from qis_plugins.pillow_codecs.opening import (
    MAX_PAGES,
    check_pixels,
    opened,
    readable,
    require_pixels,
    seek_page,
    sniffer,
)

_KIND = "GIF"
_SIGNATURES = (b"GIF87a", b"GIF89a")
_COLOURS = 256
_SAMPLES = 10_000
#: the last index of a palette, for what cannot be seen
_TRANSPARENT = 255
_OPAQUE_ALPHA = 128
#: disposal method (GIF89a §23): what shows through the holes of a frame is not the frame before it
_CLEAR_BEFORE_NEXT = 2
_EXTENSION, _PICTURE = b"!", b","
_HEADER_BYTES, _PICTURE_BYTES = 13, 9


class _ColourGif(GifImageFile):
    """An animation whose every frame has colours.

    Pillow takes a palette of all greys for no palette, and then has none for the colours of later frames.
    """

    def _is_palette_needed(self, p: bytes) -> bool:
        return True


def probe_gif(path: Path) -> ImageFacts:
    frames = _frames_of(path)
    with _opened(path, frames) as image:
        return read_facts(image, "gif", pages=frames, is_animated=frames > 1)


def decode_gif(path: Path, request: DecodeRequest) -> Decoded:
    frames = _frames_of(path)
    with _opened(path, frames) as image:
        check_pixels(image.size, request.max_pixels)
        metadata = read_metadata(image, fields=texts(image.info, {"comment": "Comment"}))
        if request.all_frames and frames > 1:
            animation = read_animation(image, range(1, frames + 1), request.max_pixels)
            return Decoded(animation.frames, metadata, animation.durations_ms, image.info.get("loop"))
        _compose_up_to(image, request)
        return Decoded((normalised(image),), metadata)


def encode_gif(frames: Sequence[Image.Image], request: EncodeRequest) -> bytes:
    has_holes = any(_holes(frame) is not None for frame in frames)
    pictures = [_paletted(frame, has_holes) for frame in frames]
    options = _animation_options(pictures, request) if len(frames) > 1 else {}
    comment = request.metadata.fields.get("Comment")
    return encoded(
        pictures[0],
        _KIND,
        transparency=_TRANSPARENT if has_holes else None,
        disposal=_CLEAR_BEFORE_NEXT if has_holes and options else None,
        comment=comment.encode() if comment else None,
        **options,
    )


@contextmanager
def _opened(path: Path, frames: int) -> Iterator[Image.Image]:
    if frames == 1:
        with opened(path, _KIND) as image:
            yield image
    else:
        with readable(path, _KIND) as file, _ColourGif(file) as image:
            require_pixels(image.size)
            yield image


def _frames_of(path: Path) -> int:
    with readable(path, _KIND) as file:
        return max(1, _count_frames(file))


def _animation_options(pictures: list[Image.Image], request: EncodeRequest) -> dict[str, object]:
    return {
        "save_all": True,
        "append_images": pictures[1:],
        "duration": list(request.durations_ms),
        "loop": request.loop,
        "optimize": False,
    }


def _compose_up_to(image: Image.Image, request: DecodeRequest) -> None:
    """Walk to the page one by one: a frame may be larger than the ones before it."""
    for page in range(1, request.page + 1):
        seek_page(image, page)
        check_pixels(image.size, request.max_pixels)


def _count_frames(file: BinaryIO) -> int:
    """Pictures in the file up to `MAX_PAGES`, by skipping from block to block (GIF89a §15-§27)."""
    _skip_palette(file, file.read(_HEADER_BYTES)[10:11])
    return sum(1 for block in _blocks(file) if block == _PICTURE)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    frames = 0
    while frames < MAX_PAGES:
        block = file.read(1)
        if block == _EXTENSION:
            file.seek(1, 1)
        elif block == _PICTURE:
            frames += 1
            _skip_palette(file, file.read(_PICTURE_BYTES)[8:9])
            file.seek(1, 1)
        elif block != b"\0":
            return
        yield block
        if block != b"\0":
            _skip_data(file)


def _skip_palette(file: BinaryIO, flags: bytes) -> None:
    if flags and flags[0] & 0x80:
        file.seek(3 << (flags[0] & 7) + 1, 1)


def _skip_data(file: BinaryIO) -> None:
    while (size := file.read(1)) and size[0]:
        file.seek(size[0], 1)


def _holes(image: Image.Image) -> Image.Image | None:
    """A mask of the pixels that are not to be seen, or None when all are."""
    if image.mode not in ("LA", "RGBA"):
        return None
    alpha = image.getchannel("A")
    if not sum(alpha.histogram()[: _OPAQUE_ALPHA + 1]):
        return None
    return alpha.point([255 if value <= _OPAQUE_ALPHA else 0 for value in range(256)])


def _paletted(image: Image.Image, reserve_transparent: bool) -> Image.Image:
    if image.mode == "L" and not reserve_transparent:
        return image
    holes = _holes(image)
    colours = image.convert("RGB")
    if holes is not None:
        colours.paste((0, 0, 0), mask=holes)
    paletted = _dithered(colours, _COLOURS - 1 if reserve_transparent else _COLOURS)
    if reserve_transparent:
        _reserve(paletted, holes)
    return paletted


def _dithered(image: Image.Image, colours: int) -> Image.Image:
    """The best palette for this picture, and what it cannot show spread as error (Floyd and Steinberg)."""
    if image.getcolors(colours) is not None:
        return image.quantize(colours)
    adapted = _sampled(image).quantize(colours, Image.Quantize.MAXCOVERAGE)
    return image.quantize(palette=adapted, dither=Image.Dither.FLOYDSTEINBERG)


def _sampled(image: Image.Image) -> Image.Image:
    """Evenly spread pixels as they are: enough of them to find a palette, and seconds faster than all."""
    share = math.sqrt(min(1.0, _SAMPLES / (image.width * image.height)))
    size = (max(1, round(image.width * share)), max(1, round(image.height * share)))
    return image.resize(size, Image.Resampling.NEAREST)


def _reserve(paletted: Image.Image, holes: Image.Image | None) -> None:
    palette = (paletted.getpalette() or [])[: 3 * _TRANSPARENT]
    paletted.putpalette(palette + [0] * (3 * _COLOURS - len(palette)))
    if holes is not None:
        paletted.paste(_TRANSPARENT, mask=holes)


GIF = Codec(
    name="gif",
    media_type="image/gif",
    extensions=("gif",),
    sniff=sniffer(*_SIGNATURES),
    decoder=Decoder(probe_gif, decode_gif),
    encoder=Encoder(encode_gif, names={"gif": ""}, modes=("L", "LA", "RGB", "RGBA"), can_animate=True),
)
