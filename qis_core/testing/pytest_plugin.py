"""Options for the conformance suite.

::

    pytest -p qis_core.testing.pytest_plugin --pyargs qis_core.testing.suite --qis-plugin NAME

NAME is an entry point of the group ``qis.plugins``, or a module. Back ends get new folders for their settings of type
path; whatever else they need is said with ``--qis-setting qis.section.name=value``, where ``{tmp}`` is a new folder.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from qis_core.errors import QisError
from qis_core.testing.subjects import Subject, find_subjects

for _name in (
    *("operation", "codec", "storage", "durable_storage", "folder_storage"),
    *("cache", "shared_cache", "database", "auth"),
):
    pytest.register_assert_rewrite(f"qis_core.testing.{_name}_contract")

_SUBJECTS = pytest.StashKey[tuple[Subject, ...]]()
#: Stands for "the plugin gives nothing of this kind"; such tests are left out.
_NOTHING = "nothing"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("qis", "QIS plugins")
    group.addoption("--qis-plugin", action="append", default=[], metavar="NAME", help="plugin to check; repeatable")
    group.addoption(
        "--qis-setting", action="append", default=[], metavar="NAME=VALUE", help="a setting; {tmp} is a new folder"
    )
    group.addoption("--qis-samples", metavar="FOLDER", help="files for codecs that only read, named <codec>-*.*")


def pytest_configure(config: pytest.Config) -> None:
    try:
        config.stash[_SUBJECTS] = tuple(_subjects(config))
    except (QisError, ImportError) as error:
        raise pytest.UsageError(str(error)) from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    wanted = cast("Callable[[Subject], bool] | None", getattr(metafunc.cls, "qis_subjects", None))
    if wanted is None or "subject" not in metafunc.fixturenames:
        return
    if not metafunc.config.getoption("--qis-plugin"):
        raise pytest.UsageError("say which plugin to check: --qis-plugin NAME")
    subjects: list[Any] = [subject for subject in metafunc.config.stash[_SUBJECTS] if wanted(subject)]
    metafunc.parametrize("subject", subjects or [_NOTHING], ids=lambda subject: getattr(subject, "name", _NOTHING))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    idle = [item for item in items if _subject_of(item) == _NOTHING]
    items[:] = [item for item in items if _subject_of(item) != _NOTHING]
    if idle:
        config.hook.pytest_deselected(items=idle)


def pytest_report_header(config: pytest.Config) -> list[str]:
    return [f"qis: {subject.plugin} gives {subject.name} ({subject.kind})" for subject in config.stash[_SUBJECTS]]


def _subjects(config: pytest.Config) -> list[Subject]:
    samples = config.getoption("--qis-samples")
    folder = None if samples is None else str(Path(samples).resolve())
    found: list[Subject] = []
    for plugin in config.getoption("--qis-plugin"):
        given = list(find_subjects(plugin, map(_setting, config.getoption("--qis-setting")), folder))
        if not given:
            raise pytest.UsageError(f"{plugin} gives nothing that has a contract")
        found += given
    return found


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise pytest.UsageError(f"--qis-setting {text!r}: expected NAME=VALUE")
    return name, value


def _subject_of(item: pytest.Item) -> object:
    call = getattr(item, "callspec", None)
    return None if call is None else call.params.get("subject")
