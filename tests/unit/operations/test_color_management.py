"""icc, intent, bpc, colorspace, strip (spec image-urls §5.5, §5.6)."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from qis_core.contracts.codec import Metadata
from qis_core.domain.images import Size
from qis_core.errors import InvalidRequest, UnsupportedImage
from qis_core.imaging.profiles import model_of_profile
from qis_core.imaging.settings import ImagesSettings
from qis_core.settings import Settings
from qis_core.testing.operation_values import picture
from qis_plugins.operations.colorspace import colorspace
from qis_plugins.operations.icc import icc
from qis_plugins.operations.strip import strip
from tests.support.icc import adobe_rgb
from tests.support.ink_profiles import cmyk, grey, wide_linear_rgb
from tests.support.render import Shown, Stage, pixels, plan, show

EVERYTHING = Metadata(exif=b"MM\0*\0\0\0\x08\0\0\0\0\0\0", xmp=b"<x/>", iptc=b"\x1c", dpi=(300, 300), fields={"a": "b"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Profiles as an administrator might leave them there."""
    for name, content in {
        "Adobe.icc": adobe_rgb(),
        "press.ICM": cmyk(),
        "grau.icc": grey(),
        "broken.icc": b"nothing",
        "cut.icc": cmyk()[:600],
        "notes.txt": b"read me",
    }.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.fixture
def settings(folder: Path) -> Settings:
    return Settings.of(ImagesSettings(icc_folder=folder))


def with_press(tmp_path: Path, profile: bytes) -> Settings:
    path = tmp_path / "default-press.bin"
    path.write_bytes(profile)
    return Settings.of(ImagesSettings(default_cmyk_profile=path))


def patch(color: object = (200, 100, 50), mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (8, 8), color)  # type: ignore[arg-type]


class TestIcc:
    def convert(self, settings: Settings, image: Image.Image, profile: bytes | None = None, **texts: str) -> Shown:
        return show(icc, image, Stage("tiff", settings, Metadata(icc_profile=profile, dpi=(72, 72))), **texts)

    def test_srgb_is_assumed_and_the_target_embedded(self, settings: Settings) -> None:
        result = self.convert(settings, patch((0, 255, 0)), icc="adobe")
        assert result.pixel(0, 0) == pytest.approx((144, 255, 60), abs=3)
        assert result.metadata.icc_profile == adobe_rgb()
        assert result.metadata.dpi == (72, 72)

    def test_there_and_back_is_the_same_colour(self, settings: Settings, folder: Path) -> None:
        (folder / "wide.icc").write_bytes(wide_linear_rgb())
        settings = Settings.of(ImagesSettings(icc_folder=folder))
        image = patch((90, 140, 200))
        there = self.convert(settings, image, adobe_rgb(), icc="wide")
        back = self.convert(settings, there.image, there.metadata.icc_profile, icc="adobe")
        assert back.pixel(0, 0) == pytest.approx((90, 140, 200), abs=2)

    @pytest.mark.parametrize(("name", "mode", "expected"), [("press", "CMYK", (0, 128, 191, 55)), ("grau", "L", 57)])
    def test_the_model_follows_the_profile(self, settings: Settings, name: str, mode: str, expected: object) -> None:
        result = self.convert(settings, patch(), icc=name)
        assert result.image.mode == mode
        assert result.pixel(0, 0) == pytest.approx(expected, abs=6)

    def test_names_ignore_case(self, settings: Settings) -> None:
        assert plan(icc, patch(), Stage(settings=settings), icc="ADOBE").profile == "adobe"

    @pytest.mark.parametrize("name", ["nope", "broken", "notes", "adobe.icc", "../adobe"])
    def test_only_usable_profiles_are_choices(self, settings: Settings, name: str) -> None:
        with pytest.raises(InvalidRequest, match=r"icc: .*not a valid choice.*none, adobe, cut, grau, press"):
            plan(icc, patch(), Stage(settings=settings), icc=name)

    def test_without_a_folder_none_is_the_only_choice(self) -> None:
        with pytest.raises(InvalidRequest, match="expected one of none"):
            plan(icc, patch(), icc="adobe")

    def test_a_profile_with_a_good_header_and_no_tables_is_415(self, settings: Settings) -> None:
        with pytest.raises(UnsupportedImage):
            self.convert(settings, patch(), icc="cut")

    def test_a_broken_embedded_profile_is_ignored(self, settings: Settings) -> None:
        for broken in (b"", b"x" * 200, adobe_rgb()[:300], cmyk()):
            result = self.convert(settings, patch((0, 255, 0)), broken, icc="adobe")
            assert result.pixel(0, 0) == pytest.approx((144, 255, 60), abs=3)

    def test_alpha_stays_where_it_can(self, settings: Settings) -> None:
        image = picture("RGBA", Size(48, 64))
        for name, mode in (("adobe", "RGBA"), ("grau", "LA")):
            result = self.convert(settings, image, icc=name)
            assert result.image.mode == mode
            assert result.image.getchannel("A").tobytes() == image.getchannel("A").tobytes()

    def test_transparent_parts_become_the_fill_in_inks(self, settings: Settings) -> None:
        clear = Image.new("RGBA", (8, 8), (0, 255, 0, 0))
        assert self.convert(settings, clear, icc="press").pixel(0, 0) == pytest.approx((0, 0, 0, 0), abs=3)
        red = self.convert(settings, clear, icc="press", fill="ff0000")
        assert red.pixel(0, 0) == pytest.approx((0, 240, 240, 0), abs=20)

    @pytest.mark.parametrize("intent", ["saturation", "perceptual", "absolute", "relative"])
    def test_every_intent_works(self, settings: Settings, intent: str) -> None:
        assert self.convert(settings, patch(), icc="press", intent=intent, bpc="1").image.mode == "CMYK"

    def test_black_point_compensation_counts_with_relative_only(self, settings: Settings) -> None:
        asked = Stage(settings=settings)
        intents = ("perceptual", "relative")
        steps = [plan(icc, patch(), asked, icc="press", intent=intent, bpc="1") for intent in intents]
        assert [step.bpc for step in steps] == [False, True]
        assert steps[0] == plan(icc, patch(), asked, icc="press")

    @pytest.mark.parametrize("texts", [{}, {"icc": ""}, {"icc": "none"}, {"intent": "relative", "bpc": "1"}])
    def test_nothing_asked(self, settings: Settings, texts: dict[str, str]) -> None:
        assert plan(icc, patch(), Stage(settings=settings), **texts) is None

    def test_another_file_of_the_same_name_is_another_step(self, settings: Settings, folder: Path) -> None:
        before = plan(icc, patch(), Stage(settings=settings), icc="press")
        (folder / "press.ICM").write_bytes(cmyk(0.8))
        assert plan(icc, patch(), Stage(settings=settings), icc="press") != before

    def test_intent_is_checked(self) -> None:
        with pytest.raises(InvalidRequest, match=r"intent: .*not a valid choice"):
            plan(icc, patch(), intent="perceptive")


