"""Tallies: how many publications there are in each block, by how their deliveries ended. Reads every entry once."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

COMPLETE = 5


ENDINGS = "((completed > 0) + 2 * (children > open + delayed + completed))"
"""0: none of the deliveries is over; 1: complete; 2: otherwise; 3: some this, some that."""


def upgrade() -> None:
    """Count the completed deliveries of each publication, then the publications of each block."""
    op.add_column("entries", sa.Column("completed", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.create_table(
        "tallies",
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("endings", sa.SmallInteger(), nullable=False),
        sa.Column("block", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", "endings", "block"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "UPDATE entries SET completed = counted.number FROM"
        f" (SELECT parent_id AS parent, count(*) AS number FROM entries WHERE status = {COMPLETE}"
        "  AND parent_id IS NOT NULL GROUP BY parent_id) AS counted WHERE id = counted.parent"
    )
    op.execute(
        f"INSERT INTO tallies (series, endings, block, number) SELECT series, {ENDINGS} AS ended,"
        " id >> 12 AS part, count(*) FROM entries WHERE parent_id IS NULL GROUP BY series, ended, part"
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("tallies")
    op.drop_column("entries", "completed")
