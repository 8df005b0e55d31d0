"""TGA: Truevision pictures, read only. They have no signature, so this codec is asked last."""

from qis_core.contracts.codec import Codec
from qis_plugins.pillow_codecs.still import still_decoder

_HEADER_BYTES = 18
_WITH_MAP, _WITHOUT_MAP = (1, 9), (2, 3, 10, 11)
_DEPTHS = (1, 8, 15, 16, 24, 32)
_RESERVED_BITS = 0xC0


def sniff_tga(head: bytes) -> bool:
    """Whether every field of the header has a value that Truevision's specification allows."""
    if len(head) < _HEADER_BYTES:
        return False
    has_map, kind = head[1], head[2]
    width, height = (int.from_bytes(head[at : at + 2], "little") for at in (12, 14))
    is_kind_right = kind in _WITH_MAP if has_map == 1 else has_map == 0 and kind in _WITHOUT_MAP
    is_map_right = has_map == 0 or head[7] in _DEPTHS
    is_picture = width > 0 and height > 0 and head[16] in _DEPTHS and not head[17] & _RESERVED_BITS
    return is_kind_right and is_map_right and is_picture


TGA = Codec(
    name="tga",
    media_type="image/tga",
    extensions=("tga", "targa", "icb", "vda", "vst"),
    sniff=sniff_tga,
    decoder=still_decoder("tga", "TGA"),
    is_web=False,
)
