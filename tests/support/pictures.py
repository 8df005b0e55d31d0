"""The pictures of the conformance cases, drawn by code and the same every time (spec image-urls §15)."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.support.icc import adobe_rgb

Size = tuple[int, int]
Colour = tuple[int, int, int]

RED, GREEN, BLUE, YELLOW = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)
QUARTERS: tuple[Colour, Colour, Colour, Colour] = (RED, GREEN, BLUE, YELLOW)
MAGENTA = (255, 0, 255)
LANDSCAPE, PORTRAIT, SMALL, STAMP = (1000, 600), (600, 1000), (400, 300), (300, 200)
EXIF_MAKE, EXIF_ORIENTATION = 0x010F, 0x0112
MAKE = "Conformance"
ADOBE_RGB = adobe_rgb()

ODD_NAMES = ("blue bells.jpg", "naïve — é.jpg", "UPPER.JPG", "q'uo\"te.jpg")
LONG_NAME_LENGTH = 240


def gradient(size: Size) -> Image.Image:
    """A smooth picture: red grows to the right, green downwards, blue towards the top right."""
    x, y = _unit_grid(size)
    return _rgb(np.stack([x, y, (x + 1 - y) / 2], axis=2) * 255)


def quad(size: Size, colours: tuple[Colour, Colour, Colour, Colour] = QUARTERS) -> Image.Image:
    """Four quarters: top left, top right, bottom left, bottom right."""
    index = _quarter_index(size)
    return Image.fromarray(np.array(colours, np.uint8)[index], "RGB")


def with_left_half_transparent(image: Image.Image) -> Image.Image:
    alpha = Image.new("L", image.size, 255)
    alpha.paste(0, (0, 0, image.width // 2, image.height))
    image.putalpha(alpha)
    return image


def palette_quad(size: Size) -> Image.Image:
    """The quad with the palette indices 0 to 3."""
    image = Image.fromarray(_quarter_index(size).astype(np.uint8), "L").convert("P")
    image.putpalette([channel for colour in QUARTERS for channel in colour])
    image.putdata(_quarter_index(size).ravel().tolist())
    return image


def grey_ramp(size: Size) -> Image.Image:
    x, _ = _unit_grid(size)
    return Image.fromarray(np.rint(x * 255).astype(np.uint8), "L")


def deep_grey_ramp(size: Size) -> Image.Image:
    """16 bits, 0 at the left to 65535 at the right."""
    x, _ = _unit_grid(size)
    return Image.fromarray(np.rint(x * 65535).astype(np.uint16))


def checkerboard(size: Size, mode: str) -> Image.Image:
    rows, columns = np.indices((size[1], size[0]))
    return Image.fromarray(((rows + columns) % 2 * 255).astype(np.uint8), "L").convert(mode)


def dark_bars() -> Image.Image:
    """32 bars of 20 px, bar v has the value v."""
    values = np.tile(np.repeat(np.arange(32, dtype=np.uint8), 20), (100, 1))
    return Image.merge("RGB", [Image.fromarray(values, "L")] * 3)


def flat_frames(size: Size) -> list[Image.Image]:
    return [Image.new("RGB", size, colour) for colour in (RED, GREEN, BLUE)]


def draw_all(root: Path) -> Path:
    """Draw every fixture into ``root/t`` and a picture beside the root that nobody may see; give ``root/t``."""
    folder = root / "t"
    folder.mkdir(parents=True)
    for draw in (_draw_photos, _draw_modes, _draw_metadata, _draw_frames, _draw_colour_tests, _draw_oddities):
        draw(folder)
    sibling = root.with_name(root.name + "2")
    sibling.mkdir()
    gradient(STAMP).save(sibling / "leak.jpg")
    return folder


def _draw_photos(folder: Path) -> None:
    gradient(LANDSCAPE).save(folder / "l.jpg", quality=92)
    gradient(PORTRAIT).save(folder / "p.jpg", quality=92)
    quad(LANDSCAPE).save(folder / "q.png")
    gradient((100, 100)).save(folder / "s.png")
    gradient((101, 67)).save(folder / "odd.png")
    gradient((110, 58)).save(folder / "r.png")
    gradient(SMALL).save(folder / "prog.jpg", progressive=True)
    for name in ODD_NAMES:
        gradient(STAMP).save(folder / name, "JPEG")


def _draw_modes(folder: Path) -> None:
    with_left_half_transparent(quad(SMALL)).save(folder / "alpha.png")
    with_left_half_transparent(grey_ramp(SMALL)).save(folder / "la.png")
    grey_ramp(SMALL).save(folder / "gray.jpg")
    grey_ramp(SMALL).convert("1").save(folder / "bw.png")
    palette_quad(SMALL).save(folder / "pal.png")
    palette_quad(SMALL).save(folder / "palt.png", transparency=QUARTERS.index(YELLOW))
    quad(SMALL).convert("CMYK").save(folder / "cmyk.jpg")
    deep_grey_ramp(SMALL).save(folder / "g16.png")
    Image.new("RGBA", (100, 50), (*MAGENTA, 255)).save(folder / "wm.png")


def _draw_metadata(folder: Path) -> None:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 6
    exif[EXIF_MAKE] = MAKE
    gradient(SMALL).save(folder / "exif6.jpg", exif=exif, dpi=(300, 300))
    quad(SMALL).save(folder / "adobe.jpg", icc_profile=ADOBE_RGB, quality=95)
    Image.new("RGB", SMALL, (100, 150, 100)).save(folder / "adobeflat.png", icc_profile=ADOBE_RGB)


def _draw_frames(folder: Path) -> None:
    first, *others = flat_frames((100, 80))
    first.save(folder / "anim.gif", save_all=True, append_images=others, duration=100, loop=0)
    first, *others = flat_frames((200, 100))
    first.save(folder / "multi.tif", save_all=True, append_images=others)
    for name in ("x.tif", "v1.2.tif"):
        gradient(STAMP).save(folder / name)


def _draw_colour_tests(folder: Path) -> None:
    checkerboard((400, 400), "RGB").save(folder / "check.png")
    checkerboard((400, 400), "L").save(folder / "checkl.png")
    dark_bars().save(folder / "dark.png")


def _draw_oddities(folder: Path) -> None:
    whole = (folder / "l.jpg").read_bytes()
    (folder / "trunc.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "corrupt.jpg").write_bytes(b"this is no picture..")
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "notes.txt").write_text("Not a picture at all.\n", encoding="ascii")
    gradient(STAMP).save(folder / ".hidden.jpg")


def replace_file(path: Path, write: Callable[[Path], None]) -> None:
    """Let *write* make a new file and put it at *path* in one step, as an editor or rsync does."""
    new = path.with_name(f".{path.name}.new{path.suffix}")
    write(new)
    new.replace(path)


def _unit_grid(size: Size) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
    return x, y


def _quarter_index(size: Size) -> NDArray[np.intp]:
    rows, columns = np.indices((size[1], size[0]))
    return (rows >= size[1] / 2) * 2 + (columns >= size[0] / 2)


def _rgb(values: NDArray[np.float64]) -> Image.Image:
    return Image.fromarray(np.rint(values).astype(np.uint8), "RGB")
