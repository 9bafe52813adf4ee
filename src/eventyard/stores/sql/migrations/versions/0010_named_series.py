"""The series of one name, for what waits for one subscription of many."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the index."""
    op.create_index("named_series", "series", ["kind", "name", "topic"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("named_series", "series")
