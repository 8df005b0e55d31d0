"""The suite that plugin authors run with no code: ``--qis-plugin NAME``."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PLUGIN = '''
from dataclasses import dataclass

from PIL import ImageOps

from qis_core import Integer, Stage, hookimpl, operation, param


@dataclass(frozen=True, slots=True)
class FrameParams:
    width_px: int = param("frame", Integer(0, 20), default=0, unit="px", help="Width of a frame")


@operation("frame", stage=Stage.EFFECT, params=FrameParams, output_size=OUTPUT_SIZE)
def frame(image, step):
    """Put a frame around the picture."""
    return ImageOps.expand(image, step.width_px, (0,) * len(image.getbands()) if image.mode != "L" else 0)


@hookimpl
def qis_operations():
    return (frame,)
'''
RIGHT = "lambda size, step: type(size)(size.width + 2 * step.width_px, size.height + 2 * step.width_px)"
FORGOTTEN = "lambda size, step: size"

STORE = """
from dataclasses import dataclass
from pathlib import Path

from qis_core import hookimpl, section, setting
from qis_core.contracts.cache import CacheBackend
from qis_plugins.memory.cache import MemoryCache


@section("jar")
@dataclass(frozen=True, kw_only=True)
class JarSettings:
    label: str = setting(help="What stands on it")
    size_bytes: int = setting(64_000_000, help="How much goes in")
    path: Path | None = setting(None, help="Where it stands")


class Jar(MemoryCache):
    def __init__(self, settings):
        assert settings[JarSettings].path.is_dir()
        assert "{tmp}" not in settings[JarSettings].label
        super().__init__(settings[JarSettings].size_bytes)

    def add(self, key, value, *, ttl_seconds=None):
        return ADD


@hookimpl
def qis_settings():
    return (JarSettings,)


@hookimpl
def qis_cache_backends():
    return (CacheBackend("jar", Jar, "a jar"),)
"""
SUITE = ("-p", "qis_core.testing.pytest_plugin", "--pyargs", "qis_core.testing.suite")


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """The exit code and the output of pytest, as an author would run it."""
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *SUITE, *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(Path.cwd())])}
    captured: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 110}
    done = subprocess.run(command, cwd=folder, env=environment, check=False, **captured)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def author(tmp_path: Path) -> Path:
    """A folder with somebody's plugins."""
    (tmp_path / "qis_frame.py").write_text(PLUGIN.replace("OUTPUT_SIZE", RIGHT))
    (tmp_path / "qis_forgetful.py").write_text(PLUGIN.replace("OUTPUT_SIZE", FORGOTTEN))
    (tmp_path / "qis_jar.py").write_text(STORE.replace("ADD", "super().add(key, value, ttl_seconds=ttl_seconds)"))
    (tmp_path / "qis_leaky_jar.py").write_text(STORE.replace("ADD", "self.set(key, value)"))
    (tmp_path / "qis_idle.py").write_text('"""Gives nothing."""')
    return tmp_path


def test_a_right_operation_passes(author: Path) -> None:
    code, output = run(author, "--qis-plugin", "qis_frame")
    assert code == 0, output
    assert "test_predicts_its_size[frame] PASSED" in output


def test_a_wrong_operation_fails_by_name(author: Path) -> None:
    code, output = run(author, "--qis-plugin", "qis_forgetful", "-k", "test_predicts_its_size")
    assert code == 1
    assert "test_predicts_its_size[frame]" in output
    assert "output_size" in output


def test_only_contracts_that_apply_are_run(author: Path) -> None:
    _, output = run(author, "--qis-plugin", "qis_frame", "--collect-only")
    assert "TestOperation" in output
    for other in ("TestStorage", "TestCache", "TestDatabase", "TestSignIn", "TestDecoder"):
        assert other not in output


def test_back_ends_get_their_settings(author: Path) -> None:
    jar = ("--qis-setting", "qis.jar.label={tmp}/jam")
    code, output = run(author, "--qis-plugin", "qis_jar", *jar, "-k", "absent_key or making_room or forgetting")
    assert code == 0, output
    assert "TestBoundedCache" in output
    assert "TestSharedCache" not in output


def test_a_wrong_cache_fails(author: Path) -> None:
    code, output = run(author, "--qis-plugin", "qis_leaky_jar", "--qis-setting", "qis.jar.label=x", "-k", "stores_only")
    assert code == 1
    assert "test_add_stores_only_what_is_absent[jar]" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--qis-plugin", "qis_idle"), "qis_idle gives nothing that has a contract"),
        (("--qis-plugin", "qis_missing"), "qis_missing"),
        (("--qis-plugin", "qis_jar"), "qis.jar.label: required"),
        (("--qis-plugin", "qis_jar", "--qis-setting", "qis.jar.label"), "expected NAME=VALUE"),
        (("--qis-plugin", "qis_frame", "--qis-setting", "qis.frame.x=1"), "qis.frame.x: unknown setting"),
        ((), "--qis-plugin NAME"),
    ],
)
def test_mistakes_are_told_in_a_sentence(author: Path, arguments: tuple[str, ...], message: str) -> None:
    code, output = run(author, *arguments)
    assert code not in (0, 1)
    assert message in output
    assert "Traceback" not in output


def test_installed_plugins_are_found_by_name(author: Path) -> None:
    code, output = run(author, "--qis-plugin", "memory", "--qis-plugin", "qis_frame", "--collect-only")
    assert code == 0, output
    for name in ("TestStorage", "TestCache", "TestOperation"):
        assert name in output
