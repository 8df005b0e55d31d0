"""Reading and patching EXIF in place: a TIFF structure (EXIF 2.32 §4.5, TIFF 6.0), never trusted.

The bytes are walked, not rebuilt, so that maker notes and unknown tags survive; whatever points outside the data, or is
of an unknown type, is passed over.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import ExifTags

MAX_ENTRIES = 512
MAX_VALUES = 64
MAX_TEXT = 1000

_ENTRY_BYTES = 12
_INLINE_BYTES = 4
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
#: TIFF type → (struct code, bytes per value); 2 and 7 are read as bytes
_TYPES = {
    1: ("B", 1),
    2: ("s", 1),
    3: ("H", 2),
    4: ("L", 4),
    5: ("LL", 8),
    6: ("b", 1),
    7: ("s", 1),
    8: ("h", 2),
    9: ("l", 4),
    10: ("ll", 8),
    11: ("f", 4),
    12: ("d", 8),
}
_ASCII, _UNDEFINED = 2, 7
_SHORT, _LONG = 3, 4
_THUMBNAIL_START, _THUMBNAIL_BYTES = ExifTags.Base.JpegIFOffset, ExifTags.Base.JpegIFByteCount
_TEXT_OF_UNDEFINED = {ExifTags.Base.ExifVersion, ExifTags.Base.FlashPixVersion, ExifTags.Base.UserComment}
_USER_COMMENT_CODE_BYTES = 8
_SUBDIRECTORIES = {
    int(ExifTags.IFD.Exif): ExifTags.TAGS,
    int(ExifTags.IFD.GPSInfo): ExifTags.GPSTAGS,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag of a directory; ``value_at`` is where its value starts, inside the data."""

    tag: int
    kind: int
    count: int
    value_at: int


@dataclass(frozen=True, slots=True)
class TiffStructure:
    """The bytes of an EXIF block and their byte order."""

    data: bytes
    order: str

    @classmethod
    def find(cls, data: bytes | None) -> "TiffStructure | None":
        """The structure, or None when *data* is not one."""
        order = _ORDERS.get(data[:4]) if data else None
        return cls(data, order) if data and order and len(data) >= 8 else None

    @property
    def first(self) -> int:
        """Offset of the first directory."""
        return self.number(4, "L")

    def number(self, offset: int, code: str) -> int:
        """An integer at *offset*; 0 when that is outside."""
        try:
            return int(struct.unpack_from(self.order + code, self.data, offset)[0])
        except struct.error:
            return 0

    def entries(self, directory: int) -> Iterator[Entry]:
        """The sound entries of the directory at an offset, at most `MAX_ENTRIES`."""
        for index in range(min(self.number(directory, "H"), MAX_ENTRIES)):
            entry = self._entry(directory + 2 + index * _ENTRY_BYTES)
            if entry is not None:
                yield entry

    def link(self, directory: int) -> int:
        """Where the offset of the next directory is stored."""
        return directory + 2 + self.number(directory, "H") * _ENTRY_BYTES

    def find_entry(self, directory: int, tag: int) -> Entry | None:
        return next((entry for entry in self.entries(directory) if entry.tag == tag), None)

    def find_number(self, directory: int, tag: int) -> int | None:
        """The value of a SHORT or LONG tag."""
        entry = self.find_entry(directory, tag)
        if entry is None or entry.kind not in (_SHORT, _LONG):
            return None
        return self.number(entry.value_at, _TYPES[entry.kind][0])

    def value(self, entry: Entry) -> object:
        """The value as JSON types, bounded in length; None for what no reader could use."""
        if entry.kind == _ASCII:
            return _text(self._bytes(entry))
        if entry.kind == _UNDEFINED or entry.tag in _XP_TAGS:
            return _undefined(entry.tag, self._bytes(entry))
        values = self._numbers(entry)
        return values[0] if len(values) == 1 else values or None

    def _entry(self, at: int) -> Entry | None:
        try:
            tag, kind, count = struct.unpack_from(self.order + "HHL", self.data, at)
        except struct.error:
            return None
        size = count * _TYPES.get(kind, ("", 0))[1]
        value_at = at + 8 if size <= _INLINE_BYTES else self.number(at + 8, "L")
        is_sound = size > 0 and value_at + size <= len(self.data)
        return Entry(tag, kind, count, value_at) if is_sound else None

    def _bytes(self, entry: Entry) -> bytes:
        return self.data[entry.value_at : entry.value_at + min(entry.count, 4 * MAX_TEXT)]

    def _numbers(self, entry: Entry) -> list[float | None]:
        code, size = _TYPES[entry.kind]
        positions = range(entry.value_at, entry.value_at + min(entry.count, MAX_VALUES) * size, size)
        return [_quotient(struct.unpack_from(self.order + code, self.data, at)) for at in positions]


