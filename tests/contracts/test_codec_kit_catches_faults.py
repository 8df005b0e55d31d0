"""The codec contract notices codecs that break it: each fault injected here fails the test that is meant for it."""

import inspect
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from PIL import Image

from qis_core.contracts.codec import Codec, Decoded, Decoder, DecodeRequest, Encoder, EncodeRequest, Metadata
from qis_core.domain.images import ImageFacts, Size
from qis_core.errors import UnsupportedImage
from qis_core.testing import codec_samples
from qis_core.testing.codec_contract import CodecContract, DecoderContract, EncoderContract
from qis_plugins.pillow_codecs.gif import GIF
from qis_plugins.pillow_codecs.jpeg import JPEG
from qis_plugins.pillow_codecs.png import PNG
from qis_plugins.pillow_codecs.webp import WEBP

Decode = Callable[[Path, DecodeRequest], Decoded]
Encode = Callable[[Sequence[Image.Image], EncodeRequest], bytes]


class KeepsExif(EncoderContract):
    keeps: ClassVar[frozenset[str]] = frozenset({"exif"})


def decoder_of(codec: Codec) -> Decoder:
    assert codec.decoder is not None
    return codec.decoder


def encoder_of(codec: Codec) -> Encoder:
    assert codec.encoder is not None
    return codec.encoder


def with_decode(codec: Codec, change: Callable[[Decode], Decode]) -> Codec:
    decoder = decoder_of(codec)
    return replace(codec, decoder=replace(decoder, decode=change(decoder.decode)))


def with_facts(codec: Codec, change: Callable[[ImageFacts], ImageFacts]) -> Codec:
    decoder = decoder_of(codec)
    return replace(codec, decoder=replace(decoder, probe=lambda path: change(decoder.probe(path))))


def with_encode(codec: Codec, change: Callable[[Encode], Encode]) -> Codec:
    encoder = encoder_of(codec)
    return replace(codec, encoder=replace(encoder, encode=change(encoder.encode)))


def failures(contract: type[CodecContract], codec: Codec, folder: Path, only: str = "test_") -> set[str]:
    """Names of the contract's tests, of those whose name begins with *only*, that fail for *codec*."""
    failed = set()
    for name, test in inspect.getmembers(contract(), inspect.ismethod):
        if name.startswith(only):
            own = folder / f"{name} of {contract.__name__}"
            own.mkdir()
            try:
                test(**arguments(test, codec, own))
            except (Exception, pytest.fail.Exception):
                failed.add(name)
    return failed


def arguments(test: Callable[..., None], codec: Codec, folder: Path) -> dict[str, object]:
    """What the contract's fixtures would give; the samples are the sound codec's, as with files of others."""
    samples = codec_samples.samples_by_encoder(SOUND[codec.name])
    (folder / "files").mkdir()
    for name, content in samples.items():
        (folder / "files" / name).write_bytes(content)
    known: Mapping[str, object] = {
        "codec": codec,
        "decoder": codec.decoder,
        "encoder": codec.encoder,
        "samples": samples,
        "files": sorted((folder / "files").iterdir()),
        "tmp_path": folder,
    }
    return {name: known[name] for name in inspect.signature(test).parameters}


SOUND = {codec.name: codec for codec in (PNG, JPEG, WEBP, GIF)}


@pytest.mark.parametrize("codec", SOUND.values(), ids=lambda codec: codec.name)
@pytest.mark.parametrize("contract", [CodecContract, DecoderContract, EncoderContract])
def test_sound_codecs_pass(contract: type[CodecContract], codec: Codec, tmp_path: Path) -> None:
    assert failures(contract, codec, tmp_path) == set()


def sniffs_anything(codec: Codec) -> Codec:
    return replace(codec, sniff=lambda head: True)


def sniffs_nothing(codec: Codec) -> Codec:
    return replace(codec, sniff=lambda head: False)


def shouts_its_extension(codec: Codec) -> Codec:
    return replace(codec, extensions=(".PNG",))


def probes_sideways(codec: Codec) -> Codec:
    return with_facts(codec, lambda facts: replace(facts, size=Size(facts.size.height, facts.size.width)))


def probes_no_alpha(codec: Codec) -> Codec:
    return with_facts(codec, lambda facts: replace(facts, has_alpha=False))


def probes_too_many_pages(codec: Codec) -> Codec:
    return with_facts(codec, lambda facts: replace(facts, pages=facts.pages + 1))


def names_another_codec(codec: Codec) -> Codec:
    return with_facts(codec, lambda facts: replace(facts, codec="other"))


def gives_palettes(codec: Codec) -> Codec:
    def change(decode: Decode) -> Decode:
        def decode_palette(path: Path, request: DecodeRequest) -> Decoded:
            decoded = decode(path, request)
            return replace(decoded, frames=tuple(frame.convert("P") for frame in decoded.frames))

        return decode_palette

    return with_decode(codec, change)


