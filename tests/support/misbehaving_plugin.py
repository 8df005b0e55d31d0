"""A third-party plugin made on the spot whose operation sleeps, burns, eats memory or dies."""

from pathlib import Path

MODULE = '''"""misbehave: what a worker must survive."""
import os
import time
from dataclasses import dataclass

from PIL import Image

from qis_core import Choice, Stage, hookimpl, operation, param


@dataclass(frozen=True, slots=True)
class MisbehaveParams:
    how: str = param("misbehave", Choice(("sleep", "burn", "eat", "die", "raise", "rest")), help="In which way")


@operation("misbehave", stage=Stage.EFFECT, params=MisbehaveParams)
def misbehave(image: Image.Image, params: MisbehaveParams) -> Image.Image:
    """Misbehave."""
    if params.how == "sleep":
        time.sleep(600)
    if params.how == "rest":
        time.sleep(1)
    while params.how == "burn":
        pass
    if params.how == "eat":
        return Image.new("RGB", (60000, 60000))
    if params.how == "die":
        os.kill(os.getpid(), 9)
    if params.how == "raise":
        raise RuntimeError("a path of the machine: /etc/secret")
    return image.copy()


@hookimpl
def qis_operations():
    return (misbehave,)
'''
METADATA = "Metadata-Version: 2.1\nName: qis-misbehaving\nVersion: 1.0\n"
ENTRY_POINTS = "[qis.plugins]\nmisbehaving = qis_misbehaving\n"


def install(folder: Path) -> Path:
    """Write the distribution into *folder*; put *folder* on the path to have it installed."""
    info = folder / "qis_misbehaving-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "qis_misbehaving.py").write_text(MODULE, encoding="utf-8")
    (info / "METADATA").write_text(METADATA, encoding="utf-8")
    (info / "entry_points.txt").write_text(ENTRY_POINTS, encoding="utf-8")
    return folder
