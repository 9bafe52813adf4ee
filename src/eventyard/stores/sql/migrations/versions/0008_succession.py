"""Deliveries that take the place of others: which ones."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column. Of what was reprocessed before, nothing says by which delivery."""
    op.add_column("entries", sa.Column("supersedes", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))


def downgrade() -> None:
    """Drop it. The histories say it, too."""
    op.drop_column("entries", "supersedes")
