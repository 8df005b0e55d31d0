"""Metadata out of Pillow's ``info`` and into its ``save`` options."""

import math
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from PIL import ExifTags, Image

from qis_core.contracts.codec import Metadata
from qis_core.errors import UnsupportedImage
from qis_core.imaging.exif import TiffStructure
from qis_core.imaging.profiles import fitting_profile
from qis_plugins.pillow_codecs.opening import quiet

EXIF_PREFIX = b"Exif\0\0"
#: one JPEG segment
MAX_SEGMENT_BYTES = 65_533
MAX_FIELD = 2000
MAX_BLOCK_BYTES = 16_000_000
MIN_DPI, MAX_DPI = 0.5, 65_000.0

#: names in `Metadata.fields` and the TIFF tags they mean
TIFF_FIELDS: Mapping[str, int] = {
    "Description": ExifTags.Base.ImageDescription,
    "Software": ExifTags.Base.Software,
    "Artist": ExifTags.Base.Artist,
    "Copyright": ExifTags.Base.Copyright,
}
#: what is worth taking along from the main directory of a TIFF structure
_KEPT_TAGS = (
    *TIFF_FIELDS.values(),
    ExifTags.Base.Orientation,
    ExifTags.Base.DocumentName,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.DateTime,
    ExifTags.Base.HostComputer,
    ExifTags.Base.Rating,
)
#: stands for the offset of a directory, which is not known before everything is written
_SOMEWHERE = 0
_KEPT_DIRECTORIES = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
_MODE_OF_GREY = ("1", "L", "LA", "La", "I", "F")


def read_metadata(image: Image.Image, **more: Any) -> Metadata:
    """What Pillow found in the file; *more* are fields of `Metadata` that the format knows better."""
    info = image.info
    found: dict[str, Any] = {
        "icc_profile": find_profile(image),
        "exif": tiff_structure(info.get("exif")),
        "xmp": bounded(info.get("xmp")),
        "dpi": find_dpi(info.get("dpi")),
    }
    return Metadata(**{**found, **more})


def find_profile(image: Image.Image) -> bytes | None:
    """The embedded profile when it is whole and for this picture's kind of colour; others are of no use to anyone."""
    return fitting_profile(bounded(image.info.get("icc_profile")), _base_mode(image.mode))


def tiff_structure(block: object) -> bytes | None:
    """An EXIF block without prefix, or None when it is none."""
    data = bounded(block)
    data = data.removeprefix(EXIF_PREFIX) if data else None
    return data if TiffStructure.find(data) else None


def bounded(value: object) -> bytes | None:
    """Bytes or text of a sensible length; None for anything else."""
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        value = value.encode("utf-8", "replace")
    return value if isinstance(value, bytes) and 0 < len(value) <= MAX_BLOCK_BYTES else None


def find_dpi(value: object) -> tuple[float, float] | None:
    """Both resolutions when they make sense."""
    if not isinstance(value, Sequence):
        return None
    try:
        x, y = (float(part) for part in value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    sensible = all(math.isfinite(dpi) and MIN_DPI <= dpi <= MAX_DPI for dpi in (x, y))
    return (round(x, 4), round(y, 4)) if sensible else None


def texts(found: Mapping[Any, object], names: Mapping[str, str]) -> dict[str, str]:
    """Fields by our names, from *found* by its own, cleaned and bounded; *names* maps theirs to ours."""
    kept = {}
    for theirs, ours in names.items():
        value = found.get(theirs)
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if isinstance(text, str) and text.strip("\0 \r\n\t"):
            kept[ours] = text.strip("\0 \r\n\t")[:MAX_FIELD]
    return kept


def tiff_directory(metadata: Metadata) -> Image.Exif:
    """EXIF and fields as the tags of a new TIFF structure: what describes the picture, not how it was stored."""
    kept = descriptive_tags(parsed_exif(metadata.exif))
    for name, tag in TIFF_FIELDS.items():
        if name in metadata.fields:
            kept[tag] = metadata.fields[name]
    return kept


def descriptive_tags(source: Image.Exif) -> Image.Exif:
    """The part of a directory that says something about the picture; empty when it cannot be written again."""
    kept = Image.Exif()
    with quiet():
        try:
            _copy_tags(source, kept)
            kept.tobytes()
        except Exception:
            return Image.Exif()
    return kept


def parsed_exif(exif: bytes | None) -> Image.Exif:
    """The tags of a TIFF structure; none when it is damaged."""
    parsed = Image.Exif()
    with quiet():
        try:
            parsed.load(exif or b"")
        except Exception:
            return Image.Exif()
    return parsed


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The picture as a file of Pillow's format *kind*; options that are None are left out."""
    buffer = BytesIO()
    given = {name: value for name, value in options.items() if value is not None}
    try:
        with quiet():
            bare(image).save(buffer, kind, **given)
    except Exception as error:
        width, height = image.size
        raise UnsupportedImage(f"a {image.mode} picture of {width}×{height} px cannot be stored as {kind}") from error
    return buffer.getvalue()


def bare(image: Image.Image) -> Image.Image:
    """The pixels without ``info``, which encoders would mix with the options they are given."""
    if not image.info:
        return image
    copy = image.copy()
    copy.info = {}
    return copy


def _copy_tags(source: Image.Exif, kept: Image.Exif) -> None:
    for tag in _KEPT_TAGS:
        if source.get(tag) is not None:
            kept[tag] = source[tag]
    for directory in _KEPT_DIRECTORIES:
        tags = source.get_ifd(directory)
        if tags:
            kept.get_ifd(directory).update({tag: value for tag, value in tags.items() if not isinstance(value, dict)})
            kept[directory] = _SOMEWHERE


def _base_mode(mode: str) -> str:
    if mode in _MODE_OF_GREY or mode.startswith("I;"):
        return "L"
    return "CMYK" if mode == "CMYK" else "RGB"
