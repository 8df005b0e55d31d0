"""overlay: draw a second image of the repository on top (spec image-urls §4.9.1)."""

from dataclasses import dataclass

from PIL import Image

from qis_core import Canvas, Choice, Number, RenderContext, Stage, operation, param
from qis_core.domain.images import Box, Size
from qis_core.domain.paths import MAX_PATH_LENGTH, RepositoryPath
from qis_core.errors import UnsupportedImage
from qis_core.imaging.profiles import to_srgb
from qis_core.imaging.resample import Method, resize
from qis_core.imaging.settings import ImagesSettings
from qis_plugins.operations.compose import POSITIONS, faded, laid_over

#: The word that cancels a template's overlay.
CANCEL = "none"
DOCUMENT_EXTENSIONS = frozenset({"pdf", "ai", "eps", "epsf", "epsi", "ps"})


@dataclass(frozen=True, slots=True)
class ImagePath:
    """A parameter kind: the path of an image, in any spelling; the value is its stored form, or `CANCEL`."""

    def parse(self, text: str) -> str | None:
        return text or None

    def check(self, value: object) -> object:
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is not right; expected {self.describe()}")
        path = RepositoryPath.parse(value, parameter="overlay")
        if path.is_root:
            raise ValueError(f"0 is out of range; expected {self.describe()}")
        return CANCEL if path.src.strip().lower() == CANCEL else path.src

    def format(self, value: object) -> str:
        return str(value)

    def describe(self) -> str:
        return f"a path of 1 to {MAX_PATH_LENGTH} characters, or {CANCEL}"

    def schema(self) -> dict[str, object]:
        return {"type": "string", "minLength": 1, "maxLength": MAX_PATH_LENGTH, "examples": list(self.examples())}

    def examples(self) -> tuple[str, ...]:
        return ("marks/logo.png", "/marks//./logo.png", "a", "é/ü ñ.jpg", "none/none", CANCEL)

    def bind(self, settings: object) -> "ImagePath":
        return self


@dataclass(frozen=True, slots=True)
class OverlayParams:
    src: str | None = param("overlay", ImagePath(), key="overlay_src", help="Image to draw on top, or `none`")
    size: float = param(
        "ovsize", Number(0, 1), key="overlay_size", default=1.0, help="Largest part of the picture's width and height"
    )
    position: str = param(
        "ovpos", Choice(POSITIONS), key="overlay_pos", default="c", help="Centre, or a compass point for edge or corner"
    )
    opacity: float = param("ovopacity", Number(0, 1), key="overlay_opacity", default=1.0, help="1 covers; 0 is unseen")


@dataclass(frozen=True, slots=True)
class OverlayStep:
    """An overlay that can be seen; ``size`` is the largest fraction of either side."""

    src: str
    size: float
    position: str
    opacity: float


def _resolve(params: OverlayParams, canvas: Canvas) -> OverlayStep | None:
    if params.src in (None, CANCEL) or not params.size or not params.opacity:
        return None
    path = RepositoryPath.parse(str(params.src), parameter="overlay")
    if path.extension in DOCUMENT_EXTENSIONS:
        raise UnsupportedImage(f"overlay={path.src!r}: a document cannot be an overlay; expected a picture")
    return OverlayStep(path.src, params.size, params.position, params.opacity)


@operation(
    "overlay",
    stage=Stage.OVERLAY,
    params=OverlayParams,
    resolve=_resolve,
    sources=lambda step: (step.src,),
)
def overlay(image: Image.Image, step: OverlayStep, context: RenderContext) -> Image.Image:
    """Draw a second image on top, never enlarged, its transparency respected."""
    layer = context.open_source(step.src)
    profile = layer.info.get("icc_profile")
    size = fitted(Size(*layer.size), Size(*image.size), step.size)
    if size != layer.size:
        method = Method(linear=context.settings[ImagesSettings].linear_light, profile=profile)
        layer = resize(layer, size, Box(0, 0, *layer.size), method)
    layer = to_srgb(layer, profile, context.settings)
    return laid_over(image, faded(layer, step.opacity), step.position, context)


def fitted(natural: Size, canvas: Size, fraction: float) -> Size:
    """The overlay's size: its own, or less so that neither side is more than *fraction* of the canvas."""
    scale = min(1.0, fraction * canvas.width / natural.width, fraction * canvas.height / natural.height)
    return Size(max(1, round(natural.width * scale)), max(1, round(natural.height * scale)))
