"""Style sheets and scripts; their URLs change with their content, so that browsers never use old ones."""

import hashlib
from pathlib import Path

from pyramid.config import Configurator
from pyramid.static import QueryStringConstantCacheBuster

_FOLDER = Path(__file__).parent / "static"
_DIGEST_LENGTH = 12


def includeme(config: Configurator) -> None:
    config.add_cache_buster("qis_web:static", QueryStringConstantCacheBuster(digest_of(_FOLDER)))


def digest_of(folder: Path) -> str:
    """Text that changes when any file in *folder* does."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:_DIGEST_LENGTH]
