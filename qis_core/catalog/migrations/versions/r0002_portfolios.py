"""Portfolios and what belongs to them (spec portfolios §1)."""

import sqlalchemy as sa
from alembic import op

from qis_core.catalog.migrations.column_types import text_type

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Id64 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for make_table in TABLES.values():
        make_table()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _portfolios() -> None:
    op.create_table(
        "portfolios",
        sa.Column("id", Id64, nullable=False),
        sa.Column("human_id", text_type(64), nullable=False),
        sa.Column("name", text_type(255), nullable=False),
        sa.Column("description", text_type(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("last_updated", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name="fk_portfolios_owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_portfolios"),
        sa.UniqueConstraint("human_id", name="uq_portfolios_human_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_portfolios_owner_id", "portfolios", ["owner_id"])


def _portfolio_exports() -> None:
    op.create_table(
        "portfolio_exports",
        sa.Column("id", Id64, nullable=False),
        sa.Column("portfolio_id", Id64, nullable=False),
        sa.Column("description", text_type(), nullable=False),
        sa.Column("originals", sa.Boolean(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("filename", text_type(255), nullable=False),
        sa.Column("filesize", Id64, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("keep_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("task_id", Id64, nullable=True),
        sa.Column("error", text_type(), nullable=False),
        sa.ForeignKeyConstraint(
            ["portfolio_id"], ["portfolios.id"], name="fk_portfolio_exports_portfolio_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name="fk_portfolio_exports_task_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_portfolio_exports"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_portfolio_exports_keep_until", "portfolio_exports", ["keep_until"])
    op.create_index("ix_portfolio_exports_portfolio_id", "portfolio_exports", ["portfolio_id"])
    op.create_index("ix_portfolio_exports_task_id", "portfolio_exports", ["task_id"])
    op.create_index(
        "uq_portfolio_exports_filename",
        "portfolio_exports",
        ["filename"],
        unique=True,
        sqlite_where=sa.text("filename <> ''"),
        postgresql_where=sa.text("filename <> ''"),
    )


def _portfolio_history() -> None:
    op.create_table(
        "portfolio_history",
        sa.Column("id", Id64, nullable=False),
        sa.Column("portfolio_id", Id64, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.SmallInteger(), nullable=False),
        sa.Column("info", text_type(4096), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["portfolio_id"], ["portfolios.id"], name="fk_portfolio_history_portfolio_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_portfolio_history_user_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_portfolio_history"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_portfolio_history_portfolio_id_action", "portfolio_history", ["portfolio_id", "action"])
    op.create_index("ix_portfolio_history_time", "portfolio_history", ["time"])
    op.create_index("ix_portfolio_history_user_id", "portfolio_history", ["user_id"])


def _portfolio_images() -> None:
    op.create_table(
        "portfolio_images",
        sa.Column("id", Id64, nullable=False),
        sa.Column("portfolio_id", Id64, nullable=False),
        sa.Column("image_id", Id64, nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("filename", text_type(255), nullable=False),
        sa.Column("order_num", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_portfolio_images_image_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["portfolio_id"], ["portfolios.id"], name="fk_portfolio_images_portfolio_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_portfolio_images"),
        sa.UniqueConstraint("portfolio_id", "image_id", name="uq_portfolio_images_portfolio_id_image_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_portfolio_images_image_id", "portfolio_images", ["image_id"])


def _portfolio_permissions() -> None:
    op.create_table(
        "portfolio_permissions",
        sa.Column("id", Id64, nullable=False),
        sa.Column("portfolio_id", Id64, nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("access", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name="fk_portfolio_permissions_group_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["portfolio_id"], ["portfolios.id"], name="fk_portfolio_permissions_portfolio_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_portfolio_permissions"),
        sa.UniqueConstraint("portfolio_id", "group_id", name="uq_portfolio_permissions_portfolio_id_group_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_portfolio_permissions_group_id", "portfolio_permissions", ["group_id"])


#: in the order of their foreign keys
TABLES = {
    "portfolios": _portfolios,
    "portfolio_exports": _portfolio_exports,
    "portfolio_history": _portfolio_history,
    "portfolio_images": _portfolio_images,
    "portfolio_permissions": _portfolio_permissions,
}
