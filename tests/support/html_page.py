"""A page of the server as its readers have it: elements, texts, addresses."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"img", "input", "link", "meta", "br", "wbr", "use", "rect", "hr"})


@dataclass
class Element:
    """An element with its attributes, and everything written inside it."""

    tag: str
    attributes: dict[str, str]
    parent: "Element | None" = None
    pieces: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str) -> str | None:
        return self.attributes.get(name)

    @property
    def text(self) -> str:
        """The text inside, with single spaces."""
        return " ".join("".join(self.pieces).split())

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    def is_inside(self, other: "Element") -> bool:
        place: Element | None = self
        while place is not None:
            if place is other:
                return True
            place = place.parent
        return False


class HtmlPage(HTMLParser):
    """Reads a page; fails on one whose tags do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source = text
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(text)
        self.close()
        assert not self._open, f"never closed: {[one.tag for one in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag} has an attribute twice: {names}"
        element = Element(tag, {name: text or "" for name, text in attrs}, self._open[-1] if self._open else None)
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            opened = self._open.pop()
            assert opened.tag == tag, f"<{opened.tag}> is closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.pieces.append(data)

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Elements of this kind with these attributes; ``class_`` asks for one class of several."""
        return list(self._matching(tag, attributes))

    def one(self, tag: str, **attributes: str) -> Element:
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} × {tag} {attributes}\n{self.source}"
        return found[0]

    def inside(self, outer: Element, tag: str, **attributes: str) -> list[Element]:
        return [element for element in self.all(tag, **attributes) if element.is_inside(outer)]

    @property
    def text(self) -> str:
        return self.one("body").text

    @property
    def addresses(self) -> list[str]:
        """Everything that the page links to or loads."""
        names = ("src", "href", "action", "data-base", "srcset", "poster")
        return [element[name] for element in self.elements for name in names if element.get(name)]

    def _matching(self, tag: str, attributes: dict[str, str]) -> Iterator[Element]:
        wanted = dict(attributes)
        class_name = wanted.pop("class_", None)
        for element in self.elements:
            if element.tag != tag or (class_name and class_name not in element.classes):
                continue
            if all(element.get(name.replace("_", "-")) == text for name, text in wanted.items()):
                yield element
