import json
import sqlite3

import pytest

from eventyard.model.errors import Conflict
from eventyard.stores.sql.catalog import remove, save
from eventyard.stores.sql.known import Known
from eventyard.testing import builders as b


def test_a_record_is_plain_json_beside_what_must_be_unique(connection: sqlite3.Connection) -> None:
    save(connection, Known(connection), [b.source(schema={"type": "object"})])
    ((record_id, project, name, document),) = connection.execute("SELECT * FROM sources")
    assert (record_id, project, name) == ("source-shop", "project-default", "shop")
    assert json.loads(document)["schema"] == {"type": "object"}


def test_a_removed_record_leaves_its_name(connection: sqlite3.Connection) -> None:
    saved = save(connection, Known(connection), [b.topic()])
    remove(connection, saved)
    assert connection.execute("SELECT count(*) FROM topics").fetchone() == (0,)
    assert connection.execute("SELECT id, name FROM names").fetchall() == [("topic-orders", "orders")]


def test_a_clash_is_told_in_words(connection: sqlite3.Connection) -> None:
    with pytest.raises(Conflict, match="there is a target named 'receiver' already"):
        save(connection, Known(connection), [b.target(), b.target(id="2")])
