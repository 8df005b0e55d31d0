"""icc, intent, bpc: convert to a colour profile of the server's and embed it (spec image-urls §5.6)."""

import functools
import hashlib
from dataclasses import dataclass
from typing import cast

from PIL import Image

from qis_core import Boolean, Canvas, Choice, RenderContext, Stage, operation, param
from qis_core.errors import InvalidRequest, UnsupportedImage
from qis_core.imaging.color import Fill, flattened, over_white
from qis_core.imaging.profiles import Intent, find_profile_bytes, installed_profiles, to_profile
from qis_core.settings import Settings
from qis_plugins.operations.fill import planned_fill, rendered_fill

#: The word that cancels a template's profile.
CANCEL = "none"
DEFAULT_INTENT = "perceptual"


def _names(settings: Settings) -> tuple[str, ...]:
    return (CANCEL, *sorted(installed_profiles(settings)))


@dataclass(frozen=True, slots=True)
class IccParams:
    profile: str | None = param("icc", Choice(_names), key="icc_profile", help="Profile to convert to, or `none`")
    intent: str | None = param(
        "intent",
        Choice(("saturation", "perceptual", "absolute", "relative")),
        key="icc_intent",
        help="Rendering intent of `icc`; perceptual when not given",
    )
    bpc: bool = param(
        "bpc", Boolean(), key="icc_bpc", default=False, help="Black point compensation, with `intent=relative`"
    )


@dataclass(frozen=True, slots=True)
class IccStep:
    """A conversion. ``digest`` is of the profile's bytes; ``fill`` lies under pictures that lose transparency by it."""

    profile: str
    digest: str
    intent: str
    bpc: bool
    fill: Fill | None = None


def _resolve(params: IccParams, canvas: Canvas) -> IccStep | None:
    if params.profile in (None, CANCEL):
        return None
    installed = installed_profiles(canvas.settings).get(str(params.profile))
    if installed is None:
        raise InvalidRequest(f"{params.profile!r} is not a valid choice any more", parameter="icc")
    intent = params.intent or DEFAULT_INTENT
    loses_alpha = installed.model == "CMYK" and canvas.has_alpha
    return IccStep(
        profile=installed.name,
        digest=_digest(find_profile_bytes(installed.path)),
        intent=intent,
        bpc=params.bpc and intent == "relative",
        fill=planned_fill(canvas) if loses_alpha else None,
    )


@functools.lru_cache(maxsize=32)
def _digest(profile: bytes | None) -> str:
    return hashlib.sha256(profile or b"").hexdigest()[:16]


@operation(
    "icc",
    stage=Stage.PROFILE,
    params=IccParams,
    resolve=_resolve,
    output_alpha=lambda has_alpha, step: has_alpha and step.fill is None,
    cost=lambda size, _step: size.width * size.height * 3 / 1e6,
)
def icc(image: Image.Image, step: IccStep, context: RenderContext) -> Image.Image:
    """Convert to another colour profile and embed it; the colour model follows the profile."""
    installed = installed_profiles(context.settings).get(step.profile)
    target = find_profile_bytes(installed.path) if installed else None
    if target is None:
        raise UnsupportedImage(f"icc={step.profile!r}: this profile cannot be read any more")
    if step.fill is not None:
        image = flattened(image, over_white(rendered_fill(step.fill, image, context)))
    embedded = context.metadata.icc_profile
    result = to_profile(image, (embedded, target), context.settings, (cast(Intent, step.intent), step.bpc))
    context.metadata = context.metadata.with_profile(target)
    return result
