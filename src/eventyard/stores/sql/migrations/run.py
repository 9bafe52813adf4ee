"""Bringing a file to the current schema. Imports the migration machinery, so import this only when it is needed."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine


def upgrade_file(path: Path) -> None:
    """Make or upgrade an SQLite file, in one transaction for each revision."""
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            connection.commit()  # or Alembic would leave the transaction that this began, and its commit, to us
            upgrade(connection)
    finally:
        engine.dispose()


def upgrade(connection: Connection) -> None:
    """Bring the connected database to the newest revision."""
    command.upgrade(configuration(connection), "head")


def configuration(connection: Connection) -> Config:
    """What Alembic's commands want to know: where the migrations are, and what to run them on."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
