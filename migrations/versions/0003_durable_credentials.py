"""Durable credentials: what signed files are recognised by, and their manifests.

Servers of the release before MUST be stopped for this upgrade. They could write, but an erasure by them would leave
behind what this release keeps of a person: so the schema says that it does not tolerate them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Two tables; nothing that was recorded before has anything in them."""
    op.create_table(
        "bindings",
        sa.Column("log_index", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("value", sa.LargeBinary(64), nullable=False),
        sa.PrimaryKeyConstraint("log_index", "kind", "value", name="bindings_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("bindings_value", "bindings", ["kind", "value", "log_index"])
    op.create_table(
        "manifests",
        sa.Column("log_index", _ROW_NUMBER, primary_key=True, autoincrement=False),
        sa.Column("manifest_id", sa.String(512), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("sketches", sa.LargeBinary, nullable=False),
    )
    op.create_index("manifests_id", "manifests", ["manifest_id"])
    op.execute("UPDATE compatibility SET oldest = '0003'")


def downgrade() -> None:
    """To the tables of 0002. What signed files are found by is lost; a log that commits to it cannot go back."""
    if op.get_bind().execute(sa.text("SELECT count(*) FROM manifests")).scalar_one():
        raise RuntimeError("a log that keeps manifests cannot go back to schema 0002")
    for table in ("manifests", "bindings"):
        op.drop_table(table)
    op.execute("UPDATE compatibility SET oldest = '0002'")
