"""The settings of the worker pool."""

import os
from dataclasses import dataclass
from typing import Literal

from qis_core.settings import section, setting


@section("generation")
@dataclass(frozen=True, kw_only=True)
class GenerationSettings:
    """How derivatives are made: how many at once, and what one may cost."""

    workers: int = setting(0, minimum=0, maximum=256, help="Worker processes; 0: one per CPU")
    queue_size: int = setting(
        0, minimum=0, help="Jobs that may wait for a worker; 0: 4 per worker, at least 8; beyond it 503"
    )
    wait_seconds: float = setting(30.0, minimum=1, maximum=120, unit="s", help="How long equal requests wait for one")
    timeout_seconds: float = setting(60.0, minimum=1, unit="s", help="A worker that takes longer is killed")
    cpu_seconds: int = setting(60, minimum=1, unit="s", help="CPU time one job may use")
    memory_bytes: int = setting(
        4 * 1024**3, minimum=256 * 1024**2, unit="bytes", help="Address space of a worker process"
    )
    on_busy: Literal["refuse", "duplicate"] = setting(
        "refuse", help="When a wait runs out: answer 503, or make the picture a second time"
    )

    @property
    def worker_count(self) -> int:
        """``workers``, or one per CPU."""
        return self.workers or os.cpu_count() or 1

    @property
    def queue_length(self) -> int:
        """``queue_size``, or 4 per worker; a browser alone asks for six pictures at once, so never under 8."""
        return self.queue_size or max(8, 4 * self.worker_count)
