"""What travels beside the pixels: turned with them, and shown."""

import json

from qis_core.contracts.codec import Metadata
from qis_core.imaging.exif import find_orientation
from qis_core.imaging.metadata import describe, reset_orientation
from tests.support.metadata_bytes import MAKE, ORIENTATION, exif, iptc, short, text, xmp

FULL = Metadata(
    icc_profile=b"profile",
    exif=exif(text(MAKE, "Someone"), short(ORIENTATION, 6)),
    xmp=xmp("<dc:format>image/jpeg</dc:format>", 'tiff:Orientation="6"'),
    iptc=iptc((90, "Brussels")),
    dpi=(300.0, 300.0),
    fields={"Software": "a tool"},
)


def test_reset_orientation_in_exif_and_xmp() -> None:
    reset = reset_orientation(FULL)
    assert find_orientation(reset.exif) == 1
    assert describe(reset)["xmp"] == {"dc:format": "image/jpeg", "tiff:Orientation": "1"}


def test_reset_orientation_leaves_the_rest() -> None:
    reset = reset_orientation(FULL)
    assert (reset.icc_profile, reset.iptc, reset.dpi, reset.fields) == (
        FULL.icc_profile,
        FULL.iptc,
        FULL.dpi,
        FULL.fields,
    )
    assert describe(reset)["exif"] == {"Make": "Someone", "Orientation": 1}


def test_reset_orientation_of_nothing() -> None:
    assert reset_orientation(Metadata()) == Metadata()


def test_describe_tells_all_three() -> None:
    assert describe(FULL) == {
        "exif": {"Make": "Someone", "Orientation": 6},
        "iptc": {"City": "Brussels"},
        "xmp": {"dc:format": "image/jpeg", "tiff:Orientation": "6"},
    }


def test_describe_of_nothing_has_the_same_shape() -> None:
    assert describe(Metadata()) == {"exif": {}, "iptc": {}, "xmp": {}}


def test_describe_is_json_without_binary_values() -> None:
    described = json.dumps(describe(FULL))
    assert json.loads(described) == describe(FULL)
    assert "profile" not in described
