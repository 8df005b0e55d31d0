"""What every codec must do, as tests: subclass and give a ``codec`` fixture.

::

    class TestMyDecoder(DecoderContract):
        @pytest.fixture
        def codec(self):
            return MY_CODEC

    class TestMyEncoder(EncoderContract):
        keeps = frozenset({"icc_profile", "exif"})      # fields of Metadata that survive

        @pytest.fixture
        def codec(self):
            return MY_CODEC

A codec that only reads gives ``samples`` too: small sound files by a name of their own. Others are read in what they
write themselves.
"""

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from PIL import Image

from qis_core.contracts.codec import Codec, Decoded, Decoder, DecodeRequest, Encoder, EncodeRequest, Metadata
from qis_core.contracts.operation import WORKING_MODES
from qis_core.domain.images import ImageFacts
from qis_core.errors import NotFound, RequestError, TooLarge, UnsupportedImage
from qis_core.imaging.formats import working_mode
from qis_core.testing import codec_samples as given

HEAD_BYTES = 64
DAMAGED_FILES = 60
SECONDS_PER_FILE = 5.0
#: mean difference per channel that lossy compression or a palette may make
TOLERANCE = 12.0
REDUCTIONS = (1.0, 1.3, 2.0, 3.0, 4.0, 7.9, 8.0, 31.0, 1000.0)
QUALITIES = (1, 5, 9, 10, 49, 50, 79, 80, 99, 100)
TINY = ((1, 1), (1, 7), (9, 1), (2, 3))
Samples = Mapping[str, bytes]


class CodecContract:
    """For every codec. Fixture: ``codec``."""

    def test_names_are_lower_case_words(self, codec: Codec) -> None:
        for word in (codec.name, *codec.extensions):
            assert word, "a name is empty"
            assert word == word.lower().strip(". "), word
        assert codec.extensions, "a codec needs a file name extension"
        kind, _, subtype = codec.media_type.partition("/")
        assert kind == "image", codec.media_type
        assert subtype, codec.media_type

    def test_reads_or_writes(self, codec: Codec) -> None:
        assert codec.decoder or codec.encoder, "a codec that does neither is of no use"

    def test_sniff_refuses_other_files(self, codec: Codec) -> None:
        for head in given.STRANGERS:
            assert codec.sniff(head) is False, head


