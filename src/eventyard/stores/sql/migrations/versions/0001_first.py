"""The first schema: journal, names, work queue, catalog."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make everything."""
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("one_of_api_keys", "api_keys", ["digest"], unique=True)
    op.create_table(
        "applications",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("one_of_applications", "applications", ["project_id", "name"], unique=True)
    op.create_table(
        "attempts",
        sa.Column("delivery_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("started_at", NUMBER, autoincrement=False, nullable=False),
        sa.Column("duration_ms", sa.Float(), nullable=False),
        sa.Column("result", sa.SmallInteger(), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("more", sa.JSON(), nullable=True),
        sa.Column("response_body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("delivery_id", "number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "due",
        sa.Column("delivery_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("publication_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("lane", NUMBER, autoincrement=False, nullable=False),
        sa.Column("due_at", NUMBER, autoincrement=False, nullable=False),
        sa.Column("lease_until", NUMBER, autoincrement=False, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id"),
    )
    op.create_index("by_lane", "due", ["lane", "lease_until", "due_at", "delivery_id"], unique=False)
    op.create_table(
        "entries",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("series", NUMBER, autoincrement=False, nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("descendants", sa.SmallInteger(), nullable=False),
        sa.Column("parent_id", NUMBER, autoincrement=False, nullable=True),
        sa.Column("target", NUMBER, autoincrement=False, nullable=True),
        sa.Column("born", sa.SmallInteger(), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("created_at", NUMBER, autoincrement=False, nullable=False),
        sa.Column("completed_at", NUMBER, autoincrement=False, nullable=True),
        sa.Column("delayed_ms", NUMBER, server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("children", NUMBER, server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("open", NUMBER, server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("delayed", NUMBER, server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("failed", NUMBER, server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("source_success", NUMBER, server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("source_failed", NUMBER, server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("target_success", NUMBER, server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("target_failed", NUMBER, server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "by_event",
        "entries",
        [sa.text("id >> 14"), "event_id"],
        unique=False,
        sqlite_where=sa.text("parent_id IS NULL"),
        postgresql_where=sa.text("parent_id IS NULL"),
    )
    op.create_index(
        "by_parent",
        "entries",
        ["parent_id", "id"],
        unique=False,
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_index(
        "by_run",
        "entries",
        ["run_id"],
        unique=False,
        sqlite_where=sa.text("run_id IS NOT NULL"),
        postgresql_where=sa.text("run_id IS NOT NULL"),
    )
    op.create_index("by_series", "entries", ["series", "status", "descendants", "id"], unique=False)
    op.create_table(
        "fresh",
        sa.Column("last", NUMBER, autoincrement=False, nullable=False),
        sa.Column("promises", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("last"),
    )
    op.create_table(
        "history",
        sa.Column("entry_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", NUMBER, autoincrement=False, nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("entry_id", "line"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "idempotency",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("rest", sa.LargeBinary(), nullable=False),
        sa.Column("entry_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.Column("committed_at", NUMBER, autoincrement=False, nullable=False),
        sa.Column("expires_at", NUMBER, autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "names",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("one_name", "names", ["kind", "id"], unique=True)
    op.create_table(
        "organizations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "payloads",
        sa.Column("entry_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id"),
    )
    op.create_table(
        "projects",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("one_of_projects", "projects", ["organization_id", "name"], unique=True)
    op.create_table(
        "series",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("project", NUMBER, autoincrement=False, nullable=False),
        sa.Column("application", NUMBER, autoincrement=False, nullable=False),
        sa.Column("topic", NUMBER, autoincrement=False, nullable=False),
        sa.Column("name", NUMBER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("one_series", "series", ["kind", "project", "application", "topic", "name"], unique=True)
    op.create_table(
        "sources",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("one_of_sources", "sources", ["project_id", "name"], unique=True)
    op.create_table(
        "spans",
        sa.Column("block", NUMBER, autoincrement=False, nullable=False),
        sa.Column("first_at", NUMBER, autoincrement=False, nullable=False),
        sa.Column("last_at", NUMBER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("block"),
    )
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("target_type", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Text(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("one_of_subscriptions", "subscriptions", ["source_id", "target_type", "target_id"], unique=True)
    op.create_table(
        "targets",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("one_of_targets", "targets", ["project_id", "name"], unique=True)
    op.create_table(
        "topic_schemas",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "topics",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("one_of_topics", "topics", ["project_id", "name"], unique=True)
    op.create_table(
        "users",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("one_of_users", "users", ["name"], unique=True)
