"""Every sample: where it lies, how large it is, who draws it and how it is stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from PIL import Image

from qis_plugins.samples import animations, charts, documents, horizons, landscapes, subjects, textures
from qis_plugins.samples.captions import Caption, exif_of, xmp_of
from qis_plugins.samples.profile import display_p3

_Drawing = Callable[[int, int], Image.Image | list[Image.Image]]
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_TURNED_BY = {1: None, 6: Image.Transpose.ROTATE_90}


@dataclass(frozen=True, slots=True)
class Sample:
    """One file. ``size`` is what the viewer sees; ``options`` go to Pillow's ``save``."""

    path: str
    size: tuple[int, int]
    draw: _Drawing
    options: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    caption: Caption | None = None

    def save(self, path: Path) -> None:
        """Draw the picture and write it."""
        drawn = self.draw(*self.size)
        first, *rest = drawn if isinstance(drawn, list) else [drawn]
        options = {**self.options, **self._metadata()}
        if rest:
            options |= {"save_all": True, "append_images": rest}
        turn = _TURNED_BY[self.caption.orientation] if self.caption else None
        (first if turn is None else first.transpose(turn)).save(path, **options)

    def _metadata(self) -> dict[str, Any]:
        return {} if self.caption is None else {"exif": exif_of(self.caption), "xmp": xmp_of(self.caption)}


_JPEG: Mapping[str, Any] = {"quality": 88, "subsampling": "4:2:0", "dpi": (300, 300)}

SAMPLES: tuple[Sample, ...] = (
    Sample(
        "landscapes/still-lake.jpg",
        (6000, 4000),
        landscapes.still_lake,
        {**_JPEG, "quality": 84},
        Caption(
            "Still Lake",
            "Snowy mountains in the evening sun over a still lake, 24 megapixels",
            ("mountains", "lake", "evening", "reflection"),
            (46.5601, 8.5617),
            (1 / 250, 8.0, 100, 24),
        ),
    ),
    Sample(
        "landscapes/morning-mist.jpg",
        (3000, 2000),
        horizons.misty_ridges,
        _JPEG,
        Caption(
            "Morning mist",
            "Range behind range of wooded hills soon after sunrise",
            ("hills", "mist", "sunrise"),
            (47.9134, 8.0041),
            (1 / 1000, 11.0, 200, 85),
            "2026:05:03 06:41:00",
        ),
    ),
    Sample(
        "landscapes/dunes.jpg",
        (2700, 1800),
        horizons.dunes,
        _JPEG,
        Caption(
            "Dunes",
            "Sand dunes with wind ripples in low sun",
            ("desert", "sand", "dunes"),
            (-24.7275, 15.3412),
            (1 / 500, 9.0, 100, 35),
            "2026:04:12 17:30:00",
        ),
    ),
    Sample(
        "landscapes/sea-at-dusk.jpg",
        (2700, 1800),
        horizons.sea_at_dusk,
        {**_JPEG, "icc_profile": display_p3()},
        Caption(
            "Sea at dusk",
            "The sun going down over a moving sea; the colours are Display P3",
            ("sea", "sunset", "wide gamut"),
            (54.7890, 8.2930),
            (1 / 320, 5.6, 200, 50),
        ),
    ),
    Sample(
        "landscapes/night-sky.jpg",
        (1800, 2700),
        horizons.night_sky,
        _JPEG,
        Caption(
            "Night sky",
            "The Milky Way over a dark ridge with one lit tent",
            ("night", "stars", "Milky Way"),
            (28.7569, -17.8850),
            (15.0, 2.0, 3200, 20),
            "2026:08:12 01:20:00",
        ),
    ),
    Sample(
        "landscapes/harbour-lights.jpg",
        (2700, 1800),
        subjects.harbour_lights,
        {**_JPEG, "progressive": True},
        Caption(
            "Harbour lights",
            "The lights of a harbour at night, out of focus on the water",
            ("night", "city", "bokeh"),
            (53.5413, 9.9841),
            (1 / 60, 1.4, 800, 50),
            "2026:11:05 19:05:00",
        ),
    ),
    Sample(
        "portraits/owl.jpg",
        (1600, 2000),
        subjects.owl,
        _JPEG,
        Caption(
            "Eagle owl",
            "A portrait of an eagle owl; stored on its side, with an EXIF orientation",
            ("owl", "bird", "portrait"),
            (52.4180, 10.7220),
            (1 / 400, 2.8, 640, 200),
            orientation=6,
        ),
    ),
    Sample(
        "portraits/dahlia.jpg",
        (1600, 2000),
        subjects.dahlia,
        _JPEG,
        Caption(
            "Dahlia",
            "A dahlia in full bloom",
            ("flower", "dahlia", "garden"),
            None,
            (1 / 200, 2.8, 100, 105),
            "2026:09:02 10:12:00",
        ),
    ),
    Sample(
        "portraits/moon.jpg",
        (2000, 2000),
        subjects.moon,
        _JPEG,
        Caption(
            "Waning moon",
            "The moon past its first week, with seas and craters",
            ("moon", "astronomy"),
            None,
            (1 / 125, 8.0, 100, 800),
            "2026:03:28 22:47:00",
        ),
    ),
    Sample("textures/marble.jpg", (2000, 1500), textures.marble, _JPEG, Caption("Marble", "Polished marble with gold")),
    Sample("textures/oak.webp", (2400, 1800), textures.oak, {"quality": 82, "method": 2}),
    Sample("textures/tartan.png", (1400, 1050), textures.tartan, {"compress_level": 6}),
    Sample("textures/pebbles.jpg", (2000, 1500), textures.pebbles, _JPEG, Caption("Pebbles", "Pebbles on a beach")),
    Sample("charts/temperatures.png", (1800, 1200), charts.temperatures, {"optimize": True}),
    Sample("charts/topographic-map.png", (1800, 1350), charts.topographic_map, {"compress_level": 6}),
    Sample("charts/elevation-16-bit.png", (1200, 900), charts.elevation_16_bit, {"compress_level": 6}),
    Sample("charts/test-target.png", (1600, 1200), charts.target, {"compress_level": 6}),
    Sample(
        "documents/field-guide.tif", (1240, 1754), documents.field_guide, {"compression": "tiff_lzw", "dpi": (150, 150)}
    ),
    Sample("documents/poster-cmyk.jpg", (1500, 2000), documents.poster, {"quality": 90, "dpi": (300, 300)}),
    Sample("animations/pendulum-waves.gif", (640, 480), animations.pendulum_waves, {"duration": 60, "loop": 0}),
    Sample(
        "animations/northern-lights.webp",
        (960, 540),
        animations.northern_lights,
        {"duration": 90, "loop": 0, "quality": 75, "method": 2},
    ),
    Sample("logos/qis.png", (1200, 1200), charts.logo, {"compress_level": 6}),
)
