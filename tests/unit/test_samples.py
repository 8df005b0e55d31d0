"""The sample pictures: of every kind, the same on every machine, each written whole or not at all. Drawn small here."""

import hashlib
import io
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps
from PIL.ExifTags import IFD, Base

import qis_plugins.samples.drawing
from qis_plugins.samples.drawing import SAMPLES, Sample, write_samples
from qis_plugins.samples.light import add_grain, colour, develop
from qis_plugins.samples.noise import read, smooth, spectral
from qis_plugins.samples.profile import display_p3

SMALL = tuple(replace(sample, size=(sample.size[0] // 10, sample.size[1] // 10)) for sample in SAMPLES)
BY_PATH = {sample.path: sample for sample in SMALL}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qis_plugins.samples.drawing, "SAMPLES", SMALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All samples, small, drawn once."""
    folder = tmp_path_factory.mktemp("samples")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(qis_plugins.samples.drawing, "SAMPLES", SMALL)
        write_samples(folder)
    return folder


def opened(folder: Path, path: str) -> Image.Image:
    with Image.open(folder / path) as image:
        image.load()
        return image


class TestCollection:
    def test_one_has_exactly_24_megapixels(self) -> None:
        assert [sample.path for sample in SAMPLES if sample.size[0] * sample.size[1] == 24_000_000] == [
            "landscapes/still-lake.jpg"
        ]
        assert SAMPLES[0].size == (6000, 4000)

    def test_photographs_have_a_few_megapixels(self) -> None:
        sizes = [s.size[0] * s.size[1] for s in SAMPLES if s.path.startswith(("landscapes", "portraits", "textures"))]
        assert all(1_400_000 <= size <= 24_000_000 for size in sizes)

    def test_lie_in_several_folders(self) -> None:
        folders = Counter(sample.path.partition("/")[0] for sample in SAMPLES)
        assert set(folders) == {"landscapes", "portraits", "textures", "charts", "documents", "animations", "logos"}
        assert folders["landscapes"] >= 5

    def test_names_are_plain_and_differ(self) -> None:
        assert len({sample.path for sample in SAMPLES}) == len(SAMPLES)
        assert all(sample.path.isascii() and " " not in sample.path for sample in SAMPLES)


class TestFiles:
    @pytest.mark.parametrize("sample", SMALL, ids=lambda sample: sample.path)
    def test_each_can_be_opened_and_has_its_size(self, folder: Path, sample: Sample) -> None:
        assert ImageOps.exif_transpose(opened(folder, sample.path)).size == sample.size

    @pytest.mark.parametrize(
        ("path", "format_", "mode"),
        [
            ("landscapes/still-lake.jpg", "JPEG", "RGB"),
            ("textures/oak.webp", "WEBP", "RGB"),
            ("textures/tartan.png", "PNG", "RGB"),
            ("charts/temperatures.png", "PNG", "P"),
            ("charts/test-target.png", "PNG", "L"),
            ("charts/elevation-16-bit.png", "PNG", "I;16"),
            ("documents/field-guide.tif", "TIFF", "1"),
            ("documents/poster-cmyk.jpg", "JPEG", "CMYK"),
            ("logos/qis.png", "PNG", "RGBA"),
        ],
    )
    def test_formats_and_pixel_modes(self, folder: Path, path: str, format_: str, mode: str) -> None:
        with Image.open(folder / path) as image:
            assert (image.format, image.mode) == (format_, mode)

    def test_document_has_pages_of_four_kinds(self, folder: Path) -> None:
        with Image.open(folder / "documents/field-guide.tif") as image:
            modes = []
            for page in range(image.n_frames):
                image.seek(page)
                modes.append(image.mode)
        assert modes == ["1", "RGB", "L", "RGB"]

    @pytest.mark.parametrize(
        ("path", "frames"), [("animations/pendulum-waves.gif", 60), ("animations/northern-lights.webp", 24)]
    )
    def test_animations_move_and_loop(self, folder: Path, path: str, frames: int) -> None:
        with Image.open(folder / path) as image:
            assert (image.n_frames, image.is_animated, image.info.get("loop")) == (frames, True, 0)
            first = image.convert("RGB").tobytes()
            image.seek(frames // 2)
            assert image.convert("RGB").tobytes() != first

    def test_logo_is_transparent_outside_and_in_the_middle(self, folder: Path) -> None:
        alpha = opened(folder, "logos/qis.png").getchannel("A")
        assert [alpha.getpixel(place) for place in ((0, 0), (60, 60))] == [0, 0]
        assert alpha.getpixel((60, 24)) > 200

    def test_elevation_uses_all_16_bits(self, folder: Path) -> None:
        values = np.asarray(opened(folder, "charts/elevation-16-bit.png"))
        assert (values.min(), values.max()) == (0, 65535)
        assert len(np.unique(values)) > 5000

    def test_one_is_stored_on_its_side(self, folder: Path) -> None:
        image = opened(folder, "portraits/owl.jpg")
        assert image.width > image.height
        assert image.getexif()[Base.Orientation] == 6
        upright = np.asarray(ImageOps.exif_transpose(image), dtype=int)
        y, x = np.nonzero((upright[..., 0] > 200) & (upright[..., 2] < 60) & (upright[..., 1] < 150))
        assert np.median(y) / 200 == pytest.approx(0.376, abs=0.03), "the eyes are in the upper half"
        assert np.median(x[x < 80]) + np.median(x[x >= 80]) == pytest.approx(160, abs=8)

    def test_one_has_a_display_p3_profile(self, folder: Path) -> None:
        profile = opened(folder, "landscapes/sea-at-dusk.jpg").info["icc_profile"]
        assert profile == display_p3()

    def test_harbour_lights_are_progressive(self, folder: Path) -> None:
        assert opened(folder, "landscapes/harbour-lights.jpg").info.get("progressive")


class TestCaptions:
    def test_photographs_tell_what_they_show(self, folder: Path) -> None:
        image = opened(folder, "landscapes/still-lake.jpg")
        exif = image.getexif()
        assert exif[Base.ImageDescription].startswith("Snowy mountains")
        assert exif[Base.Copyright] == "Drawn by the QIS server; free for any use (CC0)"
        xmp = image.getxmp()["xmpmeta"]["RDF"]["Description"]
        assert xmp["title"]["Alt"]["li"]["text"] == "Still Lake"
        assert xmp["subject"]["Bag"]["li"] == ["mountains", "lake", "evening", "reflection"]

    def test_photographs_tell_where_and_how(self, folder: Path) -> None:
        exif = opened(folder, "landscapes/dunes.jpg").getexif()
        detail, gps = exif.get_ifd(IFD.Exif), exif.get_ifd(IFD.GPSInfo)
        assert float(detail[Base.FNumber]) == 9.0
        assert float(detail[Base.ExposureTime]) == pytest.approx(1 / 500)
        assert detail[Base.DateTimeOriginal] == "2026:04:12 17:30:00"
        assert (gps[1], gps[3]) == ("S", "E")
        degrees, minutes, seconds = (float(part) for part in gps[2])
        assert degrees + minutes / 60 + seconds / 3600 == pytest.approx(24.7275, abs=1e-5)

    def test_what_was_never_outdoors_has_no_place(self, folder: Path) -> None:
        assert dict(opened(folder, "portraits/dahlia.jpg").getexif().get_ifd(IFD.GPSInfo)) == {}


class TestPictures:
    @pytest.mark.parametrize("path", [p for p in BY_PATH if p.startswith(("landscapes", "portraits", "textures"))])
    def test_photographs_are_neither_flat_nor_burnt_out(self, folder: Path, path: str) -> None:
        values = np.asarray(opened(folder, path).convert("L"), dtype=float)
        assert values.std() > 8
        assert (values >= 254).mean() < 0.10
        assert (values == values[0, 0]).mean() < 0.5

    @pytest.mark.parametrize("path", ["landscapes/dunes.jpg", "charts/logo", "textures/oak.webp", "portraits/moon.jpg"])
    def test_drawing_again_gives_the_same_pixels(self, path: str) -> None:
        sample = BY_PATH.get(path, BY_PATH["logos/qis.png"])
        digests = {hashlib.sha256(sample.draw(*sample.size).tobytes()).hexdigest() for _ in range(2)}  # type: ignore[union-attr]
        assert len(digests) == 1

    def test_still_lake_mirrors_the_sky(self, folder: Path) -> None:
        values = np.asarray(opened(folder, "landscapes/still-lake.jpg"), dtype=float)
        sky, water = values[40, 200:400].mean(axis=0), values[375, 200:400].mean(axis=0)
        assert sky[2] > sky[0]
        assert water[2] > water[0]
        assert water.sum() < sky.sum()


class TestWriting:
    def test_returns_every_path(self, folder: Path, small: None) -> None:
        paths = write_samples(folder)
        assert [path.relative_to(folder).as_posix() for path in paths] == [sample.path for sample in SMALL]
        assert all(path.is_file() for path in paths)

    def test_writes_only_what_is_missing(self, folder: Path, small: None) -> None:
        (folder / "logos/qis.png").unlink()
        before = (folder / "charts/test-target.png").stat().st_mtime_ns
        told: list[Path] = []
        write_samples(folder, on_written=told.append)
        assert told == [folder / "logos/qis.png"]
        assert (folder / "charts/test-target.png").stat().st_mtime_ns == before

    def test_leaves_nothing_else(self, folder: Path) -> None:
        found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert found == {sample.path for sample in SMALL}

    def test_keeps_pictures_of_the_user(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(qis_plugins.samples.drawing, "SAMPLES", (BY_PATH["logos/qis.png"],))
        (tmp_path / "logos").mkdir()
        (tmp_path / "logos/qis.png").write_bytes(b"mine")
        write_samples(tmp_path)
        assert (tmp_path / "logos/qis.png").read_bytes() == b"mine"

    def test_failed_drawing_leaves_no_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def draw(width: int, height: int) -> Image.Image:
            return Image.new("RGBA", (width, height))  # which JPEG cannot hold

        monkeypatch.setattr(qis_plugins.samples.drawing, "SAMPLES", (Sample("a/b.jpg", (10, 10), draw),))
        with pytest.raises(OSError, match="RGBA"):
            write_samples(tmp_path)
        assert os.listdir(tmp_path / "a") == []


class TestTools:
    def test_profile_is_valid_and_wider_than_srgb(self) -> None:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(display_p3()))
        assert ImageCms.getProfileDescription(profile).strip() == "Display P3"
        red = Image.new("RGB", (1, 1), (255, 0, 0))
        to_p3 = ImageCms.profileToProfile(red, ImageCms.createProfile("sRGB"), profile, outputMode="RGB")
        assert to_p3 is not None
        red_in_p3 = to_p3.getpixel((0, 0))
        assert red_in_p3 == pytest.approx((234, 51, 35), abs=2)

    def test_noise_tiles_and_is_normal(self) -> None:
        noise = spectral(256, 1.5, 1)
        assert abs(float(noise.mean())) < 1e-3
        assert float(noise.std()) == pytest.approx(1, abs=1e-3)
        seam, inside = np.abs(noise[:, 0] - noise[:, -1]).mean(), np.abs(np.diff(noise, axis=1)).mean()
        assert seam < 1.5 * inside

    def test_reading_between_pixels_and_round_the_edge(self) -> None:
        source = np.arange(16, dtype=np.float32).reshape(4, 4)
        x, y = np.array([0, 0.5, 3.5, -1], dtype=np.float32), np.array([0, 1, 0, 4.5], dtype=np.float32)
        assert read(source, x, y).tolist() == [0, 4.5, 1.5, 5]
        assert source.tolist() == np.arange(16).reshape(4, 4).tolist()

    def test_smooth_is_an_s(self) -> None:
        assert smooth(np.array([-1, 0, 1, 2, 3], dtype=np.float32), 0, 2).tolist() == [0, 0, 0.5, 1, 1]

    def test_developing_keeps_order_and_never_wraps(self) -> None:
        light = np.array([-1, 0, 0.01, 0.2, 1, 100], dtype=np.float32)[None, :, None].repeat(3, axis=2)
        values = np.asarray(develop(light, grain=0))[0, :, 0].tolist()
        assert values == sorted(values)
        assert (values[0], values[-1]) == (0, 255)

    def test_colours_are_linear_light(self) -> None:
        assert colour("#ffffff").tolist() == [1, 1, 1]
        assert colour("#bc00ff").tolist() == pytest.approx([0.5029, 0, 1], abs=1e-3)

    def test_grain_is_fine_and_keeps_the_mean(self) -> None:
        grey = Image.new("RGB", (600, 530), (128, 128, 128))
        values = np.asarray(add_grain(grey, 0.02, seed=1), dtype=float)
        assert values.mean() == pytest.approx(128, abs=0.2)
        assert values.std() == pytest.approx(0.02 * 255, rel=0.1)
