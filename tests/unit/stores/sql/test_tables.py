"""What the migrations make is what the tables say."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import create_engine

from eventyard.model.catalog import TopicSchema
from eventyard.stores.records import TYPES
from eventyard.stores.sql import tables
from eventyard.stores.sql.migrations import HEAD, REVISIONS
from eventyard.stores.sql.migrations.run import upgrade_file

VERSIONS = Path(tables.__file__).parent / "migrations/versions"


def schema(path: Path) -> dict[str, list[str]]:
    """Every table and index by name, as SQL without the accidents of quoting, white space, and the order of columns."""
    connection = sqlite3.connect(path)
    made = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    return {name: _parts("".join(sql.split()).replace('"', "")) for name, sql in made if name != "alembic_version"}


def _parts(sql: str) -> list[str]:
    """A column that was added to a table stands behind its constraints."""
    what, _, rest = sql.partition("(")
    within, _, options = rest.rpartition(")")
    return [what, *(sorted(within.split(",")) if what.startswith("CREATETABLE") else [within]), options]


def test_migrations_make_what_the_tables_say(tmp_path: Path) -> None:
    upgrade_file(tmp_path / "migrated.db")
    engine = create_engine(f"sqlite:///{tmp_path / 'created.db'}")
    tables.metadata.create_all(engine)
    engine.dispose()
    assert schema(tmp_path / "migrated.db") == schema(tmp_path / "created.db")


def test_a_second_upgrade_changes_nothing(tmp_path: Path) -> None:
    upgrade_file(tmp_path / "journal.db")
    before = schema(tmp_path / "journal.db")
    upgrade_file(tmp_path / "journal.db")
    assert schema(tmp_path / "journal.db") == before


def test_each_migration_can_be_taken_back_and_made_again(
    tmp_path: Path, downgrade: Callable[[Path, str], None]
) -> None:
    path = tmp_path / "journal.db"
    upgrade_file(path)
    newest = schema(path)
    for revision in reversed(REVISIONS[:-1]):
        downgrade(path, revision)
        older = schema(path)
        assert older != newest
        assert older.keys() <= newest.keys()
        upgrade_file(path)
        assert schema(path) == newest


def test_the_named_revisions_are_the_files() -> None:
    assert tuple(sorted(file.name.partition("_")[0] for file in VERSIONS.glob("0*.py"))) == REVISIONS
    assert REVISIONS[-1] == HEAD


def test_every_type_of_record_has_its_table() -> None:
    assert set(tables.catalog) == set(TYPES)
    assert tables.catalog[TopicSchema].name == "topic_schemas"
