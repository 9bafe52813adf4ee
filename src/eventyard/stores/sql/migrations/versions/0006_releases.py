"""Subscriptions that wait: how far the deliveries of each have been let go."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "release_states",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    """Drop it. What was being let go waits to be let go again."""
    op.drop_table("release_states")
