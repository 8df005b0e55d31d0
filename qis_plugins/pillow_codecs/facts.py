"""What most formats' ``probe`` has in common."""

from typing import Any

from PIL import Image

from qis_core.domain.images import ImageFacts, Size
from qis_core.imaging.exif import find_orientation
from qis_core.imaging.profiles import is_srgb
from qis_plugins.pillow_codecs.metadata import find_dpi, find_profile, tiff_structure
from qis_plugins.pillow_codecs.modes import has_alpha


def read_facts(image: Image.Image, codec: str, **more: Any) -> ImageFacts:
    """The facts in an opened file's header; *more* are fields of `ImageFacts` that the format knows better."""
    profile = find_profile(image)
    dpi = find_dpi(image.info.get("dpi"))
    found: dict[str, Any] = {
        "size": Size(*image.size),
        "mode": image.mode,
        "has_alpha": has_alpha(image),
        "orientation": find_orientation(tiff_structure(image.info.get("exif"))) or 1,
        "has_profile": profile is not None,
        "is_srgb": image.mode != "CMYK" and is_srgb(profile),
        "dpi": dpi[0] if dpi else None,
    }
    return ImageFacts(codec, **{**found, **more})
