"""Damaged picture files of every format are answered 200 or 415, in time, and no worker dies of one.

``QIS_TEST_FUZZED_FILES=10000`` makes a long run of it; the usual number is small.
"""

import io
import os
import random
import time
import warnings
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from tests.support import pictures
from tests.support.cases import Folder
from tests.support.server import RunningServer, children_of

FILES = int(os.environ.get("QIS_TEST_FUZZED_FILES", "390"))
SECONDS_PER_FILE = 10
FORMATS = {
    "jpg": ("JPEG", "RGB"),
    "pjpg.jpg": ("JPEG", "L"),
    "cmyk.jpg": ("JPEG", "CMYK"),
    "png": ("PNG", "RGBA"),
    "palette.png": ("PNG", "P"),
    "gif": ("GIF", "P"),
    "tif": ("TIFF", "RGB"),
    "lzw.tif": ("TIFF", "L"),
    "webp": ("WEBP", "RGBA"),
    "avif": ("AVIF", "RGB"),
    "bmp": ("BMP", "RGB"),
    "ico": ("ICO", "RGBA"),
    "ppm": ("PPM", "RGB"),
    "tga": ("TGA", "RGB"),
}
OPTIONS: dict[str, dict[str, object]] = {"pjpg.jpg": {"progressive": True}, "lzw.tif": {"compression": "tiff_lzw"}}
TAIL_OF_HEADER = 200


@cache
def sound(kind: str) -> bytes:
    """A small sound file, animated where the format can."""
    format_name, mode = FORMATS[kind]
    frames = [frame.convert(mode) for frame in (pictures.gradient((40, 30)), pictures.quad((40, 30)))]
    more = {"save_all": True, "append_images": frames[1:]} if kind in ("gif", "webp", "tif") else {}
    file = io.BytesIO()
    frames[0].save(file, format_name, **OPTIONS.get(kind, {}), **more)
    return file.getvalue()


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Cut, flip, repeat or overwrite some bytes, more often near the start, where the structure is."""
    result = bytearray(data)
    for _damage in range(chance.randint(1, 8)):
        reach = len(result) if chance.random() < 0.5 else min(len(result), TAIL_OF_HEADER)
        at = chance.randrange(max(reach, 1))
        match chance.randrange(6):
            case 0:
                del result[at:]
            case 1:
                result[at : at + 4] = chance.choice(
                    (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\x80\0\0\0")
                )
            case 2:
                result[at:at] = result[at : at + chance.randint(1, 60)]
            case 3:
                del result[at : at + chance.randint(1, 30)]
            case _:
                result[at : at + 1] = bytes([chance.randrange(256)])
    return bytes(result)


@pytest.mark.timeout(3600 if FILES > 1000 else 180)
@pytest.mark.parametrize("kind", FORMATS)
def test_damaged_files_are_answered(server: RunningServer, fixtures: Path, kind: str) -> None:
    folder, chance = Folder(server, fixtures), random.Random(kind)
    (folder.path / f"sound.{kind}").write_bytes(sound(kind))
    assert folder.ask(f"sound.{kind}&width=20&format=png").size == (20, 15)
    workers = set(children_of(server.pid))
    for number in range(FILES // len(FORMATS)):
        name = f"f{number}.{kind}"
        (folder.path / name).write_bytes(damaged(sound(kind), chance))
        query = chance.choice(("&width=20", "", "&format=png", "&width=9&strip=1&format=jpg", "&angle=90&page=2"))
        started = time.monotonic()
        answer = folder.ask(name + query)
        assert answer.status in ((200, 404, 415) if "page" in query else (200, 415)), str(answer)
        assert time.monotonic() - started < SECONDS_PER_FILE, str(answer)
        assert folder.ask(f"/images/t/{name}/@@info").status in (200, 415)
    assert workers <= set(children_of(server.pid)), "a worker died"


def test_the_damage_is_real_and_not_all_there_is() -> None:
    chance = random.Random(1)
    opened = [is_readable(kind, damaged(sound(kind), chance)) for kind in FORMATS for _file in range(10)]
    assert 0.1 < opened.count(True) / len(opened) < 0.9


def is_readable(kind: str, data: bytes) -> bool:
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=[FORMATS[kind][0]]) as image:
            warnings.simplefilter("ignore")
            image.load()
    except Exception:
        return False
    return True
