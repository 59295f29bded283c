"""The database's history, as Alembic migrations. `server.audit.sql.schema` runs them."""
