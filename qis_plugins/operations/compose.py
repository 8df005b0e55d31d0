"""Lay one picture over another of any working mode, at a compass point."""

from PIL import Image

from qis_core.contracts.operation import RenderContext
from qis_core.domain.images import Size
from qis_core.imaging.profiles import from_srgb, join_alpha, split_alpha

#: Words of ``ovpos`` and ``textpos``.
POSITIONS = ("c", "n", "s", "e", "w", "ne", "nw", "se", "sw")


def laid_over(image: Image.Image, layer: Image.Image, position: str, context: RenderContext) -> Image.Image:
    """*image* with *layer*, an sRGB ``RGB`` or ``RGBA`` picture no larger than it, at a compass point.

    The layer's colours become the nearest of the picture's colour space. Alpha composes (Porter-Duff *over*).
    """
    layer = layer.convert("RGBA")
    corner = corner_of(Size(*image.size), Size(*layer.size), position)
    color, coverage = split_alpha(layer)
    converted = from_srgb(color, image.mode, context.metadata.icc_profile, context.settings)
    result = image.copy()
    if image.mode in ("LA", "RGBA"):
        result.alpha_composite(join_alpha(converted, coverage), corner)
    else:
        result.paste(converted, corner, coverage)
    return result


def corner_of(canvas: Size, layer: Size, position: str) -> tuple[int, int]:
    """Where the layer's top left corner goes: against the named edges, centred along the others."""
    free_x, free_y = canvas.width - layer.width, canvas.height - layer.height
    x = 0 if "w" in position else free_x if "e" in position else free_x // 2
    y = 0 if "n" in position else free_y if "s" in position else free_y // 2
    return x, y


def faded(layer: Image.Image, opacity: float) -> Image.Image:
    """The layer as ``RGBA`` with its alpha multiplied by *opacity*, 0 to 1."""
    layer = layer.convert("RGBA")
    if opacity < 1:
        layer.putalpha(layer.getchannel("A").point([round(level * opacity) for level in range(256)]))
    return layer
