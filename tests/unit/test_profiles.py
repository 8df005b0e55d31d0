"""ICC profiles (spec image-urls §5.6)."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from qis_core.domain.images import Size
from qis_core.errors import UnsupportedImage
from qis_core.imaging.profiles import (
    default_cmyk_profile,
    find_profile_bytes,
    fitting_profile,
    from_srgb,
    installed_profiles,
    is_srgb,
    join_alpha,
    model_of_profile,
    naive_cmyk,
    profile_name,
    split_alpha,
    to_profile,
    to_srgb,
)
from qis_core.imaging.settings import ImagesSettings
from qis_core.settings import Settings
from qis_core.testing.operation_values import picture
from tests.support.icc import adobe_rgb
from tests.support.ink_profiles import cmyk, grey, wide_linear_rgb
from tests.support.render import pixels

NONE = Settings({})


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


class TestWhatAProfileIs:
    def test_model(self) -> None:
        assert model_of_profile(srgb()) == "RGB"
        assert model_of_profile(cmyk()) == "CMYK"
        assert model_of_profile(grey()) == "GRAY"

    @pytest.mark.parametrize("profile", [None, b"", b"x" * 127, b"\0" * 500, cmyk()[:16] + b"Lab " + cmyk()[20:]])
    def test_no_model(self, profile: bytes | None) -> None:
        assert model_of_profile(profile) is None
        assert profile_name(profile) is None

    def test_name(self) -> None:
        assert profile_name(adobe_rgb()) == "Compatible with Adobe RGB (1998)"

    @pytest.mark.parametrize(("profile", "mode"), [(adobe_rgb(), "RGBA"), (cmyk(), "CMYK"), (grey(), "LA")])
    def test_fits_its_own_mode_only(self, profile: bytes, mode: str) -> None:
        for other in ("L", "LA", "RGB", "RGBA", "CMYK", "P"):
            expected = profile if other.removesuffix("A") == mode.removesuffix("A") else None
            assert fitting_profile(profile, other) == expected

    @pytest.mark.parametrize("length", [129, 200, 300])
    def test_cut_off_profiles_fit_nothing(self, length: int) -> None:
        assert fitting_profile(adobe_rgb()[:length], "RGB") is None

    def test_is_srgb_looks_at_colours_not_names(self) -> None:
        assert is_srgb(None)
        assert is_srgb(srgb())
        assert is_srgb(b"broken")
        assert not is_srgb(adobe_rgb())
        assert not is_srgb(wide_linear_rgb())

    @given(st.data())
    def test_damaged_profiles_never_raise(self, data: st.DataObject) -> None:
        content = bytearray(data.draw(st.sampled_from([adobe_rgb(), grey()])))
        for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=6)):
            content[place] = data.draw(st.integers(0, 255))
        damaged = bytes(content)
        profile_name(damaged)
        is_srgb(damaged)
        for mode in ("RGB", "L"):
            assert to_srgb(picture(mode, Size(3, 3)), damaged, NONE).mode == "RGB"


class TestConversions:
    @pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK"])
    @pytest.mark.parametrize("profile", [None, b"broken", adobe_rgb(), cmyk(), grey()])
    def test_to_srgb_takes_every_mode_with_any_profile(self, mode: str, profile: bytes | None) -> None:
        image = picture(mode, Size(37, 23))
        result = to_srgb(image, profile, NONE)
        assert result.mode == ("RGBA" if mode.endswith("A") else "RGB")
        assert image.tobytes() == picture(mode, Size(37, 23)).tobytes()

    @pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK"])
    @pytest.mark.parametrize("profile", [None, adobe_rgb(), cmyk(), grey()])
    def test_from_srgb_gives_every_mode(self, mode: str, profile: bytes | None) -> None:
        for source in ("RGB", "RGBA"):
            result = from_srgb(picture(source, Size(37, 23)), mode, profile, NONE)
            assert result.mode.removesuffix("A") == mode.removesuffix("A")
            assert result.mode.endswith("A") == (source == "RGBA" and mode != "CMYK")

    @pytest.mark.parametrize(("mode", "profile"), [("RGB", adobe_rgb()), ("CMYK", cmyk()), ("L", grey())])
    def test_there_and_back(self, mode: str, profile: bytes) -> None:
        image = Image.new("RGB", (4, 4), (140, 140, 140))
        back = to_srgb(from_srgb(image, mode, profile, NONE), profile, NONE)
        assert back.getpixel((0, 0)) == pytest.approx((140, 140, 140), abs=4)

    def test_srgb_numbers_stay_exactly(self) -> None:
        image = picture("RGB", Size(48, 64))
        assert to_srgb(image, srgb(), NONE).tobytes() == image.tobytes()

    def test_to_profile_needs_a_profile_for_pictures(self) -> None:
        for target in (b"broken", cmyk()[:16] + b"Lab " + cmyk()[20:], adobe_rgb()[:250]):
            with pytest.raises(UnsupportedImage):
                to_profile(picture("RGB", Size(4, 4)), (None, target), NONE, ("perceptual", False))

    def test_alpha_apart_and_together(self) -> None:
        for mode in ("L", "LA", "RGB", "RGBA", "CMYK"):
            image = picture(mode, Size(37, 23))
            assert join_alpha(*split_alpha(image)).tobytes() == image.tobytes()


class TestNaiveInks:
    def test_give_the_light_back(self) -> None:
        image = picture("RGB", Size(64, 700))
        assert np.abs(pixels(naive_cmyk(image).convert("RGB")) - pixels(image)).max() <= 1

    def test_use_as_much_black_as_there_is_grey(self) -> None:
        inks = pixels(naive_cmyk(picture("RGB", Size(37, 23))))
        assert (inks[..., :3].min(axis=2) == 0).all()
        assert naive_cmyk(Image.new("RGB", (1, 1))).getpixel((0, 0)) == (0, 0, 0, 255)


class TestFiles:
    def test_installed(self, tmp_path: Path) -> None:
        for name in ("B.ICC", "a.icm", "c.txt"):
            (tmp_path / name).write_bytes(adobe_rgb())
        (tmp_path / "d.icc").mkdir()
        found = installed_profiles(Settings.of(ImagesSettings(icc_folder=tmp_path)))
        assert sorted(found) == ["a", "b"]
        assert {profile.model for profile in found.values()} == {"RGB"}

    def test_same_name_twice_is_the_first_file(self, tmp_path: Path) -> None:
        (tmp_path / "A.icc").write_bytes(adobe_rgb())
        (tmp_path / "a.icm").write_bytes(cmyk())
        assert installed_profiles(Settings.of(ImagesSettings(icc_folder=tmp_path)))["a"].path.name == "A.icc"

    def test_new_files_are_seen(self, tmp_path: Path) -> None:
        settings = Settings.of(ImagesSettings(icc_folder=tmp_path))
        assert installed_profiles(settings) == {}
        (tmp_path / "x.icc").write_bytes(grey())
        os.utime(tmp_path, (1, 1))
        assert list(installed_profiles(settings)) == ["x"]

    def test_no_folder(self, tmp_path: Path) -> None:
        assert installed_profiles(NONE) == {}
        assert installed_profiles(Settings.of(ImagesSettings(icc_folder=tmp_path / "none"))) == {}

    def test_default_for_inks(self, tmp_path: Path) -> None:
        path = tmp_path / "press.icc"
        settings = Settings.of(ImagesSettings(default_cmyk_profile=path))
        assert default_cmyk_profile(settings) is None
        path.write_bytes(adobe_rgb())
        assert default_cmyk_profile(settings) is None
        path.write_bytes(cmyk())
        assert default_cmyk_profile(settings) == cmyk()
        assert default_cmyk_profile(NONE) is None

    def test_content_follows_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "p.icc"
        path.write_bytes(b"one")
        assert find_profile_bytes(path) == b"one"
        path.write_bytes(b"three")
        assert find_profile_bytes(path) == b"three"
        path.unlink()
        assert find_profile_bytes(path) is None
