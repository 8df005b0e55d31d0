"""Alembic's folder: `env` runs the revisions of ``versions`` on the connection it is given."""
