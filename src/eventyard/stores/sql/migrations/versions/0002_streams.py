"""Streams: durable queues, and how far each of them has been read."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make both."""
    op.create_table(
        "positions",
        sa.Column("queue_id", sa.Text(), nullable=False),
        sa.Column("position", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("queue_id"),
    )
    op.create_table(
        "queues",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("one_of_queues", "queues", ["project_id", "name"], unique=True)


def downgrade() -> None:
    """Drop both. The journal keeps everything that was published; who was subscribed to it is forgotten."""
    op.drop_table("queues")
    op.drop_table("positions")
