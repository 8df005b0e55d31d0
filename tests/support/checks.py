"""What a row of a conformance case can expect of its answer."""

import html
from collections.abc import Callable

from PIL import Image

from tests.support.answers import Answer

Check = Callable[[Answer], None]
Point = tuple[int, int]

TOLERANCE = 6
COLOURS = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "magenta": (255, 0, 255),
    "cyan": (0, 255, 255),
    "white": (255, 255, 255),
    "grey": (128, 128, 128),
}


def size(width: int, height: int, *, within: int = 0) -> Check:
    """A picture of this size, exact unless *within* allows pixels per axis."""

    def check(answer: Answer) -> None:
        actual = answer.size
        assert abs(actual[0] - width) <= within, f"{actual} is not {width}×{height}: {answer}"
        assert abs(actual[1] - height) <= within, f"{actual} is not {width}×{height}: {answer}"

    return check


def px(colour: str, *points: Point) -> Check:
    """The pixels have this colour, as RGB, by ±6 per channel."""

    def check(answer: Answer) -> None:
        for point in points:
            assert_near(answer, point, answer.rgb(*point), COLOURS[colour])

    return check


def grey(value: int, *points: Point, within: int) -> Check:
    def check(answer: Answer) -> None:
        for point in points:
            assert_near(answer, point, answer.rgb(*point), (value, value, value), within)

    return check


def transparent(*points: Point) -> Check:
    def check(answer: Answer) -> None:
        for point in points:
            assert answer.rgba(*point)[3] == 0, f"{point} is {answer.rgba(*point)}: {answer}"

    return check


def opaque(colour: str, *points: Point) -> Check:
    def check(answer: Answer) -> None:
        for point in points:
            assert_near(answer, point, answer.rgba(*point), (*COLOURS[colour], 255))

    return check


def all_of(colour: str, *, margin: int) -> Check:
    """Every pixel but those nearer than *margin* to an edge, where a resampling filter looks beyond it."""

    def check(answer: Answer) -> None:
        width, height = answer.size
        inside = answer.picture.convert("RGB").crop((margin, margin, width - margin, height - margin))
        for (low, high), wanted in zip(_extrema(inside), COLOURS[colour], strict=True):
            assert low >= wanted - TOLERANCE, f"{(low, high)} is not {colour}: {answer}"
            assert high <= wanted + TOLERANCE, f"{(low, high)} is not {colour}: {answer}"

    return check


def no_magenta(answer: Answer) -> None:
    picture = answer.picture.convert("RGB")
    colours = picture.getcolors(picture.width * picture.height) or []
    seen = [colour for _count, colour in colours if isinstance(colour, tuple) and _is_magenta(colour)]
    assert not seen, f"{seen}: {answer}"


def mode(*wanted: str) -> Check:
    def check(answer: Answer) -> None:
        assert answer.picture.mode in wanted, f"{answer.picture.mode}: {answer}"

    return check


def mime(wanted: str) -> Check:
    def check(answer: Answer) -> None:
        assert answer.status == 200, str(answer)
        assert answer.headers["Content-Type"] == wanted, str(answer)
        assert Image.MIME[str(answer.picture.format)] == wanted, str(answer)

    return check


def progressive(answer: Answer) -> None:
    assert answer.picture.format == "JPEG", str(answer)
    assert answer.picture.info.get("progressive"), f"{answer.picture.info}: {answer}"


def is_ok(answer: Answer) -> None:
    assert answer.picture.size, str(answer)


def status(code: int, *texts: str) -> Check:
    """An error of this status whose page holds these texts."""

    def check(answer: Answer) -> None:
        assert answer.status == code, str(answer)
        for text in texts:
            assert text in html.unescape(answer.text), f"no {text!r}: {answer}"

    return check


def original(name: str) -> Check:
    """The bytes of the file itself."""

    def check(answer: Answer) -> None:
        assert answer.status == 200, str(answer)
        assert answer.files is not None
        assert answer.body == (answer.files / name).read_bytes(), f"not the bytes of {name}: {answer}"

    return check


def header(name: str, wanted: str | None) -> Check:
    """A header has this value, or is absent (None)."""

    def check(answer: Answer) -> None:
        assert answer.headers.get(name) == wanted, f"{name}: {answer.headers.get(name)!r}: {answer}"

    return check


def header_says(name: str, text: str) -> Check:
    def check(answer: Answer) -> None:
        assert text in answer.headers.get(name, ""), f"{name}: {answer.headers.get(name)!r}: {answer}"

    return check


def assert_near(
    answer: Answer, point: Point, actual: tuple[int, ...], wanted: tuple[int, ...], within: int = TOLERANCE
) -> None:
    assert _is_near(actual, wanted, within), f"px{point} is {actual}, not {wanted}: {answer}"


def _is_near(actual: tuple[int, ...], wanted: tuple[int, ...], within: int) -> bool:
    return all(abs(a - b) <= within for a, b in zip(actual, wanted, strict=True))


def _is_magenta(colour: tuple[int, ...]) -> bool:
    return _is_near(colour, COLOURS["magenta"], 25)


def _extrema(image: Image.Image) -> list[tuple[int, int]]:
    """The lowest and the highest value of each channel."""
    bands = [band.histogram() for band in image.split()]
    return [(min(used), max(used)) for used in ([v for v, count in enumerate(band) if count] for band in bands)]
