"""Every built-in operation keeps the contract."""

from pathlib import Path
from typing import Any

import pytest

from qis_core.contracts.operation import Operation
from qis_core.imaging.settings import ImagesSettings
from qis_core.settings import Settings
from qis_core.testing.operation_contract import OperationContract
from qis_plugins.operations import COLORS, qis_operations
from tests.support.icc import adobe_rgb
from tests.support.ink_profiles import cmyk, grey


class TestBuiltin(OperationContract):
    @pytest.fixture(params=qis_operations(), ids=lambda operation: operation.name)
    def operation(self, request: pytest.FixtureRequest) -> Operation[Any]:
        operation: Operation[Any] = request.param
        return operation


class TestColoursWithProfiles(OperationContract):
    @pytest.fixture(params=COLORS, ids=lambda operation: operation.name)
    def operation(self, request: pytest.FixtureRequest) -> Operation[Any]:
        operation: Operation[Any] = request.param
        return operation

    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        for name, profile in (("adobe.icc", adobe_rgb()), ("press.icm", cmyk()), ("grey.icc", grey())):
            (tmp_path / name).write_bytes(profile)
        return Settings.of(ImagesSettings(icc_folder=tmp_path, default_cmyk_profile=tmp_path / "press.icm"))
