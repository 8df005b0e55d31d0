"""The plan: a request turned into concrete, bounded, canonical steps, before any pixel is decoded (design §5)."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from qis_core.domain.images import Fingerprint, Size, SourceFacts

#: Part of every key: raise it when planning or rendering changes pixels without an operation's revision changing.
ENGINE_REVISION = 1


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """What a URL scheme reads from a URL.

    ``values`` are typed values by URL parameter name, unchecked against ranges; ``template`` None is the default one.
    ``fallback_src`` is meant when there is no file named ``src`` (legacy suffix, spec image-urls §1). ``accept`` holds
    the media types that the client names, best first.
    """

    src: str
    template: str | None = None
    values: Mapping[str, object] = dataclasses.field(default_factory=dict)
    fallback_src: str | None = None
    accept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One use of an operation: its name, revision and resolved value, and the picture's size afterwards."""

    operation: str
    revision: int
    value: object
    size: Size


@dataclass(frozen=True, slots=True)
class OtherSource:
    """Another image the plan reads."""

    src: str
    fingerprint: Fingerprint
    codec: str


@dataclass(frozen=True, slots=True)
class DecodeSpec:
    """Which part of the source is decoded, and how much smaller it may come."""

    page: int = 1
    all_frames: bool = False
    orientation: int = 1
    reduction: float = 1.0


@dataclass(frozen=True, slots=True)
class EncodeSpec:
    """How the result is stored. ``quality`` is canonical for the codec, None where it has no effect."""

    codec: str
    name: str
    media_type: str
    variant: str = ""
    quality: int | None = None
    dpi: int | None = None


@dataclass(frozen=True)
class ImagePlan:
    """Everything that decides the bytes of a derivative; equal plans have equal keys."""

    source: SourceFacts
    decode: DecodeSpec
    steps: tuple[Step, ...]
    encode: EncodeSpec
    size: Size
    frames: int = 1
    others: tuple[OtherSource, ...] = ()
    is_passthrough: bool = False
    cost: float = 0.0

    @cached_property
    def canonical(self) -> str:
        """The plan as JSON text, independent of spelling, path and process."""
        content = {
            "engine": ENGINE_REVISION,
            "image": self.source.image_id,
            "fingerprint": self.source.fingerprint.text,
            "passthrough": self.is_passthrough,
            "decode": plain(self.decode),
            "steps": [[step.operation, step.revision, plain(step.value)] for step in self.steps],
            "encode": plain(self.encode),
            "others": [[other.src, other.fingerprint.text] for other in self.others],
        }
        return json.dumps(content, sort_keys=True, separators=(",", ":"))

    @cached_property
    def key(self) -> str:
        """SHA-256 of the canonical text, in hex: the cache key, and the ETag's content."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()


def plain(value: object) -> object:
    """A value as JSON types: dataclasses become objects, floats keep at most 5 decimals."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, float):
        return round(value, 5) + 0.0
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return value
