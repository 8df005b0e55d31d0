"""The executor: a plan and local files in, encoded bytes out. Runs in worker processes."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from qis_core.contracts.codec import Codec, Decoded, Decoder, DecodeRequest, Encoder, EncodeRequest, Metadata
from qis_core.contracts.operation import RenderContext
from qis_core.domain.images import Size
from qis_core.errors import UnsupportedImage
from qis_core.imaging.color import to_mode
from qis_core.imaging.metadata import reset_orientation
from qis_core.imaging.plan import ImagePlan, OtherSource, Step
from qis_core.imaging.profiles import model_of_mode, to_srgb
from qis_core.imaging.settings import ImagesSettings
from qis_core.imaging.toolbox import Toolbox

#: EXIF 2.32 §4.6.4: what brings a stored picture upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


#: working mode → what to store instead, the nearest first
_FALLBACKS = {
    "L": ("RGB", "LA", "RGBA"),
    "LA": ("RGBA", "L", "RGB"),
    "RGB": ("RGBA", "L"),
    "RGBA": ("RGB", "L"),
    "CMYK": ("RGB", "RGBA"),
}


@dataclass(frozen=True, slots=True)
class RenderJob:
    """A plan and where its files are on this machine; ``others`` by repository path."""

    plan: ImagePlan
    source: Path
    others: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A derivative. ``size`` is of the finished picture, in pixels."""

    content: bytes
    media_type: str
    size: Size


class Executor:
    """Renders plans with the codecs and operations of a registry."""

    def __init__(self, toolbox: Toolbox) -> None:
        self._toolbox = toolbox
        self._images = toolbox.settings[ImagesSettings]

    def render(self, job: RenderJob) -> Rendered:
        """Decode, apply each step, encode; raises `UnsupportedImage` for a source that cannot be decoded."""
        decoded = self._decode(job)
        frames = []
        context = RenderContext(self._toolbox.settings, decoded.metadata, self._opener(job))
        for frame in decoded.frames:
            context.metadata = decoded.metadata
            frames.append(self._apply(job.plan, upright(frame, job.plan.decode.orientation), context))
        content = self._encode(job.plan, frames, self._encode_request(job.plan, decoded, context.metadata))
        return Rendered(content, job.plan.encode.media_type, Size(*frames[0].size))

    def _decode(self, job: RenderJob) -> Decoded:
        spec = job.plan.decode
        decoder = self._decoder(job.plan.source.image.codec)
        decoded = decoder.decode(
            job.source,
            DecodeRequest(spec.page, spec.all_frames, spec.reduction, self._images.max_source_pixels),
        )
        if self._images.auto_orient:  # also where nothing turns: the EXIF preview shows what a crop takes away
            return replace(decoded, metadata=reset_orientation(decoded.metadata))
        return decoded

    def _opener(self, job: RenderJob) -> Callable[[str], Image.Image]:
        """Opens the other sources of a job, each once for all frames."""
        by_src = {other.src: other for other in job.plan.others}

        @functools.cache
        def open_source(src: str) -> Image.Image:
            return self._open_other(job.others[src], by_src[src])

        return open_source

    def _open_other(self, path: Path, other: OtherSource) -> Image.Image:
        decoder = self._decoder(other.codec)
        decoded = decoder.decode(path, DecodeRequest(max_pixels=self._images.max_source_pixels))
        orientation = decoder.probe(path).orientation if self._images.auto_orient else 1
        image = upright(decoded.frames[0], orientation)
        image.info["icc_profile"] = decoded.metadata.icc_profile
        return image

    def _apply(self, plan: ImagePlan, image: Image.Image, context: RenderContext) -> Image.Image:
        nominal = _oriented_size(plan)
        for step in plan.steps:
            operation = self._toolbox.operation[step.operation]
            value = step.value if image.size == nominal else self._rescaled(step, image, nominal)
            image = operation(image, value, context)
            nominal = step.size
        return image

    def _rescaled(self, step: Step, image: Image.Image, nominal: Size) -> object:
        """The step for a picture that was decoded smaller than planned for."""
        operation = self._toolbox.operation[step.operation]
        value = operation.rescale(step.value, image.width / nominal.width, image.height / nominal.height)
        if value is None:
            raise RuntimeError(f"before {step.operation}: {image.size} px, but the step before it predicted {nominal}")
        return value

    def _encode_request(self, plan: ImagePlan, decoded: Decoded, metadata: Metadata) -> EncodeRequest:
        if plan.encode.dpi:
            metadata = replace(metadata, dpi=(plan.encode.dpi, plan.encode.dpi))
        return EncodeRequest(
            variant=plan.encode.variant,
            quality=plan.encode.quality,
            metadata=metadata,
            durations_ms=decoded.durations_ms,
            loop=decoded.loop,
            compression=decoded.metadata.fields.get("compression", ""),
        )

    def _encode(self, plan: ImagePlan, frames: list[Image.Image], request: EncodeRequest) -> bytes:
        encoder = self._encoder(plan.encode.codec)
        fitting = [self._fit_mode(frame, encoder, request.metadata) for frame in frames]
        if model_of_mode(fitting[0].mode) != model_of_mode(frames[0].mode):
            request = replace(request, metadata=request.metadata.with_profile(None))
        return encoder.encode(fitting, request)

    def _fit_mode(self, image: Image.Image, encoder: Encoder, metadata: Metadata) -> Image.Image:
        """The picture in a mode that the encoder stores, as close to its own as there is."""
        if image.mode in encoder.modes:
            return image
        mode = next(mode for mode in _FALLBACKS[image.mode] if mode in encoder.modes)
        if image.mode == "CMYK":
            image = to_srgb(image, metadata.icc_profile, self._toolbox.settings)
        return to_mode(image, mode)

    def _decoder(self, codec: str) -> Decoder:
        decoder = self._codec(codec).decoder
        if decoder is None:
            raise UnsupportedImage(f"{codec} files cannot be read by this server")
        return decoder

    def _encoder(self, codec: str) -> Encoder:
        encoder = self._codec(codec).encoder
        if encoder is None:
            raise UnsupportedImage(f"{codec} files cannot be written by this server")
        return encoder

    def _codec(self, name: str) -> Codec:
        return self._toolbox.codecs[name]


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """The picture as its EXIF orientation means it to be seen."""
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _oriented_size(plan: ImagePlan) -> Size:
    width, height = plan.source.image.size_of_page(plan.decode.page)
    return Size(height, width) if plan.decode.orientation >= 5 else Size(width, height)
