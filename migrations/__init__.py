"""The database's history, as Alembic migrations. `server.audit.schema` runs them."""
