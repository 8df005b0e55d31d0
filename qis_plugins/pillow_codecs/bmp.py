"""BMP: Windows bitmaps, in and out."""

from collections.abc import Sequence

from PIL import Image

from qis_core.contracts.codec import Codec, Encoder, EncodeRequest
from qis_plugins.pillow_codecs.metadata import encoded, find_dpi
from qis_plugins.pillow_codecs.still import still_decoder

_KIND = "BMP"
#: what Pillow would else make 96
_NO_DPI = (0, 0)
#: sizes of the information headers from OS/2 1.x to version 5
_HEADER_BYTES = (12, 16, 40, 52, 56, 64, 108, 124)


def sniff_bmp(head: bytes) -> bool:
    return head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _HEADER_BYTES


def encode_bmp(frames: Sequence[Image.Image], request: EncodeRequest) -> bytes:
    return encoded(frames[0], _KIND, dpi=find_dpi(request.metadata.dpi) or _NO_DPI)


BMP = Codec(
    name="bmp",
    media_type="image/bmp",
    extensions=("bmp",),
    sniff=sniff_bmp,
    decoder=still_decoder("bmp", _KIND),
    encoder=Encoder(encode_bmp, names={"bmp": ""}, modes=("L", "RGB")),
)
