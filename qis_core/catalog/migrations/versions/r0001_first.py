"""The first schema: accounts, folders, images, templates, statistics, tasks, audit (spec management §2)."""

import sqlalchemy as sa
from alembic import op

from qis_core.catalog.migrations.column_types import text_type

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Id64 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for make_table in TABLES.values():
        make_table()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _cache_epoch() -> None:
    op.create_table(
        "cache_epoch",
        sa.Column("id", Id64, nullable=False),
        sa.Column("scope", text_type(1100), nullable=False),
        sa.Column("epoch", Id64, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cache_epoch"),
        sa.UniqueConstraint("scope", name="uq_cache_epoch_scope"),
        sqlite_autoincrement=True,
    )


def _folders() -> None:
    op.create_table(
        "folders",
        sa.Column("id", Id64, nullable=False),
        sa.Column("path", text_type(1025), nullable=False),
        sa.Column("name", text_type(1024), nullable=False),
        sa.Column("parent_id", Id64, nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["folders.id"], name="fk_folders_parent_id"),
        sa.PrimaryKeyConstraint("id", name="pk_folders"),
        sa.UniqueConstraint("path", name="uq_folders_path"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_folders_parent_id", "folders", ["parent_id"])


def _groups() -> None:
    op.create_table(
        "groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", text_type(120), nullable=False),
        sa.Column("name_key", text_type(480), nullable=False),
        sa.Column("description", text_type(), nullable=False),
        sa.Column("group_type", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_groups"),
        sa.UniqueConstraint("name_key", name="uq_groups_name_key"),
        sqlite_autoincrement=True,
    )


def _properties() -> None:
    op.create_table(
        "properties",
        sa.Column("key", text_type(50), nullable=False),
        sa.Column("value", text_type(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_properties"),
    )


def _system_statistics() -> None:
    op.create_table(
        "system_statistics",
        sa.Column("id", Id64, nullable=False),
        sa.Column("cpu_pc", sa.Double(), nullable=False),
        sa.Column("memory_pc", sa.Double(), nullable=False),
        sa.Column("cache_pc", sa.Double(), nullable=False),
        sa.Column("from_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requests", Id64, nullable=False),
        sa.Column("views", Id64, nullable=False),
        sa.Column("cached_views", Id64, nullable=False),
        sa.Column("downloads", Id64, nullable=False),
        sa.Column("total_bytes", Id64, nullable=False),
        sa.Column("request_seconds", sa.Double(), nullable=False),
        sa.Column("max_request_seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_system_statistics"),
        sa.UniqueConstraint("from_time", name="uq_system_statistics_from_time"),
        sqlite_autoincrement=True,
    )


def _templates() -> None:
    op.create_table(
        "templates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", text_type(120), nullable=False),
        sa.Column("name_key", text_type(480), nullable=False),
        sa.Column("description", text_type(), nullable=False),
        sa.Column("template", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_templates"),
        sa.UniqueConstraint("name_key", name="uq_templates_name_key"),
        sqlite_autoincrement=True,
    )


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("username", text_type(120), nullable=False),
        sa.Column("username_key", text_type(480), nullable=False),
        sa.Column("first_name", text_type(120), nullable=False),
        sa.Column("last_name", text_type(120), nullable=False),
        sa.Column("email", text_type(120), nullable=False),
        sa.Column("password_hash", text_type(), nullable=False),
        sa.Column("auth_type", sa.SmallInteger(), nullable=False),
        sa.Column("allow_api", sa.Boolean(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("password_hash <> ''", name=op.f("ck_users_password_hash")),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("username_key", name="uq_users_username_key"),
        sqlite_autoincrement=True,
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", Id64, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("username", text_type(120), nullable=False),
        sa.Column("action", text_type(40), nullable=False),
        sa.Column("subject", text_type(1100), nullable=False),
        sa.Column("info", text_type(), nullable=False),
        sa.Column("address", text_type(64), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_audit_user_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_subject_time", "audit", ["subject", "time"])
    op.create_index("ix_audit_time", "audit", ["time"])
    op.create_index("ix_audit_user_id", "audit", ["user_id"])


def _folder_permissions() -> None:
    op.create_table(
        "folder_permissions",
        sa.Column("id", Id64, nullable=False),
        sa.Column("folder_id", Id64, nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("access", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folders.id"], name="fk_folder_permissions_folder_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_folder_permissions_group_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_folder_permissions"),
        sa.UniqueConstraint("folder_id", "group_id", name="uq_folder_permissions_folder_id_group_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_folder_permissions_group_id", "folder_permissions", ["group_id"])


def _images() -> None:
    op.create_table(
        "images",
        sa.Column("id", Id64, nullable=False),
        sa.Column("src", text_type(1024), nullable=False),
        sa.Column("folder_id", Id64, nullable=False),
        sa.Column("title", text_type(255), nullable=False),
        sa.Column("description", text_type(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("fingerprint", text_type(), nullable=False),
        sa.Column("codec", text_type(50), nullable=False),
        sa.Column("mode", text_type(20), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("is_animated", sa.Boolean(), nullable=False),
        sa.Column("orientation", sa.Integer(), nullable=False),
        sa.Column("has_alpha", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.Column("size_bytes", Id64, nullable=False),
        sa.Column("modified_ns", Id64, nullable=False),
        sa.Column("content_hash", text_type(128), nullable=True),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["folder_id"], ["folders.id"], name="fk_images_folder_id"),
        sa.PrimaryKeyConstraint("id", name="pk_images"),
        sa.UniqueConstraint("src", name="uq_images_src"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_images_content_hash", "images", ["content_hash"])
    op.create_index("ix_images_folder_id_status", "images", ["folder_id", "status"])


def _memberships() -> None:
    op.create_table(
        "memberships",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_memberships_group_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_memberships_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "group_id", name="pk_memberships"),
    )
    op.create_index("ix_memberships_group_id", "memberships", ["group_id"])


def _system_permissions() -> None:
    op.create_table(
        "system_permissions",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("folios", sa.Boolean(), nullable=False),
        sa.Column("reports", sa.Boolean(), nullable=False),
        sa.Column("admin_users", sa.Boolean(), nullable=False),
        sa.Column("admin_files", sa.Boolean(), nullable=False),
        sa.Column("admin_folios", sa.Boolean(), nullable=False),
        sa.Column("admin_permissions", sa.Boolean(), nullable=False),
        sa.Column("admin_all", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_system_permissions_group_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("group_id", name="pk_system_permissions"),
    )


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", Id64, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("name", text_type(100), nullable=False),
        sa.Column("funcname", text_type(100), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("params_key", text_type(64), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("lock_id", text_type(50), nullable=True),
        sa.Column("log_level", text_type(8), nullable=False),
        sa.Column("error_log_level", text_type(8), nullable=False),
        sa.Column("keep_for", sa.Integer(), nullable=False),
        sa.Column("keep_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heartbeat", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("info", text_type(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_tasks_user_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        sa.UniqueConstraint("funcname", "params_key", name="uq_tasks_funcname_params_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tasks_keep_until", "tasks", ["keep_until"])
    op.create_index("ix_tasks_status_priority_id", "tasks", ["status", "priority", "id"])
    op.create_index("ix_tasks_user_id", "tasks", ["user_id"])


def _image_history() -> None:
    op.create_table(
        "image_history",
        sa.Column("id", Id64, nullable=False),
        sa.Column("image_id", Id64, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.SmallInteger(), nullable=False),
        sa.Column("info", text_type(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_image_history_image_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_image_history_user_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_image_history"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_image_history_image_id_action", "image_history", ["image_id", "action"])
    op.create_index("ix_image_history_time", "image_history", ["time"])
    op.create_index("ix_image_history_user_id", "image_history", ["user_id"])


def _image_statistics() -> None:
    op.create_table(
        "image_statistics",
        sa.Column("id", Id64, nullable=False),
        sa.Column("image_id", Id64, nullable=False),
        sa.Column("from_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requests", Id64, nullable=False),
        sa.Column("views", Id64, nullable=False),
        sa.Column("cached_views", Id64, nullable=False),
        sa.Column("downloads", Id64, nullable=False),
        sa.Column("total_bytes", Id64, nullable=False),
        sa.Column("request_seconds", sa.Double(), nullable=False),
        sa.Column("max_request_seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_image_statistics_image_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_image_statistics"),
        sa.UniqueConstraint("image_id", "from_time", name="uq_image_statistics_image_id_from_time"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_image_statistics_from_time", "image_statistics", ["from_time"])


#: in the order of their foreign keys
TABLES = {
    "cache_epoch": _cache_epoch,
    "folders": _folders,
    "groups": _groups,
    "properties": _properties,
    "system_statistics": _system_statistics,
    "templates": _templates,
    "users": _users,
    "audit": _audit,
    "folder_permissions": _folder_permissions,
    "images": _images,
    "memberships": _memberships,
    "system_permissions": _system_permissions,
    "tasks": _tasks,
    "image_history": _image_history,
    "image_statistics": _image_statistics,
}
