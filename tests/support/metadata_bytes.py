"""EXIF, IPTC and XMP built byte by byte, right and wrong."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

ASCII, SHORT, LONG, RATIONAL, UNDEFINED = 2, 3, 4, 5, 7
ORIENTATION, MAKE = 0x0112, 0x010F
EXIF_POINTER, GPS_POINTER = 0x8769, 0x8825


@dataclass(frozen=True)
class Tag:
    """A tag with its value as it is stored."""

    number: int
    kind: int
    count: int
    value: bytes


def text(number: int, value: str) -> Tag:
    stored = value.encode() + b"\0"
    return Tag(number, ASCII, len(stored), stored)


def short(number: int, *values: int, order: str = "<") -> Tag:
    return Tag(number, SHORT, len(values), struct.pack(f"{order}{len(values)}H", *values))


def long(number: int, *values: int, order: str = "<") -> Tag:
    return Tag(number, LONG, len(values), struct.pack(f"{order}{len(values)}L", *values))


def rational(number: int, *values: tuple[int, int], order: str = "<") -> Tag:
    flat = [part for value in values for part in value]
    return Tag(number, RATIONAL, len(values), struct.pack(f"{order}{len(flat)}L", *flat))


def undefined(number: int, value: bytes) -> Tag:
    return Tag(number, UNDEFINED, len(value), value)


def directory(tags: Sequence[Tag], start: int, order: str = "<", next_start: int = 0) -> bytes:
    """A directory as it is stored at *start*, the values that do not fit into it behind it."""
    table, values = struct.pack(f"{order}H", len(tags)), b""
    values_start = start + 2 + 12 * len(tags) + 4
    for tag in tags:
        table += struct.pack(f"{order}HHL", tag.number, tag.kind, tag.count)
        if len(tag.value) <= 4:
            table += tag.value.ljust(4, b"\0")
        else:
            table += struct.pack(f"{order}L", values_start + len(values))
            values += tag.value + bytes(len(tag.value) % 2)
    return table + struct.pack(f"{order}L", next_start) + values


def exif(*tags: Tag, order: str = "<") -> bytes:
    """A block with one directory."""
    return head(order) + directory(tags, 8, order)


def exif_with_parts(main: Sequence[Tag], camera: Sequence[Tag] = (), place: Sequence[Tag] = ()) -> bytes:
    """A little-endian block with a directory for the camera's settings and one for the place."""
    room = len(directory([*main, long(EXIF_POINTER, 0), long(GPS_POINTER, 0)], 8))
    camera_start = 8 + room
    camera_part = directory(camera, camera_start)
    place_start = camera_start + len(camera_part)
    pointers = [long(EXIF_POINTER, camera_start), long(GPS_POINTER, place_start)]
    return head("<") + directory([*main, *pointers], 8) + camera_part + directory(place, place_start)


def exif_with_thumbnail(thumbnail: bytes, *tags: Tag) -> bytes:
    """A little-endian block whose second directory points at a small JPEG."""
    second_start = 8 + len(directory(tags, 8))
    thumbnail_start = second_start + len(directory([long(0x0201, 0), long(0x0202, 0)], second_start))
    pointers = [long(0x0201, thumbnail_start), long(0x0202, len(thumbnail))]
    first = directory(tags, 8, next_start=second_start)
    return head("<") + first + directory(pointers, second_start) + thumbnail


def head(order: str) -> bytes:
    return struct.pack(f"{order}2sHL", b"II" if order == "<" else b"MM", 42, 8)


def dataset(record: int, number: int, value: bytes) -> bytes:
    """One IPTC-IIM dataset."""
    return struct.pack(">BBBH", 0x1C, record, number, len(value)) + value


def iptc(*values: tuple[int, str], utf8: bool = False) -> bytes:
    """Datasets of the application record, after the mark for UTF-8 when they are in it."""
    mark = dataset(1, 90, b"\x1b%G") if utf8 else b""
    encoding = "utf-8" if utf8 else "latin-1"
    return mark + b"".join(dataset(2, number, value.encode(encoding)) for number, value in values)


def xmp(properties: str, attributes: str = "") -> bytes:
    """A packet with these elements and attributes in its description."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" {attributes}>'
        f'{properties}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()