def shrinks_one_pixel_too_much(codec: Codec) -> Codec:
    def change(decode: Decode) -> Decode:
        def decode_smaller(path: Path, request: DecodeRequest) -> Decoded:
            decoded = decode(path, request)
            if request.reduction < 2:
                return decoded
            frame = decoded.frames[0]
            size = (int(frame.width / request.reduction) or 1, int(frame.height / request.reduction) or 1)
            return replace(decoded, frames=(frame.resize(size),))

        return decode_smaller

    return with_decode(codec, change)


def forgets_the_pixel_limit(codec: Codec) -> Codec:
    return with_decode(codec, lambda decode: lambda path, request: decode(path, replace(request, max_pixels=10**9)))


def gives_the_first_page_always(codec: Codec) -> Codec:
    return with_decode(codec, lambda decode: lambda path, request: decode(path, replace(request, page=1)))


def gives_one_frame_of_all(codec: Codec) -> Codec:
    return with_decode(codec, lambda decode: lambda path, request: decode(path, replace(request, all_frames=False)))


def leaks_exceptions(codec: Codec) -> Codec:
    def change(decode: Decode) -> Decode:
        def decode_bare(path: Path, request: DecodeRequest) -> Decoded:
            with Image.open(path, formats=["PNG"]) as image:
                image.load()
            return decode(path, request)

        return decode_bare

    return with_decode(codec, change)


def tells_the_path(codec: Codec) -> Codec:
    def change(decode: Decode) -> Decode:
        def decode_telling(path: Path, request: DecodeRequest) -> Decoded:
            try:
                return decode(path, request)
            except UnsupportedImage as error:
                raise UnsupportedImage(f"cannot read {path}") from error

        return decode_telling

    return with_decode(codec, change)


def decodes_differently_each_time(codec: Codec) -> Codec:
    count = itertools.count()

    def change(decode: Decode) -> Decode:
        def decode_changing(path: Path, request: DecodeRequest) -> Decoded:
            decoded = decode(path, request)
            frame = decoded.frames[0].copy()
            frame.putpixel((0, 0), (next(count) % 256,) * len(frame.getbands()))
            return replace(decoded, frames=(frame, *decoded.frames[1:]))

        return decode_changing

    return with_decode(codec, change)


def spoils_the_file(codec: Codec) -> Codec:
    def change(decode: Decode) -> Decode:
        def decode_writing(path: Path, request: DecodeRequest) -> Decoded:
            decoded = decode(path, request)
            path.write_bytes(path.read_bytes() + b"\0")
            return decoded

        return decode_writing

    return with_decode(codec, change)


def drops_transparency(codec: Codec) -> Codec:
    return with_encode(
        codec, lambda encode: lambda frames, request: encode([frame.convert("RGB") for frame in frames], request)
    )


def turns_the_picture(codec: Codec) -> Codec:
    half = Image.Transpose.ROTATE_180
    return with_encode(
        codec, lambda encode: lambda frames, request: encode([frame.transpose(half) for frame in frames], request)
    )


def encodes_differently_each_time(codec: Codec) -> Codec:
    count = itertools.count()
    return with_encode(codec, lambda encode: lambda frames, request: encode(frames, request) + b"%d" % next(count))


def changes_its_argument(codec: Codec) -> Codec:
    def change(encode: Encode) -> Encode:
        def encode_changing(frames: Sequence[Image.Image], request: EncodeRequest) -> bytes:
            frames[0].info["comment"] = "theirs"
            return encode(frames, request)

        return encode_changing

    return with_encode(codec, change)


def loses_metadata(codec: Codec) -> Codec:
    return with_encode(
        codec, lambda encode: lambda frames, request: encode(frames, replace(request, metadata=Metadata()))
    )


def makes_up_a_resolution(codec: Codec) -> Codec:
    def change(encode: Encode) -> Encode:
        def encode_with_dpi(frames: Sequence[Image.Image], request: EncodeRequest) -> bytes:
            return encode(frames, replace(request, metadata=replace(request.metadata, dpi=(72.0, 72.0))))

        return encode_with_dpi

    return with_encode(codec, change)


def chokes_on_broken_metadata(codec: Codec) -> Codec:
    def change(encode: Encode) -> Encode:
        def encode_strictly(frames: Sequence[Image.Image], request: EncodeRequest) -> bytes:
            (request.metadata.xmp or b"").decode("utf-8")
            return encode(frames, request)

        return encode_strictly

    return with_encode(codec, change)


