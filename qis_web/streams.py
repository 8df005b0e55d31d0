"""Sending files without holding them in memory, whole or in one range (RFC 9110 §14)."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from pyramid.response import Response

from qis_core.domain.paths import RepositoryPath

CHUNK_BYTES = 256 * 1024


class FileChunks:
    """A WSGI body: part of a file, closed when the server is done with it."""

    def __init__(self, file: BinaryIO, first: int, length: int) -> None:
        self._file = file
        self._left = length
        file.seek(first)

    def __iter__(self) -> Iterator[bytes]:
        while self._left > 0:
            chunk = self._file.read(min(CHUNK_BYTES, self._left))
            if not chunk:
                return
            self._left -= len(chunk)
            yield chunk

    def close(self) -> None:
        self._file.close()


def file_response(
    request: Any, response: Response, path: RepositoryPath, size_bytes: int, *, ranges: bool = False
) -> Response:
    """Fill *response* with a file of the storage; with *ranges* a single byte range is honoured.

    Several ranges in one request are answered with the whole file, which a server may do, so that a client cannot make
    one request cost many.
    """
    wanted = request.range if ranges and request.if_range is not None and response in request.if_range else None
    first, end = 0, size_bytes
    if wanted is not None and "," not in request.headers.get("Range", ""):
        span = wanted.range_for_length(size_bytes)
        if span is None:
            response.status_int = 416
            response.headers["Content-Range"] = f"bytes */{size_bytes}"
            response.headers.pop("Content-Disposition", None)
            return response
        first, end = span
        response.status_int = 206
        response.headers["Content-Range"] = f"bytes {first}-{end - 1}/{size_bytes}"
    file = request.qis.storage.open(path)
    response.app_iter = FileChunks(file, first, end - first)
    response.content_length = end - first
    return response
