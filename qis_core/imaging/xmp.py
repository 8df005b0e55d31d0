"""XMP packets (ISO 16684-1): RDF/XML from strangers, read with defusedxml."""

import re
from collections.abc import Iterator
from io import BytesIO
from xml.etree.ElementTree import Element

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

MAX_PACKET_BYTES = 1_000_000
MAX_PROPERTIES = 300
MAX_VALUES = 100
MAX_TEXT = 2000

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_CONTAINERS = {f"{_RDF}Bag", f"{_RDF}Seq", f"{_RDF}Alt"}
_ORIENTATION = re.compile(rb"""(tiff:Orientation\s*(?:=\s*["']|>)\s*)[0-9]{1,2}""")

Prefixes = dict[str, str]


def upright(xmp: bytes | None) -> bytes | None:
    """The packet with ``tiff:Orientation`` 1 where it has one."""
    return _ORIENTATION.sub(rb"\g<1>1", xmp) if xmp else xmp


def describe_xmp(xmp: bytes | None) -> dict[str, object]:
    """Properties as ``prefix:name``; arrays are lists, structures are left out. Broken or hostile XML gives none."""
    if not xmp or len(xmp) > MAX_PACKET_BYTES:
        return {}
    try:
        root, prefixes = _parse(xmp)
    except (SyntaxError, ValueError, LookupError, DefusedXmlException):
        return {}
    described: dict[str, object] = {}
    for name, value in _properties(root, prefixes):
        if len(described) >= MAX_PROPERTIES:
            break
        described.setdefault(name, value)
    return described


def _parse(xmp: bytes) -> tuple[Element, Prefixes]:
    """The root and the packet's own prefixes by namespace; raises what `describe_xmp` expects."""
    prefixes: Prefixes = {}
    elements: list[Element] = []
    events = ("start-ns", "start")
    for event, value in defusedxml.ElementTree.iterparse(BytesIO(xmp.strip(b"\0 \r\n\t")), events, forbid_dtd=True):
        if event == "start-ns":
            prefixes.setdefault(value[1], value[0])
        else:
            elements.append(value)
    return elements[0], prefixes


def _properties(root: Element, prefixes: Prefixes) -> Iterator[tuple[str, object]]:
    for description in root.iter(f"{_RDF}Description"):
        for key, text in description.attrib.items():
            if not key.startswith(_RDF):
                yield _name(key, prefixes), _text(text)
        for child in description:
            value = _value(child)
            if value:
                yield _name(child.tag, prefixes), value


def _value(element: Element) -> object:
    container = next((child for child in element if child.tag in _CONTAINERS), None)
    if container is None:
        return _text(element.text)
    items = [_text(item.text) for item in container.findall(f"{_RDF}li")[:MAX_VALUES]]
    values = [item for item in items if item]
    return values[0] if values and container.tag == f"{_RDF}Alt" else values


def _name(key: str, prefixes: Prefixes) -> str:
    namespace, _, local = key.removeprefix("{").rpartition("}")
    prefix = prefixes.get(namespace, "")
    return f"{prefix}:{local}" if prefix else local


def _text(text: str | None) -> str:
    return (text or "").strip()[:MAX_TEXT]