class DecoderContract(CodecContract):
    """For every codec that reads. Fixtures: ``codec``; ``samples`` when it does not write too."""

    @pytest.fixture
    def samples(self, codec: Codec) -> Samples:
        return given.samples_by_encoder(codec)

    @pytest.fixture
    def decoder(self, codec: Codec) -> Decoder:
        assert codec.decoder is not None, "this contract is for codecs that read"
        return codec.decoder

    @pytest.fixture
    def files(self, samples: Samples, tmp_path: Path) -> list[Path]:
        for name, content in samples.items():
            (tmp_path / f"{name}.picture").write_bytes(content)
        return sorted(tmp_path.iterdir())

    def test_sniffs_its_own_files(self, codec: Codec, files: list[Path]) -> None:
        for path in files:
            content = path.read_bytes()
            assert codec.sniff(content[:HEAD_BYTES]) is True, path.name
            for length in range(HEAD_BYTES):
                assert codec.sniff(content[:length]) in (True, False)

    def test_probe_agrees_with_decode(self, codec: Codec, decoder: Decoder, files: list[Path]) -> None:
        for path in files:
            facts, decoded = decoder.probe(path), decoder.decode(path, DecodeRequest())
            image = decoded.frames[0]
            assert facts.codec == codec.name, path.name
            assert facts.size == image.size, path.name
            assert facts.has_alpha == given.has_alpha(image), f"{path.name}: alpha of {facts} and {image.mode}"
            assert working_mode(facts) == image.mode, f"{path.name}: {facts.mode} became {image.mode}"
            assert facts.is_animated <= (facts.pages > 1), path.name

    def test_gives_working_modes(self, decoder: Decoder, files: list[Path]) -> None:
        for path in files:
            facts = decoder.probe(path)
            for all_frames in {False, facts.is_animated}:
                decoded = decoder.decode(path, DecodeRequest(all_frames=all_frames))
                assert {frame.mode for frame in decoded.frames} <= set(WORKING_MODES), path.name
                assert {frame.size for frame in decoded.frames} == {facts.size}, path.name

    def test_every_page_is_there_and_no_other(self, decoder: Decoder, files: list[Path]) -> None:
        for path in files:
            facts = decoder.probe(path)
            for page in range(1, facts.pages + 1):
                decoded = decoder.decode(path, DecodeRequest(page=page))
                assert len(decoded.frames) == 1, path.name
                assert decoded.frames[0].size == facts.size_of_page(page), f"{path.name}, page {page}"
            for page in (facts.pages + 1, 100_000):
                with pytest.raises(NotFound):
                    decoder.decode(path, DecodeRequest(page=page))

    def test_all_frames_have_durations(self, decoder: Decoder, files: list[Path]) -> None:
        for path, facts in animations(decoder, files):
            decoded = decoder.decode(path, DecodeRequest(all_frames=True))
            assert len(decoded.frames) == facts.pages, path.name
            assert len(decoded.durations_ms) == facts.pages, path.name
            assert all(duration >= 0 for duration in decoded.durations_ms), path.name

    def test_never_shrinks_too_much(self, decoder: Decoder, files: list[Path]) -> None:
        for path in files:
            size = decoder.probe(path).size
            for reduction in REDUCTIONS:
                image = decoder.decode(path, DecodeRequest(reduction=reduction)).frames[0]
                for whole, reduced in zip(size, image.size, strict=True):
                    assert math.ceil(whole / reduction) <= reduced <= whole, f"{path.name}: {image.size} at {reduction}"

    def test_refuses_too_many_pixels(self, decoder: Decoder, files: list[Path]) -> None:
        for path in files:
            facts = decoder.probe(path)
            pixels = facts.size.width * facts.size.height
            assert decoder.decode(path, DecodeRequest(max_pixels=pixels)).frames
            with pytest.raises(TooLarge):
                decoder.decode(path, DecodeRequest(max_pixels=pixels - 1))

    def test_counts_the_pixels_of_all_frames(self, decoder: Decoder, files: list[Path]) -> None:
        for path, facts in animations(decoder, files):
            request = DecodeRequest(all_frames=True, max_pixels=facts.total_pixels)
            assert decoder.decode(path, request).frames
            with pytest.raises(TooLarge):
                decoder.decode(path, replace(request, max_pixels=facts.total_pixels - 1))

    def test_is_deterministic_and_leaves_the_file(self, decoder: Decoder, files: list[Path]) -> None:
        for path in files:
            before = path.read_bytes()
            first, second = (decoder.decode(path, DecodeRequest()) for _ in range(2))
            assert pixels_of(first) == pixels_of(second), path.name
            assert first.metadata == second.metadata, path.name
            assert decoder.probe(path) == decoder.probe(path), path.name
            assert path.read_bytes() == before, path.name

    def test_damaged_files_are_unsupported(self, decoder: Decoder, samples: Samples, tmp_path: Path) -> None:
        path = tmp_path / "secret-folder" / "damaged"
        path.parent.mkdir()
        for content in samples.values():
            for spoilt in given.damaged(content, DAMAGED_FILES):
                path.write_bytes(spoilt)
                assert_answers(decoder, path)

    def test_files_of_other_kinds_are_unsupported(self, decoder: Decoder, tmp_path: Path) -> None:
        path = tmp_path / "secret-folder.jpg"
        for content in given.STRANGERS:
            path.write_bytes(content)
            for read in (decoder.probe, lambda found: decoder.decode(found, DecodeRequest())):
                with pytest.raises(UnsupportedImage) as caught:
                    read(path)
                assert "secret" not in str(caught.value)

    def test_missing_file_is_not_found(self, decoder: Decoder, tmp_path: Path) -> None:
        with pytest.raises(NotFound):
            decoder.probe(tmp_path / "gone")
        with pytest.raises(NotFound):
            decoder.decode(tmp_path / "gone", DecodeRequest())


