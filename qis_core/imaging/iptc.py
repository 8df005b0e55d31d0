"""IPTC-IIM records (IIM 4.2): captions and credits of press photographs, and the Photoshop resources they sit in."""

import struct
from collections.abc import Iterator

MAX_DATASETS = 500
MAX_TEXT = 2000

#: the Photoshop image resource that holds IPTC records
IPTC_RESOURCE = 0x0404
#: the first byte of every dataset
IPTC_MARKER = 0x1C
_RESOURCE_HEAD = b"8BIM"
_APPLICATION_RECORD = 2
_ENVELOPE_RECORD, _CHARACTER_SET, _UTF8 = 1, 90, b"\x1b%G"
_EXTENDED = 0x8000
_NAMES = {
    5: "ObjectName",
    7: "EditStatus",
    10: "Urgency",
    15: "Category",
    20: "SupplementalCategories",
    25: "Keywords",
    26: "ContentLocationCode",
    27: "ContentLocationName",
    30: "ReleaseDate",
    35: "ReleaseTime",
    37: "ExpirationDate",
    40: "SpecialInstructions",
    55: "DateCreated",
    60: "TimeCreated",
    65: "OriginatingProgram",
    80: "By-line",
    85: "By-lineTitle",
    90: "City",
    92: "Sub-location",
    95: "Province-State",
    100: "Country-PrimaryLocationCode",
    101: "Country-PrimaryLocationName",
    103: "OriginalTransmissionReference",
    105: "Headline",
    110: "Credit",
    115: "Source",
    116: "CopyrightNotice",
    118: "Contact",
    120: "Caption-Abstract",
    122: "Writer-Editor",
    135: "LanguageIdentifier",
}
#: datasets that may come several times and are always lists
_LISTS = {20, 25, 26, 27, 118}


def describe_iptc(iptc: bytes | None) -> dict[str, object]:
    """The application record by name; repeatable datasets are lists. Damaged records end the reading."""
    described: dict[str, object] = {}
    lists: dict[str, list[str]] = {}
    encoding = "latin-1"
    for record, number, data in _datasets(iptc or b""):
        if (record, number, data) == (_ENVELOPE_RECORD, _CHARACTER_SET, _UTF8):
            encoding = "utf-8"
        elif record == _APPLICATION_RECORD and number in _LISTS:
            lists.setdefault(_NAMES[number], []).append(_text(data, encoding))
        elif record == _APPLICATION_RECORD and number in _NAMES:
            described[_NAMES[number]] = _text(data, encoding)
    return described | lists


def photoshop_resource(iptc: bytes) -> bytes:
    """The records as a Photoshop image resource, as JPEG's APP13 holds them."""
    head = _RESOURCE_HEAD + struct.pack(">HHL", IPTC_RESOURCE, 0, len(iptc))
    return head + iptc + bytes(len(iptc) % 2)


def find_in_resources(resources: bytes) -> bytes | None:
    """The IPTC records in a row of Photoshop image resources, or None."""
    at = 0
    while resources[at : at + 4] == _RESOURCE_HEAD and len(resources) >= at + 12:
        (number, name_bytes) = struct.unpack_from(">HB", resources, at + 4)
        size_at = at + 6 + (name_bytes + 2) // 2 * 2
        size = int.from_bytes(resources[size_at : size_at + 4])
        if number == IPTC_RESOURCE:
            return resources[size_at + 4 : size_at + 4 + size]
        at = size_at + 4 + size + size % 2
    return None


def _datasets(iptc: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    for _ in range(MAX_DATASETS):
        if len(iptc) < at + 5 or iptc[at] != IPTC_MARKER:
            return
        record, number, size = struct.unpack_from(">BBH", iptc, at + 1)
        if size & _EXTENDED:
            return
        yield record, number, iptc[at + 5 : at + 5 + size]
        at += 5 + size


def _text(data: bytes, encoding: str) -> str:
    return data.decode(encoding, "replace").replace("\0", "").strip()[:MAX_TEXT]
