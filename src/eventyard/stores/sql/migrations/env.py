"""Called by Alembic to run migrations on the connection that ``run.py`` hands over."""

from alembic import context

from eventyard.stores.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transaction_per_migration=True
)
with context.begin_transaction():
    context.run_migrations()
