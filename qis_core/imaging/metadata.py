"""What happens to metadata between decode and encode, and how ``@@info`` shows it (spec image-urls §5.5)."""

from dataclasses import replace

from qis_core.contracts.codec import Metadata
from qis_core.imaging import exif, xmp
from qis_core.imaging.iptc import describe_iptc


def reset_orientation(metadata: Metadata) -> Metadata:
    """The metadata as it must be beside upright pixels: orientation 1 in EXIF and XMP, and no embedded thumbnail."""
    return replace(metadata, exif=exif.upright(metadata.exif), xmp=xmp.upright(metadata.xmp))


def describe(metadata: Metadata) -> dict[str, object]:
    """EXIF, IPTC and XMP by tag name, as JSON types of bounded size, without binary values; never raises."""
    return {
        "exif": exif.describe_exif(metadata.exif),
        "iptc": describe_iptc(metadata.iptc),
        "xmp": xmp.describe_xmp(metadata.xmp),
    }
