"""ICC profiles: which colours numbers mean, and how to change the numbers and keep the colours (spec image-urls §5.6).

A profile is its bytes. One that is broken, or that is for another colour model than the picture, counts as absent:
RGB and grey are then sRGB, CMYK is the server's default profile, and without one each ink takes away its own light.
"""

import functools
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import numpy as np
from PIL import Image, ImageChops, ImageCms

from qis_core.errors import UnsupportedImage
from qis_core.imaging.settings import ImagesSettings
from qis_core.settings import Settings

ColorModel = Literal["RGB", "CMYK", "GRAY"]
Intent = Literal["perceptual", "relative", "saturation", "absolute"]

#: The working mode without alpha of each colour model.
BASE_MODE: dict[ColorModel, str] = {"RGB": "RGB", "CMYK": "CMYK", "GRAY": "L"}
_MODELS: dict[str, ColorModel] = {"L": "GRAY", "LA": "GRAY", "RGB": "RGB", "RGBA": "RGB", "CMYK": "CMYK"}
_SIGNATURES: dict[bytes, ColorModel] = {b"RGB ": "RGB", b"CMYK": "CMYK", b"GRAY": "GRAY"}
_INTENTS = {
    "perceptual": ImageCms.Intent.PERCEPTUAL,
    "relative": ImageCms.Intent.RELATIVE_COLORIMETRIC,
    "saturation": ImageCms.Intent.SATURATION,
    "absolute": ImageCms.Intent.ABSOLUTE_COLORIMETRIC,
}
_HEADER_BYTES = 128
_SUFFIXES = frozenset({".icc", ".icm"})
_STRIP_ROWS = 256


@dataclass(frozen=True, slots=True)
class InstalledProfile:
    """A profile that the ``icc`` parameter can name; ``name`` is its file name in lower case without extension."""

    name: str
    model: ColorModel
    path: Path


def model_of_mode(mode: str) -> ColorModel:
    """The colour model of a working mode."""
    return _MODELS[mode]


def model_of_profile(profile: bytes | None) -> ColorModel | None:
    """The colour model a profile is for, by its header (ICC.1:2022 §7.2.6); None when it is none we can use."""
    if profile is None or len(profile) <= _HEADER_BYTES or profile[36:40] != b"acsp":
        return None
    return _SIGNATURES.get(profile[16:20])


def fitting_profile(profile: bytes | None, mode: str) -> bytes | None:
    """The profile when it is whole and describes pictures of this mode, else None."""
    model = model_of_profile(profile)
    if profile is None or model is None or model != _MODELS.get(mode) or not _opens(profile):
        return None
    return profile


def is_srgb(profile: bytes | None) -> bool:
    """Whether RGB numbers under *profile* look the same, within rounding, as under sRGB. No profile is sRGB."""
    usable = fitting_profile(profile, "RGB")
    return usable is None or _is_srgb(usable)


def profile_name(profile: bytes | None) -> str | None:
    """The description a profile gives of itself; None when it has none or is broken."""
    if profile is None or model_of_profile(profile) is None:
        return None
    try:
        return ImageCms.getProfileDescription(_opened(profile)).strip() or None
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def installed_profiles(settings: Settings) -> dict[str, InstalledProfile]:
    """The usable profiles of ``qis.images.icc_folder`` by name; the folder is read anew when its entries change."""
    folder = settings[ImagesSettings].icc_folder
    if folder is None or not folder.is_dir():
        return {}
    return _installed_in(folder, folder.stat().st_mtime_ns)


def default_cmyk_profile(settings: Settings) -> bytes | None:
    """The profile of CMYK pictures that embed none; None when there is none, or it is not a CMYK profile."""
    path = settings[ImagesSettings].default_cmyk_profile
    profile = None if path is None else find_profile_bytes(path)
    return fitting_profile(profile, "CMYK")


def find_profile_bytes(path: Path) -> bytes | None:
    """The content of a profile file, remembered until the file changes; None when it cannot be read."""
    try:
        status = path.stat()
        return _read(path, status.st_mtime_ns, status.st_size)
    except OSError:
        return None


def to_srgb(image: Image.Image, profile: bytes | None, settings: Settings) -> Image.Image:
    """The picture as ``RGB`` or ``RGBA`` in sRGB, perceptually; alpha stays."""
    color, alpha = split_alpha(image)
    source = fitting_profile(profile, color.mode)
    if color.mode == "CMYK":
        source = source or default_cmyk_profile(settings)
    if source is not None and not (color.mode == "RGB" and _is_srgb(source)):
        color = _transformed(color, _Transform(source, None, color.mode, "RGB"))
    return join_alpha(color.convert("RGB"), alpha)


def from_srgb(image: Image.Image, mode: str, profile: bytes | None, settings: Settings) -> Image.Image:
    """An sRGB ``RGB`` or ``RGBA`` picture in the colour model of *mode* and the numbers of *profile*.

    Alpha stays unless the model is CMYK, which has none.
    """
    color, alpha = split_alpha(image)
    model = model_of_mode(mode)
    target = fitting_profile(profile, mode)
    if model == "CMYK":
        target = target or default_cmyk_profile(settings)
        alpha = None
    if target is not None:
        return join_alpha(_transformed(color, _Transform(None, target, "RGB", BASE_MODE[model])), alpha)
    return join_alpha(_naive(color, model), alpha)


