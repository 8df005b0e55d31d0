"""Camera and place in TIFF: directories that hang on the main one, which Pillow cannot write into compressed files."""

import struct
from typing import Any

from PIL import ExifTags, Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

DIRECTORIES = (int(ExifTags.IFD.Exif), int(ExifTags.IFD.GPSInfo))

_LITTLE_ENDIAN = b"II*\0"
_ENTRY_BYTES = 12
_LONG = 4


def with_directories(content: bytes, directories: dict[int, dict[int, Any]]) -> bytes:
    """A little-endian TIFF file of one page with these directories at its end, by the tag that points to each.

    The main directory is written anew behind them; the old one stays where it was and is not used any more.
    """
    if not directories or not content.startswith(_LITTLE_ENDIAN):
        return content
    extended, entries = bytearray(content), _entries(content)
    for pointer, tags in directories.items():
        _align(extended)
        entries.append(struct.pack("<HHLL", pointer, _LONG, 1, len(extended)))
        extended += _stored(pointer, tags, len(extended))
    _align(extended)
    struct.pack_into("<L", extended, 4, len(extended))
    ordered: list[bytes] = sorted(entries, key=_tag_of)
    extended += struct.pack("<H", len(ordered)) + b"".join(ordered) + bytes(4)
    return bytes(extended)


def take_directories(tags: Image.Exif) -> dict[int, dict[int, Any]]:
    """Take the directories out of *tags*, which keeps the rest."""
    taken = {}
    for pointer in DIRECTORIES:
        if pointer in tags:
            taken[pointer] = dict(tags.get_ifd(pointer))
            del tags[pointer]
    return taken


def _entries(content: bytes) -> list[bytes]:
    (start,) = struct.unpack_from("<L", content, 4)
    (count,) = struct.unpack_from("<H", content, start)
    positions = range(start + 2, start + 2 + count * _ENTRY_BYTES, _ENTRY_BYTES)
    return [content[at : at + _ENTRY_BYTES] for at in positions]


def _stored(pointer: int, tags: dict[int, Any], start: int) -> bytes:
    directory = ImageFileDirectory_v2(prefix=_LITTLE_ENDIAN[:2], group=pointer)
    for tag, value in tags.items():
        directory[tag] = value
    return directory.tobytes(start)


def _tag_of(entry: bytes) -> int:
    return int.from_bytes(entry[:2], "little")


def _align(content: bytearray) -> None:
    content += bytes(len(content) % 2)