class EncoderContract(CodecContract):
    """For every codec that writes; results are read back when it reads too.

    ``keeps`` names the fields of `Metadata` that must survive; ``tolerance`` is the mean difference per channel that
    the default quality may make.
    """

    keeps: ClassVar[frozenset[str]] = frozenset()
    tolerance: ClassVar[float] = TOLERANCE

    @pytest.fixture
    def encoder(self, codec: Codec) -> Encoder:
        assert codec.encoder is not None, "this contract is for codecs that write"
        return codec.encoder

    def test_declares_what_it_can(self, codec: Codec, encoder: Encoder) -> None:
        assert encoder.modes, "no mode"
        assert set(encoder.modes) <= set(WORKING_MODES), encoder.modes
        assert codec.extensions[0] in encoder.names, "the canonical extension must be a format= word"
        assert next(iter(encoder.names.values())) == "", "the first word must be the plain variant"
        assert encoder.default_quality is None or 1 <= encoder.default_quality <= 100

    def test_every_mode_comes_back(self, codec: Codec, encoder: Encoder, tmp_path: Path) -> None:
        for mode in encoder.modes:
            for variant in encoder.names.values():
                image = given.picture(mode)
                content = encoder.encode([image], EncodeRequest(variant=variant))
                assert codec.sniff(content[:HEAD_BYTES]), f"{mode} {variant}: not its own format"
                self._assert_same(image, decoded_back(codec, content, tmp_path))

    def test_transparency_comes_back(self, codec: Codec, encoder: Encoder, tmp_path: Path) -> None:
        for mode in {"LA", "RGBA"} & set(encoder.modes):
            decoded = decoded_back(codec, encoder.encode([given.picture(mode)], EncodeRequest()), tmp_path)
            for image in decoded.frames if decoded else ():
                assert given.has_alpha(image), f"{mode} lost its transparency"
                alpha = image.getchannel("A")
                assert alpha.getpixel((5, 5)) == 0
                assert alpha.getpixel((given.SIZE[0] - 5, given.SIZE[1] - 5)) == 255

    def test_tiny_pictures(self, codec: Codec, encoder: Encoder, tmp_path: Path) -> None:
        for mode in encoder.modes:
            for size in TINY:
                decoded = decoded_back(codec, encoder.encode([given.picture(mode, size)], EncodeRequest()), tmp_path)
                assert decoded is None or decoded.frames[0].size == size, f"{mode} {size}"

    def test_is_deterministic_and_leaves_its_argument(self, encoder: Encoder) -> None:
        for mode in encoder.modes:
            image = given.picture(mode)
            image.info["comment"] = "mine"
            before = image.tobytes()
            request = EncodeRequest(metadata=given.metadata_for(mode))
            assert encoder.encode([image], request) == encoder.encode([image], request), mode
            assert (image.tobytes(), image.info) == (before, {"comment": "mine"}), f"{mode} was changed"

    def test_equal_canonical_quality_is_equal_bytes(self, encoder: Encoder) -> None:
        image = given.picture(encoder.modes[0])
        by_canonical: dict[int | None, bytes] = {}
        for quality in QUALITIES:
            canonical = encoder.canonical_quality(quality) if encoder.canonical_quality else None
            content = encoder.encode([image], EncodeRequest(quality=quality))
            assert by_canonical.setdefault(canonical, content) == content, f"quality {quality} is not {canonical}"
            if canonical is not None and encoder.canonical_quality:
                assert encoder.canonical_quality(canonical) == canonical, f"{canonical} must stand for itself"
                assert encoder.encode([image], EncodeRequest(quality=canonical)) == content, quality

    def test_no_quality_is_the_default(self, encoder: Encoder) -> None:
        image = given.picture(encoder.modes[0])
        default = encoder.encode([image], EncodeRequest(quality=encoder.default_quality))
        assert encoder.encode([image], EncodeRequest()) == default

    def test_metadata_is_kept(self, codec: Codec, encoder: Encoder, tmp_path: Path) -> None:
        for mode in encoder.modes:
            metadata = given.metadata_for(mode)
            content = encoder.encode([given.picture(mode)], EncodeRequest(metadata=metadata))
            decoded = decoded_back(codec, content, tmp_path)
            if decoded is not None:
                self._assert_kept(metadata, decoded.metadata, mode)

    def test_no_metadata_is_made_up(self, codec: Codec, encoder: Encoder, tmp_path: Path) -> None:
        for mode in encoder.modes:
            decoded = decoded_back(codec, encoder.encode([given.picture(mode)], EncodeRequest()), tmp_path)
            if decoded is not None:
                found = decoded.metadata
                assert (found.icc_profile, found.exif, found.xmp, found.iptc, found.dpi) == (None,) * 5, mode

    def test_broken_metadata_spoils_nothing(self, codec: Codec, encoder: Encoder, tmp_path: Path) -> None:
        for mode in encoder.modes:
            image = given.picture(mode)
            content = encoder.encode([image], EncodeRequest(metadata=given.garbage_metadata()))
            self._assert_same(image, decoded_back(codec, content, tmp_path))

    def test_animation_comes_back(self, codec: Codec, encoder: Encoder, tmp_path: Path) -> None:
        for mode in encoder.modes if encoder.can_animate else ():
            frames = given.frames(mode)
            content = encoder.encode(frames, EncodeRequest(durations_ms=given.DURATIONS_MS, loop=0))
            decoded = decoded_back(codec, content, tmp_path, all_frames=True)
            if decoded is not None:
                assert decoded.durations_ms == given.DURATIONS_MS, mode
                assert decoded.loop == 0, mode
                for before, after in zip(frames, decoded.frames, strict=True):
                    assert given.mean_difference(before, after) <= self.tolerance, mode
                    assert given.has_alpha(before) == given.has_alpha(after), mode

    def _assert_same(self, image: Image.Image, decoded: Decoded | None) -> None:
        if decoded is not None:
            after = decoded.frames[0]
            assert after.size == image.size
            difference = given.mean_difference(image, after)
            assert difference <= self.tolerance, f"{image.mode} came back as {after.mode}, {difference:.1f} off"

    def _assert_kept(self, before: Metadata, after: Metadata, mode: str) -> None:
        for name in ("icc_profile", "xmp", "iptc"):
            wanted, found = getattr(before, name), getattr(after, name)
            assert found == wanted if name in self.keeps else found in (None, wanted), f"{mode}: {name}"
        assert given.EXIF_MAKE.encode() in (after.exif or b"") or "exif" not in self.keeps, f"{mode}: exif"
        if "dpi" in self.keeps:
            assert after.dpi == pytest.approx(before.dpi, abs=0.05), f"{mode}: dpi"


