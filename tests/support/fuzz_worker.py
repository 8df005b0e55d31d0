"""A process that decodes damaged files under limits: ``python -m tests.support.fuzz_worker FIRST COUNT``.

Each file gives a line ``number outcome seconds name``; the outcome is ``ok``, the class of an expected error, or
``FAULT`` with what went wrong.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from qis_core.contracts.codec import Codec, Decoded, DecodeRequest, EncodeRequest
from qis_core.errors import NotFound, TooLarge, UnsupportedImage
from qis_core.imaging.formats import sniff_codec
from qis_core.imaging.metadata import describe, reset_orientation
from qis_plugins.pillow_codecs import CODECS
from tests.support.mutations import Mutation, mutation

MEMORY_BYTES = 3_000_000_000
CPU_SECONDS_PER_FILE = 1
MIN_CPU_SECONDS = 60
BY_NAME = {codec.name: codec for codec in CODECS}
REQUESTS = (DecodeRequest(), DecodeRequest(reduction=8.0), DecodeRequest(page=2), DecodeRequest(all_frames=True))
#: formats that take every kind of metadata, and what a server would make of a picture
REENCODED = ("jpeg", "png", "webp", "tiff", "gif")


def main(first: int, count: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    cpu_seconds = max(MIN_CPU_SECONDS, count * CPU_SECONDS_PER_FILE)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
        path = Path(folder) / "file"
        for number in range(first, first + count):
            spoilt = mutation(number)
            path.write_bytes(spoilt.content)
            started = time.monotonic()
            result = outcome(path, spoilt)
            print(number, result, f"{time.monotonic() - started:.2f}", spoilt.name, flush=True)


def outcome(path: Path, spoilt: Mutation) -> str:
    """The first request's outcome; every codec that could be asked is asked for everything."""
    sniffed = sniff_codec(spoilt.content[:64], BY_NAME)
    outcomes = [
        answer(path, codec, request)
        for codec in {codec.name: codec for codec in (sniffed, BY_NAME[spoilt.codec]) if codec}.values()
        for request in REQUESTS
    ]
    return next((text for text in outcomes if text.startswith("FAULT")), outcomes[0])


def answer(path: Path, codec: Codec, request: DecodeRequest) -> str:
    assert codec.decoder is not None
    try:
        codec.decoder.probe(path)
        reencode(codec.decoder.decode(path, request))
    except (UnsupportedImage, NotFound, TooLarge) as error:
        return type(error).__name__ if str(path.parent) not in str(error) else f"FAULT:path-in-{error!r}"
    except Exception as error:
        return f"FAULT:{codec.name}:{error!r}".replace(" ", "_")
    return "ok"


def reencode(decoded: Decoded) -> None:
    """What came out of a damaged file must not break what comes after."""
    metadata = reset_orientation(decoded.metadata)
    describe(metadata)
    frame = decoded.frames[0]
    if frame.width * frame.height > 10_000:
        return
    for name in REENCODED:
        encoder = BY_NAME[name].encoder
        assert encoder is not None
        fitting = frame if frame.mode in encoder.modes else frame.convert("RGB")
        encoder.encode([fitting], EncodeRequest(metadata=metadata))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
