"""Decoders of formats with one picture, which need nothing of their own."""

from pathlib import Path

from qis_core.contracts.codec import Decoded, Decoder, DecodeRequest
from qis_core.domain.images import ImageFacts
from qis_core.errors import NotFound
from qis_plugins.pillow_codecs.facts import read_facts
from qis_plugins.pillow_codecs.metadata import read_metadata
from qis_plugins.pillow_codecs.modes import normalised
from qis_plugins.pillow_codecs.opening import check_pixels, opened


def still_decoder(codec: str, kind: str) -> Decoder:
    """A decoder of Pillow's format *kind* for the codec named *codec*."""

    def probe(path: Path) -> ImageFacts:
        with opened(path, kind) as image:
            return read_facts(image, codec)

    def decode(path: Path, request: DecodeRequest) -> Decoded:
        require_first_page(request)
        with opened(path, kind) as image:
            check_pixels(image.size, request.max_pixels)
            metadata = read_metadata(image)
            return Decoded((normalised(image),), metadata)

    return Decoder(probe, decode)


def require_first_page(request: DecodeRequest) -> None:
    """Refuse any page but 1 of a file that has no more."""
    if request.page != 1:
        raise NotFound(f"page {request.page} does not exist")
