"""placeholder: the picture as a tiny stand-in for it means it, at the picture's own size."""

from dataclasses import dataclass

from PIL import Image

from qis_core import Canvas, Choice, RenderContext, Stage, operation, param
from qis_core.domain.images import Size
from qis_core.imaging import placeholders
from qis_core.imaging.placeholders import sampled

#: The one of these that knows transparency.
THUMBHASH = "thumbhash"


@dataclass(frozen=True, slots=True)
class PlaceholderParams:
    kind: str | None = param(
        "placeholder",
        Choice(("blurhash", THUMBHASH, "color"), {"colour": "color"}),
        help="What a BlurHash, a ThumbHash or the dominant colour makes of the picture; very small as a file",
    )


def _resolve(params: PlaceholderParams, canvas: Canvas) -> PlaceholderParams | None:
    return None if params.kind is None else params


@operation(
    "placeholder",
    stage=Stage.OVERLAY + 70,
    params=PlaceholderParams,
    resolve=_resolve,
    output_alpha=lambda has_alpha, step: has_alpha and step.kind == THUMBHASH,
)
def placeholder(image: Image.Image, step: PlaceholderParams, context: RenderContext) -> Image.Image:
    """Show what stands for the picture while it loads."""
    sample = sampled(image, context.metadata.icc_profile, context.settings)
    context.metadata = context.metadata.with_profile(None)
    size = Size(*image.size)
    if step.kind == THUMBHASH:
        drawn = placeholders.drawn_thumbhash(placeholders.thumbhash_of(sample), size)
        return drawn if image.mode in ("LA", "RGBA") else drawn.convert("RGB")
    if step.kind == "blurhash":
        return placeholders.drawn_blurhash(placeholders.blurhash_of(sample), size)
    return Image.new("RGB", size, placeholders.dominant_color(sample))
