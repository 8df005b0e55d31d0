"""Pictures, metadata and damage for the codec contracts; the same every time."""

import itertools
import random
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageChops, ImageCms, ImageStat

from qis_core.contracts.codec import Codec, EncodeRequest, Metadata

SIZE = (48, 32)
DURATIONS_MS = (100, 250, 400)
EXIF_MAKE = "Contract"
_COLOURS = ((220, 40, 40), (40, 200, 60), (50, 60, 210), (230, 220, 50))
_BASES = {"L": "L", "LA": "L", "RGB": "RGB", "RGBA": "RGB", "CMYK": "CMYK"}

#: first bytes of files that are something else
STRANGERS = (
    b"",
    b"\0" * 64,
    b"Not a picture at all.\n" * 3,
    b"<svg xmlns='http://www.w3.org/2000/svg'/>".ljust(64),
    b"%PDF-1.7\n".ljust(64, b"\n"),
    b"PK\x03\x04".ljust(64, b"\0"),
    b"\x7fELF\x02\x01\x01".ljust(64, b"\0"),
    b"%!PS-Adobe-3.0 EPSF-3.0\n".ljust(64),
)


def picture(mode: str, size: tuple[int, int] = SIZE, turn: int = 0) -> Image.Image:
    """Four quarters of different colours, which change places with *turn*; in alpha modes one of them is clear."""
    rows, columns = np.indices((size[1], size[0]))
    quarter = (rows >= size[1] / 2) * 2 + (columns >= size[0] / 2)
    colours = np.roll(np.array(_COLOURS, np.uint8), turn, axis=0)
    image = Image.fromarray(colours[quarter]).convert(_BASES[mode])
    if mode in ("LA", "RGBA"):
        clear = np.where(quarter == turn, 0, 255).astype(np.uint8)
        image.putalpha(Image.fromarray(clear))
    return image


def frames(mode: str) -> list[Image.Image]:
    """Three different pictures of one size."""
    return [picture(mode, turn=turn) for turn in range(len(DURATIONS_MS))]


def samples_by_encoder(codec: Codec) -> dict[str, bytes]:
    """A sound file for each mode and variant that the codec writes, and an animation when it can."""
    encoder = codec.encoder
    if encoder is None:
        return {}
    made = {
        f"{mode}{'-' if variant else ''}{variant}": encoder.encode([picture(mode)], EncodeRequest(variant=variant))
        for mode in encoder.modes
        for variant in dict.fromkeys(encoder.names.values())
    }
    if encoder.can_animate:
        request = EncodeRequest(durations_ms=DURATIONS_MS, loop=0)
        made["animated"] = encoder.encode(frames(encoder.modes[-1]), request)
    return made


def metadata_for(mode: str) -> Metadata:
    """A little of every kind; the profile fits the mode, except that CMYK has none."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() if mode.startswith("RGB") else None
    return Metadata(icc_profile=profile, exif=exif(), xmp=xmp(), iptc=iptc(), dpi=(300.0, 300.0))


def garbage_metadata() -> Metadata:
    """Blocks that are broken, too long, or both."""
    return Metadata(
        icc_profile=b"\0" * 300,
        exif=b"II*\0\xff\xff\xff\x7f" + b"\xff" * 100_000,
        xmp=b"<broken \xff\xfe" * 20_000,
        iptc=b"\x1c\x02\xff\x7f" * 40_000,
        dpi=(1e9, 0.0),
        fields={"Software": "ł" * 3000, "Comment": "\0", "Description": "two\nlines", "compression": "none such"},
    )


def exif() -> bytes:
    """A little-endian TIFF structure with a Make and the orientation 1."""
    make = EXIF_MAKE.encode() + b"\0"
    head, table_bytes = struct.pack("<2sHL", b"II", 42, 8), 2 + 2 * 12 + 4
    entries = struct.pack("<HHLL", 0x010F, 2, len(make), 8 + table_bytes)
    entries += struct.pack("<HHLHH", 0x0112, 3, 1, 1, 0)
    return head + struct.pack("<H", 2) + entries + bytes(4) + make


def xmp() -> bytes:
    return (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/contract"/>'
        b"</rdf:RDF></x:xmpmeta>"
    )


def iptc() -> bytes:
    """A city and two keywords as IIM records."""
    datasets = ((90, b"Bruxelles"), (25, b"first"), (25, b"second"))
    return b"".join(struct.pack(">BBBH", 0x1C, 2, number, len(text)) + text for number, text in datasets)


def damaged(data: bytes, count: int) -> Iterator[bytes]:
    """*count* variants: cut off, bits turned, lengths changed, parts repeated, swapped or left out."""
    for seed in range(count):
        chance = random.Random(f"{seed} {zlib.crc32(data)}")
        spoilt = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            _spoil(spoilt, chance)
        yield bytes(spoilt)


def mean_difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference, 0 to 255, of the worst channel as RGBA; what is clear in either has no colour."""
    shown = [image.convert("RGBA") for image in (one, other)]
    alphas = [image.getchannel("A") for image in shown]
    for image, alpha in itertools.product(shown, alphas):
        image.paste((0, 0, 0, 0), mask=alpha.point(lambda value: 255 * (value < 128)))
    for image, alpha in zip(shown, alphas, strict=True):
        image.putalpha(alpha)
    return max(ImageStat.Stat(ImageChops.difference(*shown)).mean)


def has_alpha(image: Image.Image) -> bool:
    return image.mode in ("LA", "RGBA")


def _spoil(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data) if chance.random() < 0.5 else min(len(data), 200)) if data else 0
    length = chance.randint(1, 40)
    match chance.randrange(6):
        case 0:
            del data[at:]
        case 1:
            del data[at : at + length]
        case 2:
            data[at:at] = data[at : at + length]
        case 3:
            data[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\x01\0\0"))
        case _:
            data[at : at + 1] = bytes([chance.randrange(256)])