def halves_the_qualities(codec: Codec) -> Codec:
    coarse = replace(encoder_of(codec), canonical_quality=lambda quality: quality // 2 * 2 + 1)
    return replace(codec, encoder=coarse)


def has_another_default_quality(codec: Codec) -> Codec:
    return replace(codec, encoder=replace(encoder_of(codec), default_quality=5))


def loses_durations(codec: Codec) -> Codec:
    return with_encode(
        codec, lambda encode: lambda frames, request: encode(frames, replace(request, durations_ms=(70,) * len(frames)))
    )


def loses_a_frame(codec: Codec) -> Codec:
    return with_encode(codec, lambda encode: lambda frames, request: encode(frames[:2], request))


def shows_earlier_frames_through_holes(codec: Codec) -> Codec:
    def change(encode: Encode) -> Encode:
        def encode_piled_up(frames: Sequence[Image.Image], request: EncodeRequest) -> bytes:
            piles = itertools.accumulate((frame.convert("RGBA") for frame in frames), Image.alpha_composite)
            return encode([pile.convert(frames[0].mode) for pile in piles], request)

        return encode_piled_up

    return with_encode(codec, change)


def cannot_do_one_pixel(codec: Codec) -> Codec:
    def change(encode: Encode) -> Encode:
        def encode_large(frames: Sequence[Image.Image], request: EncodeRequest) -> bytes:
            if min(frames[0].size) < 2:
                raise UnsupportedImage("too small")
            return encode(frames, request)

        return encode_large

    return with_encode(codec, change)


FAULTS = [
    (CodecContract, PNG, shouts_its_extension, "test_names_are_lower_case_words"),
    (CodecContract, PNG, sniffs_anything, "test_sniff_refuses_other_files"),
    (DecoderContract, PNG, sniffs_nothing, "test_sniffs_its_own_files"),
    (DecoderContract, PNG, probes_sideways, "test_probe_agrees_with_decode"),
    (DecoderContract, WEBP, probes_no_alpha, "test_probe_agrees_with_decode"),
    (DecoderContract, JPEG, names_another_codec, "test_probe_agrees_with_decode"),
    (DecoderContract, GIF, probes_too_many_pages, "test_every_page_is_there_and_no_other"),
    (DecoderContract, PNG, gives_palettes, "test_gives_working_modes"),
    (DecoderContract, JPEG, shrinks_one_pixel_too_much, "test_never_shrinks_too_much"),
    (DecoderContract, PNG, forgets_the_pixel_limit, "test_refuses_too_many_pixels"),
    (DecoderContract, WEBP, forgets_the_pixel_limit, "test_counts_the_pixels_of_all_frames"),
    (DecoderContract, JPEG, gives_the_first_page_always, "test_every_page_is_there_and_no_other"),
    (DecoderContract, GIF, gives_one_frame_of_all, "test_all_frames_have_durations"),
    (DecoderContract, PNG, leaks_exceptions, "test_damaged_files_are_unsupported"),
    (DecoderContract, PNG, tells_the_path, "test_damaged_files_are_unsupported"),
    (DecoderContract, PNG, tells_the_path, "test_files_of_other_kinds_are_unsupported"),
    (DecoderContract, PNG, leaks_exceptions, "test_missing_file_is_not_found"),
    (DecoderContract, PNG, decodes_differently_each_time, "test_is_deterministic_and_leaves_the_file"),
    (DecoderContract, PNG, spoils_the_file, "test_is_deterministic_and_leaves_the_file"),
    (EncoderContract, PNG, drops_transparency, "test_transparency_comes_back"),
    (EncoderContract, PNG, turns_the_picture, "test_every_mode_comes_back"),
    (EncoderContract, PNG, cannot_do_one_pixel, "test_tiny_pictures"),
    (EncoderContract, JPEG, encodes_differently_each_time, "test_is_deterministic_and_leaves_its_argument"),
    (EncoderContract, PNG, changes_its_argument, "test_is_deterministic_and_leaves_its_argument"),
    (EncoderContract, JPEG, halves_the_qualities, "test_equal_canonical_quality_is_equal_bytes"),
    (EncoderContract, JPEG, has_another_default_quality, "test_no_quality_is_the_default"),
    (KeepsExif, JPEG, loses_metadata, "test_metadata_is_kept"),
    (EncoderContract, PNG, makes_up_a_resolution, "test_no_metadata_is_made_up"),
    (EncoderContract, PNG, chokes_on_broken_metadata, "test_broken_metadata_spoils_nothing"),
    (EncoderContract, WEBP, loses_durations, "test_animation_comes_back"),
    (EncoderContract, GIF, loses_a_frame, "test_animation_comes_back"),
    (EncoderContract, GIF, shows_earlier_frames_through_holes, "test_animation_comes_back"),
]


@pytest.mark.parametrize(
    ("contract", "sound", "inject", "test"), FAULTS, ids=[f"{fault[2].__name__}-{fault[3]}" for fault in FAULTS]
)
def test_fault_is_caught(
    contract: type[CodecContract], sound: Codec, inject: Callable[[Codec], Codec], test: str, tmp_path: Path
) -> None:
    assert failures(contract, inject(sound), tmp_path, only=test) == {test}


def test_every_test_of_the_contract_catches_something() -> None:
    tests = {name for contract in (DecoderContract, EncoderContract) for name in dir(contract) if name[:5] == "test_"}
    too_plain_to_break = {"test_reads_or_writes", "test_declares_what_it_can"}
    assert tests - {test for _contract, _sound, _inject, test in FAULTS} == too_plain_to_break
