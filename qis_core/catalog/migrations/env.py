"""What Alembic runs: the caller passes an open connection as ``config.attributes["connection"]``."""

from alembic import context

from qis_core.catalog.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
