"""What a server answered: raw HTTP without any tidying of the address, and the picture in it."""

import http.client
import io
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image

Credentials = tuple[str, str]
Pixel = tuple[int, ...]
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """One answer. ``files`` is the folder on disk that the request was about, for comparing bytes."""

    request: str
    status: int
    headers: Message
    body: bytes
    files: Path | None = None

    def __str__(self) -> str:
        about = f"{self.request}\n  -> {self.status} {self.headers.get('Content-Type')}, {len(self.body)} bytes"
        return about if self.is_picture else f"{about}\n  {self.text[:600]}"

    @property
    def is_picture(self) -> bool:
        return self.headers.get("Content-Type", "").startswith("image/")

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        assert self.status == 200, str(self)
        return json.loads(self.body)

    @property
    def etag(self) -> str:
        return self.headers["ETag"]

    @property
    def from_cache(self) -> str:
        assert self.status == 200, str(self)
        return self.headers["X-From-Cache"]

    @cached_property
    def picture(self) -> Image.Image:
        """The decoded picture; fails when the answer is not one."""
        assert self.status == 200, str(self)
        assert self.is_picture, str(self)
        image = Image.open(io.BytesIO(self.body))
        image.load()
        return image

    @property
    def size(self) -> tuple[int, int]:
        return self.picture.size

    def rgb(self, x: int, y: int) -> Pixel:
        return self._pixel("RGB", x, y)

    def rgba(self, x: int, y: int) -> Pixel:
        return self._pixel("RGBA", x, y)

    def _pixel(self, mode: str, x: int, y: int) -> Pixel:
        pixel = self.picture.convert(mode).getpixel((x, y))
        assert isinstance(pixel, tuple)
        return tuple(int(value) for value in pixel)


@dataclass(frozen=True)
class Call:
    """One request as it goes over the wire: the target is sent as it is, ``..`` and all."""

    target: str
    method: str = "GET"
    headers: Mapping[str, str] | None = None
    auth: Credentials | None = None
    timeout_seconds: float = TIMEOUT_SECONDS

    def all_headers(self) -> dict[str, str]:
        headers = dict(self.headers or {})
        if self.auth:
            headers["Authorization"] = "Basic " + b64encode(":".join(self.auth).encode()).decode("ascii")
        if self.method not in ("GET", "HEAD", "OPTIONS"):
            headers.setdefault("Content-Length", "0")
        return headers


def send(port: int, call: Call, files: Path | None = None) -> Answer:
    """Ask ``127.0.0.1:port`` over a connection of its own; safe from many threads."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=call.timeout_seconds)
    try:
        connection.putrequest(call.method, call.target, skip_accept_encoding=True)
        for name, value in call.all_headers().items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        return Answer(f"{call.method} {call.target}", response.status, response.headers, response.read(), files)
    finally:
        connection.close()
