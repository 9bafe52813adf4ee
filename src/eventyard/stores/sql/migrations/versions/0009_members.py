"""Deliveries that are made as one: which of them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "members",
        sa.Column("root_id", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("entry_id", _NUMBER, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_index("one_run", "members", ["entry_id"], unique=True)


def downgrade() -> None:
    """Drop it. The histories of the members say which they were."""
    op.drop_table("members")
