"""The tables of the catalog, one module per subject; `Base.metadata` knows them all."""

from qis_core.catalog.models.accounts import FolderPermission, Group, GroupPermissions, Membership, User
from qis_core.catalog.models.audit import AuditEntry
from qis_core.catalog.models.base import Base, RecordStatus, utc_now
from qis_core.catalog.models.cache import CacheEpoch
from qis_core.catalog.models.folders import Folder
from qis_core.catalog.models.images import Image, ImageAction, ImageHistory
from qis_core.catalog.models.portfolios import (
    Portfolio,
    PortfolioAccess,
    PortfolioAction,
    PortfolioExport,
    PortfolioHistory,
    PortfolioImage,
    PortfolioPermission,
)
from qis_core.catalog.models.properties import Property
from qis_core.catalog.models.statistics import ImageStatistics, SystemStatistics
from qis_core.catalog.models.tasks import Task, TaskPriority, TaskStatus
from qis_core.catalog.models.templates import Template

__all__ = [
    "AuditEntry",
    "Base",
    "CacheEpoch",
    "Folder",
    "FolderPermission",
    "Group",
    "GroupPermissions",
    "Image",
    "ImageAction",
    "ImageHistory",
    "ImageStatistics",
    "Membership",
    "Portfolio",
    "PortfolioAccess",
    "PortfolioAction",
    "PortfolioExport",
    "PortfolioHistory",
    "PortfolioImage",
    "PortfolioPermission",
    "Property",
    "RecordStatus",
    "SystemStatistics",
    "Task",
    "TaskPriority",
    "TaskStatus",
    "Template",
    "User",
    "utc_now",
]
