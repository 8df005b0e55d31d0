"""Opening files that may be hostile: allow-listed formats, sizes checked from the header, one error for all damage."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from qis_core.errors import BackendError, NotFound, OversizedImage, QisError, UnsupportedImage

# Pillow's own limit is one number for the whole process, a warning at first and an error at twice the size. The limit
# that counts comes with each request; it is checked by `check_pixels` before anything is decoded.
Image.MAX_IMAGE_PIXELS = None

#: pages or frames of one file that count; the time to find them all is a file's cheapest way to keep us busy
MAX_PAGES = 2_000


@contextmanager
def readable(path: Path, kind: str) -> Iterator[BinaryIO]:
    """The open file; whatever fails inside the block, in Python or in a library, is an `UnsupportedImage`.

    Raises `NotFound` when the file has gone, `BackendError` when it cannot be read at the moment.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise NotFound("the file is not there any more") from None
    except OSError as error:
        raise BackendError("the file cannot be read at the moment") from error
    with file, decoding(kind):
        yield file


@contextmanager
def decoding(kind: str) -> Iterator[None]:
    """Turn every failure but our own errors into an `UnsupportedImage` that names *kind*; hush Pillow's warnings."""
    try:
        with quiet():
            yield
    except QisError:
        raise
    except Exception as error:
        raise UnsupportedImage(f"the {kind} file is damaged, cut off or of an unknown kind") from error


@contextmanager
def quiet() -> Iterator[None]:
    """Pillow warns about files that break rules; what counts is whether pixels come out."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL|qis_plugins\.pillow_codecs")
        yield


@contextmanager
def opened(path: Path, kind: str) -> Iterator[Image.Image]:
    """The file as Pillow's format *kind* and no other, header read, pixels not decoded."""
    with readable(path, kind) as file, Image.open(file, formats=[kind]) as image:
        require_pixels(image.size)
        yield image


def require_pixels(size: tuple[int, int]) -> None:
    """Refuse a picture without pixels."""
    if min(size) < 1:
        raise UnsupportedImage(f"a picture of {size[0]}×{size[1]} px has nothing to show")


def check_pixels(size: tuple[int, int], max_pixels: int, frames: int = 1) -> None:
    """Refuse more than *max_pixels* in all frames together with `OversizedImage`."""
    pixels = size[0] * size[1] * frames
    if pixels > max_pixels:
        raise OversizedImage(f"{pixels} pixels; this server decodes up to {max_pixels} of one file")


def seek_page(image: Image.Image, page: int) -> None:
    """Go to *page*, counted from 1; raises `NotFound` past the end."""
    if not 1 <= page <= MAX_PAGES:
        raise NotFound(f"page {page} does not exist")
    try:
        image.seek(page - 1)
    except EOFError:
        raise NotFound(f"page {page} does not exist") from None


def sniffer(*signatures: bytes) -> Callable[[bytes], bool]:
    """A ``sniff`` that looks for one of some first bytes."""
    return lambda head: head.startswith(signatures)
