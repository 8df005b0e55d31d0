"""The settings that decide what pictures look like and how large they may be (spec image-urls §13)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from qis_core.settings import section, setting


@section("images")
@dataclass(frozen=True, kw_only=True)
class ImagesSettings:
    """Limits and quality of images."""

    max_dimension: int = setting(15000, minimum=1, maximum=65535, unit="px", help="Upper bound of width and height")
    max_grid_tiles: int = setting(256, minimum=1, maximum=65536, help="Largest tile grid")
    public_max_width: int = setting(0, minimum=0, unit="px", help="Width limit for callers not signed in; 0: none")
    public_max_height: int = setting(0, minimum=0, unit="px", help="Height limit for callers not signed in; 0: none")
    resize_quality: Literal[1, 2, 3] = setting(3, help="Resampling: 1 bilinear, 2 bicubic, 3 Lanczos")
    linear_light: bool = setting(True, help="Resize in linear light (gamma-correct)")
    auto_orient: bool = setting(True, help="Apply the EXIF orientation on load")
    max_source_pixels: int = setting(100_000_000, minimum=1, unit="pixels", help="Larger sources are refused")
    max_source_bytes: int = setting(500_000_000, minimum=1, unit="bytes", help="Larger files are refused")
    animation_pixels: int = setting(
        50_000_000, minimum=0, unit="pixels", help="Animations with more pixels in all frames become a still picture"
    )
    fingerprint_seconds: float = setting(5.0, minimum=0, unit="s", help="How long a file is believed to be unchanged")
    negative_seconds: float = setting(60.0, minimum=0, unit="s", help="How long a failed derivative is remembered")
    icc_folder: Path | None = setting(None, help="Folder of *.icc and *.icm profiles for the icc parameter")
    default_cmyk_profile: Path | None = setting(None, help="Profile of CMYK pictures that embed none")
    allow_unicode_names: bool = setting(True, help="Keep letters outside ASCII in names of uploaded files")
