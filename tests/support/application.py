"""An application on a temporary folder, as an embedder opens it: pictures are made in this process."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from PIL import Image

from qis_core.application import Application, Origin
from qis_core.domain.access import ANONYMOUS, Identity, SystemPermission
from qis_core.imaging.plan import ImageRequest
from qis_core.services.deliver import Answer, ImageCall

ADMIN = Identity(1, "admin", frozenset({2, 3}), SystemPermission.ADMIN_ALL)
_INLINE: Mapping[str, object] = {"inline": SimpleNamespace()}


@contextmanager
def open_application(
    tmp_path: Path, plugins: Mapping[str, object] | None = None, **settings: object
) -> Iterator[Application]:
    """Settings are given as ``images_max_dimension=100``; *plugins* join the installed ones."""
    root = tmp_path / "pictures"
    root.mkdir(exist_ok=True)
    environ = {
        "QIS_FILESYSTEM_ROOT": str(root),
        "QIS_SQLITE_PATH": str(tmp_path / "catalog.sqlite3"),
        "QIS_CACHE_TIERS": "memory",
        "QIS_ADMIN_PASSWORD": "long enough",
        "QIS_PASSWORDS_TIME_COST": "1",
        "QIS_PASSWORDS_MEMORY_KIB": "8",
        "QIS_PASSWORDS_PARALLELISM": "1",
        "QIS_IMAGES_FINGERPRINT_SECONDS": "0",
        **{f"QIS_{name.upper()}": str(value) for name, value in settings.items()},
    }
    application = Application(Origin({}, environ, plugins or _INLINE))
    application.prepare()
    try:
        yield application
    finally:
        application.close()


def put_picture(tmp_path: Path, src: str, size: tuple[int, int] = (100, 60), **how: Any) -> Path:
    """Write a picture with a gradient into the repository; ``mode`` and Pillow's save options may be given."""
    file = tmp_path / "pictures" / src
    file.parent.mkdir(parents=True, exist_ok=True)
    gradient = Image.merge("RGB", [Image.linear_gradient("L").resize(size)] * 2 + [Image.new("L", size, 90)])
    gradient.convert(how.pop("mode", "RGB")).save(file, **how)
    return file


def call(application: Application, src: str, query: str = "", identity: Identity = ANONYMOUS) -> ImageCall:
    """The call that ``/image?src=…&query`` makes."""
    pairs = [tuple(pair.split("=", 1)) for pair in query.split("&") if pair]
    values = application.registry.parameters.parse([(name, text) for name, text in pairs if name != "tmp"])
    template = next((text for name, text in pairs if name == "tmp"), None)
    return ImageCall(ImageRequest(src, template, values), identity)


def ask(application: Application, src: str, query: str = "", identity: Identity = ANONYMOUS) -> Answer:
    """The answer to that call, for a client with an empty cache."""
    return application.delivery.image(call(application, src, query, identity), lambda _validators: False)


def key_of(application: Application, src: str, query: str = "") -> str:
    """The plan's key of a request."""
    return application.delivery.prepare(call(application, src, query)).plan.key
