"""Facts about images: values that need no pixels."""

from dataclasses import dataclass
from typing import NamedTuple


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int


class Box(NamedTuple):
    """A rectangle in pixels: left and top inside, right and bottom outside."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Changes whenever the bytes of a file may have changed: mtime in ns and size, or an object store's ETag."""

    text: str

    @classmethod
    def of_file(cls, modified_ns: int, size_bytes: int) -> "Fingerprint":
        return cls(f"{modified_ns:x}-{size_bytes:x}")


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What the header of a file tells; the answer of a codec's ``probe``.

    ``size`` and every other number are of the stored picture, before orientation. ``mode`` is Pillow's name of the
    pixel mode as decoded (``RGB``, ``L``, ``LA``, ``P``, ``1``, ``I;16``, ``CMYK`` …). ``pages`` counts pages of a
    multi-page file or frames of an animation; ``page_sizes`` is empty when all have the same size.
    """

    codec: str
    size: Size
    mode: str = "RGB"
    has_alpha: bool = False
    pages: int = 1
    is_animated: bool = False
    orientation: int = 1
    is_progressive: bool = False
    page_sizes: tuple[Size, ...] = ()
    has_profile: bool = False
    is_srgb: bool = True
    dpi: float | None = None

    @property
    def is_sideways(self) -> bool:
        """Whether the EXIF orientation swaps width and height (values 5 to 8, EXIF 2.32 §4.6.4)."""
        return 5 <= self.orientation <= 8

    def size_of_page(self, page: int) -> Size:
        """The stored size of *page*, counted from 1."""
        return self.page_sizes[page - 1] if self.page_sizes else self.size

    @property
    def total_pixels(self) -> int:
        """Pixels of all pages or frames together."""
        if self.page_sizes:
            return sum(size.width * size.height for size in self.page_sizes)
        return self.size.width * self.size.height * self.pages


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """An image of the repository as plans see it: what `ImageFacts` says, after orientation, plus identity."""

    image_id: int
    src: str
    fingerprint: Fingerprint
    size: Size
    image: ImageFacts
    size_bytes: int
    modified_ns: int

    @property
    def extension(self) -> str:
        _, dot, extension = self.src.rpartition("/")[2].rpartition(".")
        return extension.lower() if dot else ""
