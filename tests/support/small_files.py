"""Small sound files of every format and kind of pixel that is read, made the same every time."""

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image

from qis_core.testing import codec_samples
from tests.support import pictures

SIZE = (40, 30)
BIG_ENDIAN_16 = ">u2"


@cache
def small_files() -> dict[str, tuple[str, bytes]]:
    """Name → (codec, content)."""
    made = {}
    for codec, maker in MAKERS.items():
        for name, content in maker().items():
            made[f"{codec} {name}"] = (codec, content)
    return made


def of_codec(codec: str) -> dict[str, bytes]:
    """The small files of one codec."""
    return {name: content for name, (owner, content) in small_files().items() if owner == codec}


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def jpegs() -> dict[str, bytes]:
    quad = pictures.quad(SIZE)
    metadata: dict[str, object] = {
        "exif": b"Exif\0\0" + codec_samples.exif(),
        "xmp": codec_samples.xmp(),
        "icc_profile": pictures.ADOBE_RGB,
        "comment": b"a comment",
        "dpi": (300, 300),
    }
    return {
        "rgb": saved(quad, "JPEG"),
        "progressive": saved(quad, "JPEG", progressive=True),
        "grey": saved(quad.convert("L"), "JPEG"),
        "cmyk": saved(quad.convert("CMYK"), "JPEG"),
        "metadata": saved(quad, "JPEG", **metadata),
    }


def pngs() -> dict[str, bytes]:
    quad = pictures.quad(SIZE)
    clear = pictures.with_left_half_transparent(pictures.quad(SIZE))
    others = [pictures.gradient(SIZE), pictures.quad(SIZE, pictures.QUARTERS[::-1])]
    return {
        "rgb": saved(quad, "PNG", exif=codec_samples.exif(), icc_profile=pictures.ADOBE_RGB),
        "rgba": saved(clear, "PNG"),
        "grey": saved(pictures.grey_ramp(SIZE), "PNG"),
        "grey alpha": saved(clear.convert("LA"), "PNG"),
        "bits": saved(pictures.grey_ramp(SIZE).convert("1"), "PNG"),
        "palette": saved(pictures.palette_quad(SIZE), "PNG", transparency=3),
        "deep": saved(pictures.deep_grey_ramp(SIZE), "PNG"),
        "animated": saved(quad, "PNG", save_all=True, append_images=others, duration=[100, 200, 300]),
    }


def webps() -> dict[str, bytes]:
    quad = pictures.quad(SIZE)
    clear = pictures.with_left_half_transparent(pictures.quad(SIZE))
    others = [pictures.gradient(SIZE), clear]
    return {
        "lossy": saved(quad, "WEBP"),
        "lossless": saved(clear, "WEBP", lossless=True),
        "opaque lossless": saved(quad, "WEBP", lossless=True),
        "metadata": saved(clear, "WEBP", exif=codec_samples.exif(), xmp=codec_samples.xmp()),
        "animated": saved(quad, "WEBP", save_all=True, append_images=others, duration=[100, 200, 300]),
    }


def avifs() -> dict[str, bytes]:
    quad = pictures.quad(SIZE)
    clear = pictures.with_left_half_transparent(pictures.quad(SIZE))
    return {
        "rgb": saved(quad, "AVIF", speed=9),
        "rgba": saved(clear, "AVIF", speed=9, exif=codec_samples.exif(), xmp=codec_samples.xmp()),
        "animated": saved(quad, "AVIF", speed=9, save_all=True, append_images=[pictures.gradient(SIZE)], duration=100),
    }


def gifs() -> dict[str, bytes]:
    frames = [frame.quantize(16) for frame in pictures.flat_frames(SIZE)]
    return {
        "still": saved(pictures.palette_quad(SIZE), "GIF"),
        "clear": saved(pictures.palette_quad(SIZE), "GIF", transparency=0),
        "grey": saved(pictures.grey_ramp(SIZE), "GIF"),
        "animated": saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100, loop=0),
    }