def to_profile(
    image: Image.Image, profiles: tuple[bytes | None, bytes], settings: Settings, how: tuple[Intent, bool]
) -> Image.Image:
    """Convert from the first of *profiles*, the embedded one, to the second; *how* is intent, black point compensation.

    Alpha stays unless the target is CMYK. Raises `UnsupportedImage` when the target cannot be converted to.
    """
    color, alpha = split_alpha(image)
    embedded, target = profiles
    model = model_of_profile(target)
    if model is None:
        raise UnsupportedImage("the colour profile is not one for RGB, CMYK or grey")
    source = fitting_profile(embedded, color.mode)
    if source is None and color.mode == "CMYK":
        source = default_cmyk_profile(settings)
    if source is None:
        color = color.convert("RGB")
    made = _Transform(source, target, color.mode, BASE_MODE[model], *how)
    return join_alpha(_transformed(color, made), None if model == "CMYK" else alpha)


def split_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The picture without its alpha channel, and that channel."""
    if image.mode in ("LA", "RGBA"):
        return image.convert(image.mode.removesuffix("A")), image.getchannel("A")
    return image, None


def join_alpha(color: Image.Image, alpha: Image.Image | None) -> Image.Image:
    """The inverse of `split_alpha`; *color* is left untouched."""
    if alpha is None:
        return color
    return Image.merge(color.mode + "A", (*color.split(), alpha))


def naive_cmyk(image: Image.Image) -> Image.Image:
    """An ``RGB`` picture as inks that each take away their own light, grey made by black ink alone."""
    result = Image.new("CMYK", image.size)
    for top in range(0, image.height, _STRIP_ROWS):
        box = (0, top, image.width, min(top + _STRIP_ROWS, image.height))
        result.paste(_naive_strip(image.crop(box)), box[:2])
    return result


@dataclass(frozen=True, slots=True)
class _Transform:
    """What `_transform` builds; a profile of None is sRGB."""

    source: bytes | None
    target: bytes | None
    source_mode: str
    target_mode: str
    intent: Intent = "perceptual"
    black_point: bool = False


def _transformed(image: Image.Image, wanted: _Transform) -> Image.Image:
    try:
        result = ImageCms.applyTransform(image, _transform(wanted))
    except (ImageCms.PyCMSError, ValueError) as error:
        raise UnsupportedImage("the colour profile cannot be used for this conversion") from error
    assert result is not None
    result.info.pop("icc_profile", None)
    return result


@functools.lru_cache(maxsize=16)
def _transform(wanted: _Transform) -> ImageCms.ImageCmsTransform:
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION if wanted.black_point else ImageCms.Flags.NONE
    return ImageCms.buildTransform(
        _opened(wanted.source),
        _opened(wanted.target),
        wanted.source_mode,
        wanted.target_mode,
        _INTENTS[wanted.intent],
        flags,
    )


def _opened(profile: bytes | None) -> ImageCms.ImageCmsProfile:
    if profile is None:
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    return ImageCms.ImageCmsProfile(io.BytesIO(profile))


@functools.lru_cache(maxsize=64)
def _opens(profile: bytes) -> bool:
    """Whether pixels can be read with the profile: its tables are there, not only its header."""
    try:
        ImageCms.buildTransform(_opened(profile), _opened(None), BASE_MODE[_SIGNATURES[profile[16:20]]], "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return False
    return True


@functools.lru_cache(maxsize=64)
def _is_srgb(profile: bytes) -> bool:
    levels = np.linspace(0, 255, 7).round().astype(np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 49, 3)
    sample = Image.fromarray(grid, "RGB")
    extrema = ImageChops.difference(sample, _transformed(sample, _Transform(profile, None, "RGB", "RGB"))).getextrema()
    return max(high for _, high in cast(tuple[tuple[int, int], ...], extrema)) <= 2


@functools.lru_cache(maxsize=32)
def _read(path: Path, _modified_ns: int, _size_bytes: int) -> bytes:
    return path.read_bytes()


@functools.lru_cache(maxsize=8)
def _installed_in(folder: Path, _modified_ns: int) -> dict[str, InstalledProfile]:
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    found = [profile for path in files if (profile := _find_installed(path)) is not None]
    return {profile.name: profile for profile in reversed(found)}


def _find_installed(path: Path) -> InstalledProfile | None:
    try:
        with path.open("rb") as file:
            model = model_of_profile(file.read(_HEADER_BYTES + 1))
    except OSError:
        return None
    return None if model is None else InstalledProfile(path.stem.lower(), model, path)


def _naive(image: Image.Image, model: ColorModel) -> Image.Image:
    return naive_cmyk(image) if model == "CMYK" else image.convert(BASE_MODE[model])


def _naive_strip(image: Image.Image) -> Image.Image:
    light = np.asarray(image, dtype=np.int32)
    brightest = light.max(axis=2, keepdims=True)
    scale = np.maximum(brightest, 1)
    inks = ((brightest - light) * 255 + scale // 2) // scale
    cmyk = np.concatenate((inks, 255 - brightest), axis=2)
    cmyk[..., :3][np.broadcast_to(brightest == 0, inks.shape)] = 0
    return Image.fromarray(cmyk.astype(np.uint8), "CMYK")
