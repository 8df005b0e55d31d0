"""The queue of background work (spec management §8)."""

from datetime import datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qis_core.catalog.models.base import KEEP_IDS, Base, BigKey, Code, utc_now


class TaskStatus(IntEnum):
    """Where a task is."""

    WAITING = 0
    RUNNING = 1
    FINISHED = 2


class TaskPriority(IntEnum):
    """Which waiting task goes first."""

    HIGH = 10
    NORMAL = 20
    LOW = 30


class Task(Base):
    """A handler's name with its parameters; an equal one cannot exist beside it.

    ``params_key`` is a hash of the canonical JSON of ``params``, since JSON itself cannot be unique. ``heartbeat`` is
    set by the worker named in ``lock_id``; ``run_after`` holds a retry back.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("funcname", "params_key"),
        Index(None, "status", "priority", "id"),
        KEEP_IDS,
    )

    id: Mapped[BigKey]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    name: Mapped[str] = mapped_column(String(100), default="")
    funcname: Mapped[str] = mapped_column(String(100))
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    params_key: Mapped[str] = mapped_column(String(64))
    priority: Mapped[TaskPriority] = mapped_column(Code(TaskPriority), default=TaskPriority.NORMAL)
    status: Mapped[TaskStatus] = mapped_column(Code(TaskStatus), default=TaskStatus.WAITING)
    result: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    lock_id: Mapped[str | None] = mapped_column(String(50))
    log_level: Mapped[str] = mapped_column(String(8), default="info")
    error_log_level: Mapped[str] = mapped_column(String(8), default="error")
    keep_for: Mapped[int] = mapped_column(default=0)
    keep_until: Mapped[datetime | None] = mapped_column(index=True)
    created: Mapped[datetime] = mapped_column(default=utc_now)
    run_after: Mapped[datetime | None] = mapped_column()
    heartbeat: Mapped[datetime | None] = mapped_column()
    attempts: Mapped[int] = mapped_column(default=0)
    progress: Mapped[float] = mapped_column(default=0.0)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    info: Mapped[str] = mapped_column(Text, default="")
