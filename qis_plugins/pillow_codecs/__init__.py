"""The built-in file formats, by Pillow."""

from qis_core import hookimpl
from qis_core.contracts.codec import Codec
from qis_core.settings import Settings
from qis_plugins.pillow_codecs.avif import AVIF
from qis_plugins.pillow_codecs.bmp import BMP
from qis_plugins.pillow_codecs.gif import GIF
from qis_plugins.pillow_codecs.ico import ICO
from qis_plugins.pillow_codecs.jpeg import JPEG
from qis_plugins.pillow_codecs.png import PNG
from qis_plugins.pillow_codecs.ppm import PPM
from qis_plugins.pillow_codecs.psd import PSD
from qis_plugins.pillow_codecs.tga import TGA
from qis_plugins.pillow_codecs.tiff import TIFF
from qis_plugins.pillow_codecs.webp import WEBP

#: in the order in which files are sniffed: TGA has no signature and comes last
CODECS: tuple[Codec, ...] = (JPEG, PNG, WEBP, AVIF, GIF, TIFF, BMP, PSD, PPM, ICO, TGA)


@hookimpl
def qis_codecs(settings: Settings) -> tuple[Codec, ...]:
    return CODECS
