"""What a camera and a photographer would have written into the files: EXIF and XMP."""

from dataclasses import dataclass
from xml.sax.saxutils import escape

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

_AUTHOR = "QIS sample pictures"
_RIGHTS = "Drawn by the QIS server; free for any use (CC0)"


@dataclass(frozen=True, slots=True)
class Caption:
    """``place`` is latitude and longitude in degrees; ``exposure`` is seconds, f-number, ISO and focal length in mm."""

    title: str
    description: str
    keywords: tuple[str, ...] = ()
    place: tuple[float, float] | None = None
    exposure: tuple[float, float, int, int] | None = None
    taken: str = "2026:06:21 20:15:00"
    orientation: int = 1


def exif_of(caption: Caption) -> Image.Exif:
    """The caption as EXIF."""
    exif = Image.Exif()
    exif[Base.ImageDescription] = caption.description
    exif[Base.Artist], exif[Base.Copyright] = _AUTHOR, _RIGHTS
    exif[Base.Make], exif[Base.Model], exif[Base.Software] = "QIS", "Imaginary 24", "qis samples"
    exif[Base.Orientation], exif[Base.DateTime] = caption.orientation, caption.taken
    detail = exif.get_ifd(IFD.Exif)
    detail[Base.DateTimeOriginal] = caption.taken
    if caption.exposure is not None:
        seconds, aperture, iso, focal = caption.exposure
        detail[Base.ExposureTime], detail[Base.FNumber] = seconds, aperture
        detail[Base.ISOSpeedRatings], detail[Base.FocalLength] = iso, float(focal)
        detail[Base.LensModel] = f"Imaginary {focal} mm"
    if caption.place is not None:
        _add_place(exif, caption.place)
    return exif


def _add_place(exif: Image.Exif, place: tuple[float, float]) -> None:
    latitude, longitude = place
    gps = exif.get_ifd(IFD.GPSInfo)
    gps[GPS.GPSLatitudeRef], gps[GPS.GPSLatitude] = "N" if latitude >= 0 else "S", _degrees(latitude)
    gps[GPS.GPSLongitudeRef], gps[GPS.GPSLongitude] = "E" if longitude >= 0 else "W", _degrees(longitude)


def _degrees(value: float) -> tuple[float, float, float]:
    minutes = abs(value) * 60
    return float(minutes // 60), float(minutes % 60 // 1), round(minutes % 1 * 60, 2)


def xmp_of(caption: Caption) -> bytes:
    """The caption as an XMP packet (Dublin Core)."""
    keywords = "".join(f"<rdf:li>{escape(word)}</rdf:li>" for word in caption.keywords)
    packet = (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{_alternative(caption.title)}</dc:title>"
        f"<dc:description>{_alternative(caption.description)}</dc:description>"
        f"<dc:rights>{_alternative(_RIGHTS)}</dc:rights>"
        f"<dc:creator><rdf:Seq><rdf:li>{_AUTHOR}</rdf:li></rdf:Seq></dc:creator>"
        f"<dc:subject><rdf:Bag>{keywords}</rdf:Bag></dc:subject>"
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    )
    return packet.encode()


def _alternative(text: str) -> str:
    return f'<rdf:Alt><rdf:li xml:lang="x-default">{escape(text)}</rdf:li></rdf:Alt>'
