"""What an address says. The reading itself is tested against a real server, in ``tests/moving``."""

import pytest

from eventyard.cli.failure import Failure
from eventyard.cli.moving.database import Address, address_of, opened


def test_an_address_is_a_url_whose_parts_may_be_quoted() -> None:
    told = address_of("mysql://event%40hos:p%40ss%2Fword@db.example:3307/event%20hos?tls=true")
    assert told == Address("db.example", 3307, "event@hos", "p@ss/word", "event hos", tls=True)
    assert address_of("mariadb://me@db/eventhos") == Address("db", 3306, "me", "", "eventhos")


def test_an_address_is_shown_without_its_password() -> None:
    assert str(address_of("mysql://me:secret@db/eventhos")) == "eventhos at db:3306"


@pytest.mark.parametrize(
    "url",
    [
        "", "db.example", "postgres://me:pw@db/eventhos", "mysql://db/eventhos", "mysql://me:pw@db", "mysql://me:pw@/x",
        "mysql://me:pw@db/a/b", "mysql://me:pw@db:port/x", "mysql://me:pw@db/x?tls=maybe", "mysql://me:pw@db/x?ssl=1",
    ],
)  # fmt: skip
def test_what_is_no_address_is_explained(url: str) -> None:
    with pytest.raises(Failure) as failed:
        address_of(url)
    assert "mysql://user:password@host:3306/database" in (failed.value.hint or "")


def test_a_database_that_is_not_there_is_a_sentence_without_the_password() -> None:
    with (
        pytest.raises(Failure, match="cannot be read") as failed,
        opened(address_of("mysql://me:secret@127.0.0.1:1/x")),
    ):
        pass
    assert "secret" not in failed.value.message
