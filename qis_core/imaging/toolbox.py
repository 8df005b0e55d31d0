"""What planning and rendering need of the plugin registry; it keeps this package free of everything above it."""

from collections.abc import Mapping
from typing import Any, Protocol

from qis_core.contracts.codec import Codec
from qis_core.contracts.operation import Operation
from qis_core.domain.images import SourceFacts
from qis_core.settings import Settings


class Toolbox(Protocol):
    """Operations in the order they run, codecs by name, settings, and the plugins' choice of a format."""

    @property
    def settings(self) -> Settings: ...

    @property
    def operations(self) -> tuple[Operation[Any], ...]: ...

    @property
    def operation(self) -> Mapping[str, Operation[Any]]: ...

    @property
    def codecs(self) -> Mapping[str, Codec]: ...

    def choose_format(self, accept: tuple[str, ...], facts: SourceFacts) -> str | None: ...
