"""A worker process: decodes, renders and encodes, behind limits, and talks over one socket.

Requests come pickled from our own parent; answers go back as JSON and plain bytes, so that a decoder taken over by a
hostile file cannot make the parent unpickle anything.
"""

import dataclasses
import json
import logging
import os
import pickle
import resource
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from qis_core import errors
from qis_core.contracts.codec import DecodeRequest
from qis_core.errors import QisError, UnsupportedImage
from qis_core.imaging.executor import Executor, RenderJob, upright
from qis_core.imaging.metadata import describe
from qis_core.imaging.placeholders import placeholders
from qis_core.imaging.profiles import profile_name
from qis_core.plugins import PluginRegistry
from qis_core.services.generation_settings import GenerationSettings

_log = logging.getLogger(__name__)
_PREVIEW_PIXELS = 128


@dataclass(frozen=True, slots=True)
class ProbeJob:
    """Read the header of a file as *codec*."""

    path: Path
    codec: str


@dataclass(frozen=True, slots=True)
class DescribeJob:
    """Read metadata and the look of a file: EXIF, IPTC, XMP, dominant colour, placeholders."""

    path: Path
    codec: str
    orientation: int


Job = RenderJob | ProbeJob | DescribeJob


@dataclass(frozen=True, slots=True)
class Reply:
    """What a job gives: JSON-able facts and bytes."""

    facts: Mapping[str, Any]
    content: bytes = b""


class JobRunner:
    """Runs jobs with a registry; the part of a worker that also works without a process of its own."""

    def __init__(self, registry: PluginRegistry) -> None:
        self._registry = registry
        self._executor = Executor(registry)

    def run(self, job: Job) -> Reply:
        """Do the job; raises `QisError`, of which `UnsupportedImage` stands for every fault of the file."""
        try:
            return self._dispatch(job)
        except QisError:
            raise
        except MemoryError:
            raise UnsupportedImage("the image needs more memory than allowed") from None
        except Exception as error:
            _log.exception("rendering failed")
            raise UnsupportedImage("invalid or unsupported image format") from error

    def _dispatch(self, job: Job) -> Reply:
        match job:
            case RenderJob():
                rendered = self._executor.render(job)
                return Reply({"media_type": rendered.media_type, "size": rendered.size}, rendered.content)
            case ProbeJob():
                return Reply(dataclasses.asdict(self._decoder(job.codec).probe(job.path)))
            case DescribeJob():
                return self._describe(job)

    def _describe(self, job: DescribeJob) -> Reply:
        decoder = self._decoder(job.codec)
        facts = decoder.probe(job.path)
        reduction = max(1.0, max(facts.size) / _PREVIEW_PIXELS)
        decoded = decoder.decode(job.path, DecodeRequest(reduction=reduction))
        image = upright(decoded.frames[0], job.orientation)
        profile = decoded.metadata.icc_profile
        return Reply(
            {
                "metadata": describe(decoded.metadata),
                "placeholders": placeholders(image, profile, self._registry.settings),
                "profile": profile_name(profile),
            }
        )

    def _decoder(self, codec: str) -> Any:
        return self._registry.codecs[codec].decoder


def encode_error(error: QisError) -> dict[str, Any]:
    """An error as JSON; the class is one of `qis_core.errors`."""
    return {"error": type(error).__name__, "message": str(error), "parameter": getattr(error, "parameter", None)}


def decode_error(facts: Mapping[str, Any]) -> QisError:
    """Undo `encode_error`; an unknown class comes out as `UnsupportedImage`."""
    kind = getattr(errors, str(facts["error"]), UnsupportedImage)
    if not (isinstance(kind, type) and issubclass(kind, QisError)):
        kind = UnsupportedImage
    error: QisError = kind(str(facts["message"]))
    if isinstance(error, errors.InvalidRequest):
        error.parameter = facts.get("parameter")
    return error


def serve(connection: Connection, run: Callable[[Job], Reply], cpu_seconds: int) -> None:
    """Answer jobs until the parent goes away."""
    while True:
        try:
            job = pickle.loads(connection.recv_bytes())  # noqa: S301  from our own parent over a private socket
        except (EOFError, OSError):
            return
        _limit_cpu(cpu_seconds)
        try:
            reply = run(job)
        except QisError as error:
            reply = Reply(encode_error(error))
        connection.send_bytes(json.dumps(reply.facts).encode())
        connection.send_bytes(reply.content)


def main(fd: int) -> None:
    """Entry point of the process: the first message says which plugins and settings to use."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = Connection(os.dup(fd))
    ini, environ = pickle.loads(connection.recv_bytes())  # noqa: S301  from our own parent over a private socket
    registry = PluginRegistry.load(ini, environ)
    limits = registry.settings[GenerationSettings]
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    connection.send_bytes(b"ready")
    serve(connection, JobRunner(registry).run, limits.cpu_seconds)


def _limit_cpu(seconds: int) -> None:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime) + seconds + 1, hard))
