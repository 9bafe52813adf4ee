"""Identity: clients, roles, what they may do, the keys that tokens are signed with; and numbers for users."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

USER = 7
"""The kind of a user in the name table."""

TABLES = {
    "realms": ("organization_id", "name"),
    "resources": ("organization_id", "name"),
    "permissions": ("resource_id", "name"),
    "roles": ("organization_id", "name"),
    "clients": ("organization_id", "name"),
    "signing_keys": (),
}
"""Each table with what is unique in it."""


def upgrade() -> None:
    """Make the tables, and give each user a number."""
    for table, unique in TABLES.items():
        op.create_table(
            table,
            sa.Column("id", sa.Text(), nullable=False),
            *(sa.Column(field, sa.Text(), nullable=False) for field in unique),
            sa.Column("record", sa.JSON(), nullable=False),
            sa.PrimaryKeyConstraint("id"),
        )
        if unique:
            op.create_index(f"one_of_{table}", table, list(unique), unique=True)
    op.execute(
        f"INSERT INTO names (number, kind, id, name, folded)"
        f" SELECT coalesce((SELECT max(number) FROM names), 0) + row_number() OVER (ORDER BY id),"
        f" {USER}, id, name, lower(name) FROM users"
    )


def downgrade() -> None:
    """Drop the tables, and take the numbers back."""
    op.execute(f"DELETE FROM names WHERE kind = {USER}")
    for table in reversed(TABLES):
        op.drop_table(table)
