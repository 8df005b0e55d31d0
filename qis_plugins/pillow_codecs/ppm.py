"""PPM: portable any-maps (PBM, PGM, PPM, PFM), read only."""

import re

from qis_core.contracts.codec import Codec
from qis_plugins.pillow_codecs.still import still_decoder

_HEAD = re.compile(rb"P[1-6fF][\s#]")


def sniff_ppm(head: bytes) -> bool:
    return _HEAD.match(head) is not None


PPM = Codec(
    name="ppm",
    media_type="image/x-portable-pixmap",
    extensions=("ppm", "pgm", "pbm", "pnm", "pfm"),
    sniff=sniff_ppm,
    decoder=still_decoder("ppm", "PPM"),
    is_web=False,
)
