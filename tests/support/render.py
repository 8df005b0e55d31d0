"""Plan and render one operation, as the planner and the executor would."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from qis_core.contracts.codec import Metadata
from qis_core.contracts.operation import Operation, RenderContext
from qis_core.domain.images import Size
from qis_core.imaging.params import build
from qis_core.settings import Settings
from qis_core.testing.operation_values import OUTPUTS, Scene, bound_params

_OUTPUTS = {output.codec: output for output in OUTPUTS}


@dataclass(frozen=True)
class Stage:
    """What surrounds a picture while it is rendered."""

    output: str = "png"
    settings: Settings = field(default_factory=lambda: Settings({}))
    metadata: Metadata = Metadata()
    others: Mapping[str, Image.Image] = field(default_factory=dict)


PLAIN = Stage()


@dataclass(frozen=True)
class Shown:
    """A result and its metadata."""

    image: Image.Image
    metadata: Metadata

    def pixel(self, x: int, y: int) -> Any:
        return self.image.getpixel((x, y))

    @property
    def array(self) -> NDArray[np.int64]:
        return pixels(self.image)


def plan(operation: Operation[Any], image: Image.Image, stage: Stage = PLAIN, **texts: str) -> Any:
    """The step for a picture, from texts as in a URL; None when nothing would change."""
    return _planned(operation, image, stage, texts)


def show(operation: Operation[Any], image: Image.Image, stage: Stage = PLAIN, **texts: str) -> Shown:
    """The picture after the operation; texts are as in a URL."""
    step = _planned(operation, image, stage, texts)
    assert step is not None, "nothing to do"
    context = RenderContext(stage.settings, stage.metadata, lambda src: stage.others[src])
    return Shown(operation(image, step, context), context.metadata)


def pixels(image: Image.Image) -> NDArray[np.int64]:
    return np.asarray(image).astype(np.int64)


def _planned(operation: Operation[Any], image: Image.Image, stage: Stage, texts: Mapping[str, str]) -> Any:
    infos = {info.name: info for info in bound_params(operation, stage.settings)}
    values: dict[str, object] = {}
    for name, text in texts.items():
        value = infos[name].parse(text) if name in infos else text
        if value is not None:
            values[name] = infos[name].check(value) if name in infos else value
    scene = Scene(image.mode, Size(*image.size), _OUTPUTS[stage.output], stage.settings, values)
    return operation.resolve(build(operation.params, values), scene.canvas())