def decoded_back(codec: Codec, content: bytes, folder: Path, *, all_frames: bool = False) -> Decoded | None:
    """What the codec reads from its own bytes; None when it only writes."""
    path = folder / "back"
    path.write_bytes(content)
    return codec.decoder.decode(path, DecodeRequest(all_frames=all_frames)) if codec.decoder else None


def animations(decoder: Decoder, files: list[Path]) -> list[tuple[Path, ImageFacts]]:
    found = [(path, decoder.probe(path)) for path in files]
    return [(path, facts) for path, facts in found if facts.is_animated]


def pixels_of(decoded: Decoded) -> list[tuple[str, tuple[int, int], bytes]]:
    return [(frame.mode, frame.size, frame.tobytes()) for frame in decoded.frames]


def assert_answers(decoder: Decoder, path: Path) -> None:
    """Probe and decode end soon, with pixels or with an error that tells the caller, and no path of the machine."""
    started = time.monotonic()
    for all_frames in (False, True):
        try:
            decoder.probe(path)
            decoder.decode(path, DecodeRequest(all_frames=all_frames, max_pixels=1_000_000))
        except (UnsupportedImage, NotFound, TooLarge) as error:
            assert_says_nothing_of(path, error)
    assert time.monotonic() - started < SECONDS_PER_FILE, "a damaged file takes too long"


def assert_says_nothing_of(path: Path, error: RequestError) -> None:
    for part in (path.name, path.parent.name, str(path)):
        assert part not in str(error).split(" "), f"{error} tells a path"
    assert "secret" not in str(error), f"{error} tells a path"
