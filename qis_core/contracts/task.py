"""What a task handler promises: a named piece of background work with JSON in and out (spec management §8)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

#: JSON object
Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TaskHandler:
    """Work that can be started by name. ``run`` may be called again after a crash, so it must not mind repetition."""

    name: str
    run: Callable[[Params], Any]
    summary: str = ""
