"""Which format comes out (spec image-urls §5.2), and which pixel mode goes in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from qis_core.contracts.codec import Codec, Encoder
from qis_core.contracts.operation import WORKING_MODES
from qis_core.domain.images import ImageFacts, SourceFacts
from qis_core.errors import UnsupportedImage

#: ``format=auto`` prefers these when the client names their media type; wildcards do not count.
AUTO_PREFERENCE = ("avif", "webp")
FALLBACK_FORMAT = "png"
ChooseFormat = Callable[[tuple[str, ...], SourceFacts], "str | None"]


@dataclass(frozen=True, slots=True)
class ChosenFormat:
    """An encoder and the variant of it that a ``format=`` word means."""

    codec: Codec
    encoder: Encoder
    variant: str


def codec_of_extension(extension: str, codecs: Mapping[str, Codec]) -> Codec | None:
    """The codec that claims a file name extension, lower case without dot."""
    return next((codec for codec in codecs.values() if extension in codec.extensions), None)


def sniff_codec(head: bytes, codecs: Mapping[str, Codec]) -> Codec | None:
    """The readable format of a file that begins with *head* (64 bytes are enough)."""
    return next((codec for codec in codecs.values() if codec.decoder is not None and codec.sniff(head)), None)


def chosen(name: str, codecs: Mapping[str, Codec]) -> ChosenFormat:
    """The encoder that a ``format=`` word names; raises `UnsupportedImage` when none does."""
    for codec in codecs.values():
        if codec.encoder is not None and name in codec.encoder.names:
            return ChosenFormat(codec, codec.encoder, codec.encoder.names[name])
    raise UnsupportedImage(f"{name} is not a format this server can write")


def choose_output(
    wanted: str | None, facts: SourceFacts, codecs: Mapping[str, Codec], auto: Callable[[], str]
) -> ChosenFormat:
    """The output of a request whose ``format`` is *wanted* (None: the source's own); *auto* answers ``auto``."""
    if wanted is not None:
        return chosen(auto() if wanted == "auto" else wanted, codecs)
    for codec in (codec_of_extension(facts.extension, codecs), codecs.get(facts.image.codec)):
        if codec is not None and codec.encoder is not None:
            return _keep_progressive(ChosenFormat(codec, codec.encoder, ""), facts.image)
    return chosen(FALLBACK_FORMAT, codecs)


def negotiated(accept: tuple[str, ...], facts: SourceFacts, codecs: Mapping[str, Codec]) -> str:
    """The format for ``format=auto``: the best that the client names, else one that every browser knows."""
    for name in AUTO_PREFERENCE:
        codec = codecs.get(name)
        if codec is None or codec.encoder is None or codec.media_type not in accept:
            continue
        if codec.encoder.can_animate or not facts.image.is_animated:
            return name
    if facts.image.is_animated:
        return "gif"
    lossless = facts.image.has_alpha or facts.image.codec == "png"
    return "png" if lossless else "jpg"


def working_mode(facts: ImageFacts) -> str:
    """The mode a decoder hands over for a source (spec image-urls §5.4)."""
    if facts.mode in WORKING_MODES:
        return facts.mode
    grey = facts.mode in ("1", "I", "F") or facts.mode.startswith("I;")
    base = "L" if grey else "RGB"
    return base + "A" if facts.has_alpha else base


def _keep_progressive(output: ChosenFormat, facts: ImageFacts) -> ChosenFormat:
    if facts.is_progressive and facts.codec == output.codec.name and "progressive" in output.encoder.names.values():
        return ChosenFormat(output.codec, output.encoder, "progressive")
    return output