def find_orientation(exif: bytes | None) -> int | None:
    """The orientation 1 to 8 (EXIF 2.32 §4.6.4); None when the block says nothing sensible."""
    structure = TiffStructure.find(exif)
    if structure is None:
        return None
    value = structure.find_number(structure.first, ExifTags.Base.Orientation)
    return value if value is not None and 1 <= value <= 8 else None


def upright(exif: bytes | None) -> bytes | None:
    """The block with orientation 1 and without its thumbnail, which would show the picture as it was before."""
    structure = TiffStructure.find(exif)
    if structure is None:
        return exif
    patched = bytearray(structure.data)
    entry = structure.find_entry(structure.first, ExifTags.Base.Orientation)
    if entry is not None and entry.kind in (_SHORT, _LONG):
        struct.pack_into(structure.order + _TYPES[entry.kind][0], patched, entry.value_at, 1)
    _drop_thumbnail(structure, patched)
    return bytes(patched)


def describe_exif(exif: bytes | None) -> dict[str, object]:
    """Tag names and values as JSON types: the main directory, the EXIF one and the GPS one, without binary values."""
    structure = TiffStructure.find(exif)
    if structure is None:
        return {}
    described = dict(_described(structure, structure.first, ExifTags.TAGS))
    for pointer, names in _SUBDIRECTORIES.items():
        directory = structure.find_number(structure.first, pointer)
        if directory:
            described.update(_described(structure, directory, names))
    return described


def _described(structure: TiffStructure, directory: int, names: dict[int, str]) -> Iterator[tuple[str, object]]:
    for entry in structure.entries(directory):
        name = names.get(entry.tag)
        value = structure.value(entry) if name and entry.tag not in _POINTERS else None
        if name and value not in (None, ""):
            yield name, value


def _drop_thumbnail(structure: TiffStructure, patched: bytearray) -> None:
    link = structure.link(structure.first)
    directory = structure.number(link, "L")
    if not directory:
        return
    struct.pack_into(structure.order + "L", patched, link, 0)
    start = structure.find_number(directory, _THUMBNAIL_START) or 0
    end = min(start + (structure.find_number(directory, _THUMBNAIL_BYTES) or 0), len(patched))
    if start >= 8 and end > start and not start <= structure.first < end:
        patched[start:end] = bytes(end - start)


def _quotient(numbers: tuple[float, ...]) -> float | None:
    if len(numbers) == 1:
        number = numbers[0]
        return number if isinstance(number, int) or abs(number) < float("inf") else None
    return round(numbers[0] / numbers[1], 6) if numbers[1] else None


def _undefined(tag: int, data: bytes) -> str | None:
    if tag in _XP_TAGS:
        return _clean(data.decode("utf-16-le", "replace"))
    if tag == ExifTags.Base.UserComment:
        data = data[_USER_COMMENT_CODE_BYTES:]
    return _text(data) if tag in _TEXT_OF_UNDEFINED else None


def _text(data: bytes) -> str:
    try:
        return _clean(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _clean(data.decode("latin-1"))


def _clean(text: str) -> str:
    shown = "".join(letter for letter in text.partition("\0")[0] if letter.isprintable() or letter in "\n\t")
    return shown.strip()[:MAX_TEXT]


_XP_TAGS = {
    ExifTags.Base.XPTitle,
    ExifTags.Base.XPComment,
    ExifTags.Base.XPAuthor,
    ExifTags.Base.XPKeywords,
    ExifTags.Base.XPSubject,
}
_POINTERS = {*_SUBDIRECTORIES, int(ExifTags.IFD.Interop), int(ExifTags.IFD.MakerNote)}
