"""A third-party plugin made on the spot: ``&slow=500`` takes 500 ms, and every use leaves a line in a log."""

from pathlib import Path

MODULE = '''"""slow: take time."""
import os
import time
from dataclasses import dataclass

from PIL import Image

from qis_core import Integer, Stage, hookimpl, operation, param


@dataclass(frozen=True, slots=True)
class SlowParams:
    milliseconds: int = param("slow", Integer(0, 60000), default=0, unit="ms", help="How long to take")


@operation("slow", stage=Stage.EFFECT, params=SlowParams)
def slow(image: Image.Image, params: SlowParams) -> Image.Image:
    """Take time and change nothing."""
    with open(os.environ["SLOW_LOG"], "a", encoding="ascii") as log:
        log.write(f"{params.milliseconds}\\n")
    time.sleep(params.milliseconds / 1000)
    return image.copy()


@hookimpl
def qis_operations():
    return (slow,)
'''
METADATA = "Metadata-Version: 2.1\nName: qis-slow\nVersion: 1.0\n"
ENTRY_POINTS = "[qis.plugins]\nslow = qis_slow\n"


def install(folder: Path) -> Path:
    """Write the distribution into *folder* as an installer would; put *folder* on PYTHONPATH to have it installed."""
    folder.mkdir(parents=True)
    (folder / "qis_slow.py").write_text(MODULE, encoding="utf-8")
    info = folder / "qis_slow-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA, encoding="utf-8")
    (info / "entry_points.txt").write_text(ENTRY_POINTS, encoding="utf-8")
    return folder


def uses(log: Path) -> int:
    """How often the operation has run."""
    return len(log.read_text(encoding="ascii").splitlines()) if log.exists() else 0
