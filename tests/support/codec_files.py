"""Files made by a test, read and written through a codec."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image

from qis_core.contracts.codec import Codec, Decoded, DecodeRequest, EncodeRequest
from qis_core.domain.images import ImageFacts

Pixel = tuple[int, ...]


class Reader:
    """Writes bytes into a file of its own and asks a codec for it."""

    def __init__(self, codec: Codec, folder: Path) -> None:
        assert codec.decoder is not None
        self.decoder = codec.decoder
        self.path = folder / "picture"

    def facts(self, content: bytes) -> ImageFacts:
        self.path.write_bytes(content)
        return self.decoder.probe(self.path)

    def decode(self, content: bytes, request: DecodeRequest | None = None) -> Decoded:
        self.path.write_bytes(content)
        return self.decoder.decode(self.path, request or DecodeRequest())

    def image(self, content: bytes, request: DecodeRequest | None = None) -> Image.Image:
        return self.decode(content, request).frames[0]


def encode(codec: Codec, images: Image.Image | Sequence[Image.Image], request: EncodeRequest | None = None) -> bytes:
    assert codec.encoder is not None
    frames = [images] if isinstance(images, Image.Image) else images
    return codec.encoder.encode(frames, request or EncodeRequest())


def opened(content: bytes) -> Image.Image:
    """What Pillow makes of the bytes, for tests to look into."""
    return Image.open(BytesIO(content))


def pixel(image: Image.Image, x: int, y: int) -> Pixel:
    """The channels of a pixel."""
    value = image.getpixel((x, y))
    return (int(value),) if isinstance(value, int | float) else tuple(int(part) for part in value or ())


def near(actual: Pixel, wanted: Pixel, within: int = 6) -> bool:
    return len(actual) == len(wanted) and all(abs(a - b) <= within for a, b in zip(actual, wanted, strict=True))
