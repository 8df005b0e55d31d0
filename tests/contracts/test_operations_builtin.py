"""Every built-in operation keeps the contract."""

from typing import Any

import pytest

from qis_core.contracts.operation import Operation
from qis_core.testing.operation_contract import OperationContract
from qis_plugins.operations import qis_operations


class TestBuiltin(OperationContract):
    @pytest.fixture(params=qis_operations(), ids=lambda operation: operation.name)
    def operation(self, request: pytest.FixtureRequest) -> Operation[Any]:
        operation: Operation[Any] = request.param
        return operation
