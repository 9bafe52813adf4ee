"""Tallies: how many publications there are in each block, by how their deliveries ended. Reads every entry once."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

COMPLETE = 5


def endings(row: str) -> str:
    """0: none of the deliveries is over; 1: complete; 2: otherwise; 3: some this, some that."""
    over = f"{row}.children > {row}.open + {row}.delayed + {row}.completed"
    return f"(({row}.completed > 0) + 2 * ({over}))"


ONE_MORE = (
    f"INSERT INTO tallies (series, endings, block, number) VALUES (new.series, {endings('new')},"
    " new.id >> 12, 1) ON CONFLICT (series, endings, block) DO UPDATE SET number = number + 1;"
)
ONE_LESS = (
    f"UPDATE tallies SET number = number - 1 WHERE series = old.series AND endings = {endings('old')}"
    " AND block = old.id >> 12;"
)


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
        f"INSERT INTO tallies (series, endings, block, number) SELECT series, {endings('entries')} AS ended,"
        " id >> 12 AS part, count(*) FROM entries WHERE parent_id IS NULL GROUP BY series, ended, part"
    )
    op.execute(f"CREATE TRIGGER tally_born AFTER INSERT ON entries WHEN new.parent_id IS NULL BEGIN {ONE_MORE} END")
    op.execute(
        "CREATE TRIGGER tally_moved AFTER UPDATE OF children, open, delayed, completed ON entries"
        f" WHEN new.parent_id IS NULL AND {endings('old')} <> {endings('new')} BEGIN {ONE_LESS} {ONE_MORE} END"
    )


def downgrade() -> None:
    """Forget them."""
    op.execute("DROP TRIGGER tally_moved")
    op.execute("DROP TRIGGER tally_born")
    op.drop_table("tallies")
    op.drop_column("entries", "completed")