def tiffs() -> dict[str, bytes]:
    quad, grey = pictures.quad(SIZE), pictures.grey_ramp(SIZE)
    pages = pictures.flat_frames(SIZE)
    floats = Image.fromarray(np.linspace(0, 1, SIZE[0] * SIZE[1], dtype=np.float32).reshape(SIZE[::-1]))
    return {
        "raw": saved(quad, "TIFF"),
        "lzw": saved(quad, "TIFF", compression="tiff_lzw"),
        "deflate": saved(quad.convert("RGBA"), "TIFF", compression="tiff_adobe_deflate"),
        "jpeg": saved(quad, "TIFF", compression="jpeg"),
        "fax": saved(grey.convert("1"), "TIFF", compression="group4"),
        "grey alpha": saved(quad.convert("LA"), "TIFF", compression="packbits"),
        "palette": saved(pictures.palette_quad(SIZE), "TIFF"),
        "cmyk": saved(quad.convert("CMYK"), "TIFF", compression="tiff_lzw"),
        "lab": saved(Image.new("LAB", SIZE, (128, 128, 128)), "TIFF"),
        "deep": saved(pictures.deep_grey_ramp(SIZE), "TIFF"),
        "floats": saved(floats, "TIFF"),
        "pages": saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]),
    }


def bmps() -> dict[str, bytes]:
    quad = pictures.quad(SIZE)
    return {
        "rgb": saved(quad, "BMP"),
        "grey": saved(quad.convert("L"), "BMP"),
        "palette": saved(pictures.palette_quad(SIZE), "BMP"),
        "bits": saved(quad.convert("1"), "BMP"),
    }


def icons() -> dict[str, bytes]:
    clear = pictures.with_left_half_transparent(pictures.quad((32, 32)))
    sizes = [(16, 16), (32, 32)]
    return {
        "png": saved(clear, "ICO", sizes=sizes),
        "bitmap": saved(clear, "ICO", sizes=sizes, bitmap_format="bmp"),
        "palette": saved(pictures.palette_quad((32, 32)), "ICO", sizes=[(32, 32)], bitmap_format="bmp"),
    }


def portable_maps() -> dict[str, bytes]:
    quad = pictures.quad(SIZE)
    deep = np.asarray(pictures.deep_grey_ramp(SIZE)).astype(BIG_ENDIAN_16).tobytes()
    return {
        "rgb": saved(quad, "PPM"),
        "grey": saved(quad.convert("L"), "PPM"),
        "bits": saved(quad.convert("1"), "PPM"),
        "deep": b"P5\n40 30\n65535\n" + deep,
        "plain": b"P3\n# text\n2 2\n255\n255 0 0  0 255 0\n0 0 255  255 255 0\n",
        "floats": b"Pf\n2 2\n-1.0\n" + struct.pack("<4f", 0.0, 0.25, 0.5, 1.0),
    }


def targas() -> dict[str, bytes]:
    quad = pictures.quad(SIZE)
    return {
        "rgb": saved(quad, "TGA"),
        "packed": saved(quad, "TGA", compression="tga_rle"),
        "rgba": saved(quad.convert("RGBA"), "TGA"),
        "grey": saved(quad.convert("L"), "TGA"),
        "palette": saved(pictures.palette_quad(SIZE), "TGA"),
    }


def photoshop_documents() -> dict[str, bytes]:
    quad = pictures.quad(SIZE)
    inverted_inks = [band.point(range(255, -1, -1)) for band in quad.convert("CMYK").split()]
    resolution = struct.pack(">LHHLHH", 300 << 16, 1, 1, 300 << 16, 1, 1)
    resources = {0x03ED: resolution, 0x0404: codec_samples.iptc(), 0x0424: codec_samples.xmp()}
    return {
        "rgb": photoshop(quad, 3, resources),
        "grey": photoshop(quad.convert("L"), 1, {}),
        "cmyk": photoshop(Image.merge("CMYK", inverted_inks), 4, {}),
    }


def photoshop(image: Image.Image, color_mode: int, resources: dict[int, bytes]) -> bytes:
    """A document with a composite picture, uncompressed, and no layers; inks are stored inverted."""
    width, height = image.size
    head = struct.pack(">4sH6xHLLHH", b"8BPS", 1, len(image.getbands()), height, width, 8, color_mode)
    blocks = b"".join(_resource(number, content) for number, content in resources.items())
    planes = b"".join(band.tobytes() for band in image.split())
    return head + bytes(4) + struct.pack(">L", len(blocks)) + blocks + bytes(4) + bytes(2) + planes


def png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + name + content + struct.pack(">L", zlib.crc32(name + content))


def _resource(number: int, content: bytes) -> bytes:
    return struct.pack(">4sHHL", b"8BIM", number, 0, len(content)) + content + bytes(len(content) % 2)


MAKERS: dict[str, Callable[[], dict[str, bytes]]] = {
    "jpeg": jpegs,
    "png": pngs,
    "webp": webps,
    "avif": avifs,
    "gif": gifs,
    "tiff": tiffs,
    "bmp": bmps,
    "ico": icons,
    "ppm": portable_maps,
    "tga": targas,
    "psd": photoshop_documents,
}
