"""Overlay, text, corners and colours through planner, executor and codecs."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from qis_core.contracts.codec import Codec, Decoded, DecodeRequest
from qis_core.contracts.operation import Operation
from qis_core.domain.images import Fingerprint, SourceFacts
from qis_core.imaging.executor import Executor, RenderJob
from qis_core.imaging.plan import ImagePlan
from qis_core.imaging.planner import PlanInput, Planner
from qis_core.plugins import PluginRegistry
from qis_core.settings import Settings
from tests.support.icc import adobe_rgb


@dataclass(frozen=True)
class Counting:
    """A toolbox whose PNG decoder counts the files it opens."""

    registry: PluginRegistry
    opened: list[str] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        return self.registry.settings

    @property
    def operations(self) -> tuple[Operation[Any], ...]:
        return self.registry.operations

    @property
    def operation(self) -> Mapping[str, Operation[Any]]:
        return self.registry.operation

    @property
    def codecs(self) -> Mapping[str, Codec]:
        png = self.registry.codecs["png"]
        assert png.decoder is not None
        plain = png.decoder.decode

        def decode(path: Path, request: DecodeRequest) -> Decoded:
            self.opened.append(path.name)
            return plain(path, request)

        return {**self.registry.codecs, "png": replace(png, decoder=replace(png.decoder, decode=decode))}

    def choose_format(self, accept: tuple[str, ...], facts: SourceFacts) -> str | None:
        return None


@dataclass(frozen=True)
class Repository:
    """A folder of pictures, and what is made of them."""

    folder: Path
    toolbox: Counting

    def save(self, name: str, image: Image.Image, **options: Any) -> None:
        image.save(self.folder / name, **options)

    def facts(self, name: str) -> SourceFacts:
        path = self.folder / name
        codec = next(codec for codec in self.toolbox.codecs.values() if codec.sniff(path.read_bytes()[:64]))
        assert codec.decoder is not None
        facts = codec.decoder.probe(path)
        return SourceFacts(1, name, Fingerprint("1-1"), facts.size, facts, path.stat().st_size, 1)

    def plan(self, name: str, **texts: str) -> ImagePlan:
        table = self.toolbox.registry.parameters
        values = table.check(table.parse(list(texts.items())))
        return Planner(self.toolbox).plan(PlanInput(self.facts(name), values, frozenset(values)), self.facts)

    def show(self, name: str, **texts: str) -> Image.Image:
        plan = self.plan(name, **texts)
        others = {other.src: self.folder / other.src for other in plan.others}
        rendered = Executor(self.toolbox).render(RenderJob(plan, self.folder / name, others))
        image = Image.open(io.BytesIO(rendered.content), formats=["PNG", "JPEG", "GIF", "TIFF"])
        image.load()
        assert image.size == plan.size == rendered.size
        return image


@pytest.fixture(scope="module")
def registry() -> PluginRegistry:
    return PluginRegistry.load({"qis.plugins": "operations pillow"}, {})


@pytest.fixture
def repository(tmp_path: Path, registry: PluginRegistry) -> Repository:
    made = Repository(tmp_path, Counting(registry))
    quad = Image.new("RGB", (1000, 600), (255, 0, 0))
    for color, box in (((0, 255, 0), (500, 0)), ((0, 0, 255), (0, 300)), ((255, 255, 0), (500, 300))):
        quad.paste(color, (*box, box[0] + 500, box[1] + 300))
    made.save("q.png", quad)
    made.save("wm.png", Image.new("RGBA", (100, 50), (255, 0, 255, 255)))
    made.save("inks.jpg", Image.new("CMYK", (200, 100), (0, 128, 191, 55)), quality=95)
    made.save("adobe.jpg", Image.new("RGB", (200, 100), (144, 255, 60)), icc_profile=adobe_rgb(), quality=95)
    frames = [Image.new("RGB", (100, 80), color) for color in ((255, 0, 0), (0, 255, 0), (0, 0, 255))]
    made.save("anim.gif", frames[0], save_all=True, append_images=frames[1:], duration=100)
    return made


def test_case_97(repository: Repository) -> None:
    image = repository.show("q.png", width="200", overlay="/wm.png", ovsize="0.25", ovpos="se")
    assert image.getpixel((195, 115)) == (255, 0, 255)
    assert image.getpixel((145, 115)) == (255, 255, 0)


@pytest.mark.parametrize("unseen", [{"ovopacity": "0"}, {"ovsize": "0"}, {"ovsize": ""}])
def test_case_98(repository: Repository, unseen: dict[str, str]) -> None:
    asked = repository.plan("q.png", width="200", overlay="wm.png", **unseen)
    assert asked.key == repository.plan("q.png", width="200").key


def test_the_overlay_is_part_of_the_key(repository: Repository) -> None:
    before = repository.plan("q.png", overlay="wm.png")
    changed = replace(before.others[0], fingerprint=Fingerprint("2-2"))
    assert replace(before, others=(changed,)).key != before.key


def test_an_overlay_is_opened_once_for_all_frames(repository: Repository) -> None:
    image = repository.show("anim.gif", overlay="wm.png", ovpos="se", ovsize="0.5")
    assert getattr(image, "n_frames", 1) == 3
    assert repository.toolbox.opened == ["wm.png"]
    for frame in range(3):
        image.seek(frame)
        assert image.convert("RGB").getpixel((90, 75)) == (255, 0, 255)


def test_an_overlay_brings_its_profile(repository: Repository) -> None:
    image = repository.show("q.png", overlay="adobe.jpg", format="png")
    assert image.getpixel((500, 300)) == pytest.approx((0, 255, 0), abs=8)


def test_round_corners_in_jpeg_take_the_fill(repository: Repository) -> None:
    image = repository.show("q.png", round="50%", format="jpg", fill="00ffff", width="300")
    assert image.getpixel((2, 2)) == pytest.approx((0, 255, 255), abs=6)
    assert repository.show("q.png", round="50%", width="300").getpixel((0, 0))[3] == 0


def test_text_follows_the_picture_through_the_resize(repository: Repository) -> None:
    large, small = (repository.plan("q.png", text="Hi", width=width).steps[-1].value for width in ("1000", "100"))
    assert large.size_px == 10 * small.size_px


@pytest.mark.parametrize(
    ("request_", "mode", "expected"),
    [
        ({"colorspace": "rgb"}, "RGB", (200, 100, 50)),
        ({"format": "png"}, "RGB", (200, 100, 50)),
        ({"format": "png", "colorspace": "cmyk"}, "RGB", (200, 100, 50)),
        ({"colorspace": "gray"}, "L", 124),
        ({"width": "50"}, "CMYK", (0, 128, 191, 55)),
    ],
)
def test_inks(repository: Repository, request_: dict[str, str], mode: str, expected: object) -> None:
    image = repository.show("inks.jpg", **request_)
    assert image.mode == mode
    assert image.getpixel((5, 5)) == pytest.approx(expected, abs=4)


def test_strip_brings_colours_to_srgb(repository: Repository) -> None:
    """Case 87 and 88."""
    stripped = repository.show("adobe.jpg", strip="1", format="png")
    assert "icc_profile" not in stripped.info
    assert stripped.getpixel((5, 5)) == pytest.approx((0, 255, 0), abs=8)
    kept = repository.show("adobe.jpg", strip="0", width="100")
    assert kept.info["icc_profile"] == adobe_rgb()


@pytest.mark.parametrize("kind", ["blurhash", "thumbhash", "color"])
def test_placeholders_are_small_files(repository: Repository, kind: str) -> None:
    plan = repository.plan("q.png", width="400", placeholder=kind, format="jpg")
    rendered = Executor(repository.toolbox).render(RenderJob(plan, repository.folder / "q.png", {}))
    assert rendered.size == (400, 240)
    assert len(rendered.content) < 6000