class TestColorspace:
    def test_cmyk_to_rgb_uses_the_embedded_profile(self) -> None:
        inks = patch((0, 200, 200, 0), "CMYK")
        weak = show(colorspace, inks, Stage("jpeg", metadata=Metadata(icc_profile=cmyk(0.7))), colorspace="rgb")
        naive = show(colorspace, inks, Stage("jpeg"), colorspace="rgb")
        assert naive.pixel(0, 0) == (255, 55, 55)
        assert weak.pixel(0, 0)[1] == pytest.approx(255 - 0.7 * 200, abs=8)
        assert weak.metadata.icc_profile is None

    def test_cmyk_without_profile_uses_the_default(self, tmp_path: Path) -> None:
        settings = with_press(tmp_path, cmyk(0.7))
        result = show(colorspace, patch((0, 200, 200, 0), "CMYK"), Stage("jpeg", settings), colorspace="srgb")
        assert result.pixel(0, 0)[1] == pytest.approx(255 - 0.7 * 200, abs=8)

    def test_rgb_to_cmyk_uses_and_embeds_the_default(self, tmp_path: Path) -> None:
        settings = with_press(tmp_path, cmyk())
        result = show(colorspace, patch(), Stage("jpeg", settings), colorspace="cmyk")
        assert result.pixel(0, 0) == pytest.approx((0, 128, 191, 55), abs=8)
        assert result.metadata.icc_profile == cmyk()

    @pytest.mark.parametrize("profile", [b"broken", adobe_rgb(), cmyk()[:700]])
    def test_an_unusable_default_counts_as_none(self, tmp_path: Path, profile: bytes) -> None:
        settings = with_press(tmp_path, profile)
        result = show(colorspace, patch(), Stage("jpeg", settings), colorspace="cmyk")
        assert result.pixel(0, 0) == (0, 128, 191, 55)
        assert result.metadata.icc_profile is None

    def test_inks_without_profiles_give_the_same_light_back(self) -> None:
        image = picture("RGB", Size(48, 300))
        inks = show(colorspace, image, Stage("jpeg"), colorspace="cmyk").image
        assert np.abs(pixels(inks.convert("RGB")) - pixels(image)).max() <= 1

    @pytest.mark.parametrize("level", [0, 100, 255])
    def test_grey_is_printed_in_black(self, level: int) -> None:
        for image in (patch(level, "L"), patch((level,) * 3)):
            assert show(colorspace, image, Stage("jpeg"), colorspace="cmyk").pixel(0, 0) == (0, 0, 0, 255 - level)

    @pytest.mark.parametrize("output", ["png", "gif"])
    def test_formats_without_cmyk_get_rgb(self, output: str) -> None:
        for image in (patch(), patch((0, 128, 191, 55), "CMYK")):
            result = show(colorspace, image, Stage(output), colorspace="cmyk")
            assert result.image.mode == "RGB"
            assert result.pixel(0, 0) == pytest.approx((200, 100, 50), abs=1)

    @pytest.mark.parametrize("word", ["gray", "grey", "GRAY"])
    def test_gray(self, word: str) -> None:
        assert show(colorspace, patch(), colorspace=word).pixel(0, 0) == 124

    def test_gray_of_another_profile_goes_through_srgb(self) -> None:
        profiled = Stage(metadata=Metadata(icc_profile=wide_linear_rgb()))
        result = show(colorspace, patch((55, 55, 55)), profiled, colorspace="gray")
        assert result.pixel(0, 0) == pytest.approx(128, abs=3)
        assert result.metadata.icc_profile is None

    def test_grey_profiles_are_applied_on_the_way_to_rgb(self) -> None:
        result = show(colorspace, patch(55, "L"), Stage(metadata=Metadata(icc_profile=grey())), colorspace="rgb")
        assert result.pixel(0, 0) == pytest.approx((128, 128, 128), abs=3)
        assert result.metadata.icc_profile is None

    @pytest.mark.parametrize(("mode", "word"), [("RGB", "rgb"), ("RGBA", "srgb"), ("L", "gray"), ("CMYK", "cmyk")])
    def test_a_picture_that_is_so_already_keeps_all(self, mode: str, word: str) -> None:
        image = picture(mode, Size(37, 23))
        kept = Metadata(icc_profile=adobe_rgb())
        result = show(colorspace, image, Stage("tiff", metadata=kept), colorspace=word)
        assert (result.image.tobytes(), result.metadata) == (image.tobytes(), kept)

    def test_alpha_stays_except_in_inks(self) -> None:
        image = picture("RGBA", Size(48, 64))
        assert show(colorspace, image, colorspace="gray").image.mode == "LA"
        clear = Image.new("RGBA", (4, 4), (0, 255, 0, 0))
        assert show(colorspace, clear, Stage("tiff"), colorspace="cmyk", fill="0000ff").pixel(0, 0) == (255, 255, 0, 0)

    def test_synonyms_are_one(self) -> None:
        assert plan(colorspace, patch(), colorspace="srgb") == plan(colorspace, patch(), colorspace="rgb")
        assert plan(colorspace, patch(), colorspace="") is None

    def test_refuses_others(self) -> None:
        with pytest.raises(InvalidRequest, match=r"colorspace: .*not a valid choice.*rgb, cmyk, gray"):
            plan(colorspace, patch(), colorspace="foo")


class TestStrip:
    def stripped(self, image: Image.Image, profile: bytes | None) -> Shown:
        before = Metadata(icc_profile=profile, exif=EVERYTHING.exif, xmp=EVERYTHING.xmp, dpi=EVERYTHING.dpi)
        return show(strip, image, Stage("tiff", metadata=before), strip="1")

    def test_only_the_resolution_stays(self) -> None:
        result = show(strip, patch(), Stage(metadata=EVERYTHING), strip="yes")
        assert result.metadata == Metadata(dpi=(300, 300))

    @pytest.mark.parametrize("mode", ["RGB", "RGBA"])
    def test_other_rgb_is_brought_to_srgb(self, mode: str) -> None:
        result = self.stripped(patch((144, 255, 60)).convert(mode), adobe_rgb())
        assert result.image.mode == mode
        assert result.pixel(0, 0)[:3] == pytest.approx((0, 255, 0), abs=6)
        assert result.metadata.icc_profile is None

    def test_alpha_survives_that(self) -> None:
        image = picture("RGBA", Size(48, 64))
        assert self.stripped(image, adobe_rgb()).image.getchannel("A").tobytes() == image.getchannel("A").tobytes()

    @pytest.mark.parametrize(("mode", "profile"), [("CMYK", cmyk()), ("L", grey()), ("RGB", None), ("RGB", b"broken")])
    def test_other_pictures_keep_their_numbers(self, mode: str, profile: bytes | None) -> None:
        image = picture(mode, Size(37, 23))
        assert self.stripped(image, profile).image.tobytes() == image.tobytes()

    def test_no_is_nothing(self) -> None:
        assert plan(strip, patch(), strip="0") is None
        assert plan(strip, patch(), strip="junk") is None


def test_profiles_of_the_tests_are_what_they_say() -> None:
    assert [model_of_profile(profile) for profile in (adobe_rgb(), cmyk(), grey())] == ["RGB", "CMYK", "GRAY"]


def test_order_of_the_specification() -> None:
    assert icc.stage < colorspace.stage < strip.stage
