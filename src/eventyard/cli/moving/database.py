"""The database of an eventhos, MySQL's or MariaDB's: read in one snapshot, and never written to.

Its tables come whole, as they are small; only the log comes page by page, by ids, and bounded in bytes.
"""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import pymysql
from msgspec import Struct
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions
from pymysql.cursors import DictCursor, SSDictCursor

from eventyard.cli.failure import Failure
from eventyard.cli.moving import rows
from eventyard.model.ids import Millis

PAGE, PAGE_BYTES = 500, 8 << 20
"""Received events that are read at a time, and no more once their requests come to so much."""

CONNECT_S = 10
FORM = "mysql://user:password@host:3306/database"
TABLES: dict[str, tuple[str, type[Struct]]] = {
    "systems": ("system", rows.System),
    "events": ("event", rows.Event),
    "actions": ("action", rows.Action),
    "securities": ("action_security", rows.Security),
    "contracts": ("contract", rows.Contract),
    "subjects": ("OAUTH2_Subjects", rows.Subject),
    "users": ("OAUTH2_Users", rows.User),
    "clients": ("OAUTH2_Clients", rows.Client),
    "roles": ("OAUTH2_Roles", rows.Role),
    "subject_roles": ("OAUTH2_SubjectRole", rows.SubjectRole),
    "role_permissions": ("OAUTH2_RolePermission", rows.RolePermission),
    "permissions": ("OAUTH2_Permissions", rows.Permission),
    "resources": ("OAUTH2_ApplicationResource", rows.Resource),
    "realms": ("OAUTH2_Applications", rows.Realm),
}
LOG = ("received_event", "contract_exc_detail", "contract_exc_try")

T = TypeVar("T", bound=Struct)


class Address(Struct, frozen=True):
    """Where the database is. With ``tls`` the server is talked to over TLS, and must prove who it is."""

    host: str
    port: int
    user: str
    password: str
    database: str
    tls: bool = False

    def __str__(self) -> str:
        """Without the password."""
        return f"{self.database} at {self.host}:{self.port}"


def address_of(url: str) -> Address:
    """What a URL says. Raises :class:`Failure`."""
    try:
        parts = urlsplit(url)
        query = parse_qs(parts.query, strict_parsing=bool(parts.query))
        tls = query.pop("tls", ["false"])[-1]
        database = unquote(parts.path.removeprefix("/"))
        known = parts.scheme in ("mysql", "mariadb") and tls in ("true", "false") and not query
        if not known or not parts.hostname or not parts.username or not database or "/" in database:
            raise ValueError
        return Address(
            parts.hostname, parts.port or 3306, unquote(parts.username), unquote(parts.password or ""), database,
            tls == "true",
        )  # fmt: skip
    except ValueError:
        raise Failure(
            "--from does not say where the database is",
            hint=f"write it as {FORM}, with %40 for an @ in the password; ?tls=true behind it for TLS",
        ) from None


class Database:
    """An open database. Made by :func:`opened`."""

    def __init__(self, connection: "pymysql.connections.Connection[Any]") -> None:
        self._connection = connection

    def original(self) -> rows.Original:
        """Everything but the log. Raises :class:`Failure` for what is no database of eventhos."""
        present = {name.lower() for row in self._select("SHOW TABLES") for name in row.values()}
        lacking = [name for name in (*(name for name, _ in TABLES.values()), *LOG) if name.lower() not in present]
        if lacking:
            raise Failure(f"this is no database of eventhos: it has no table {', '.join(lacking)}")
        found: dict[str, Any] = {field: self._table(name, kind) for field, (name, kind) in TABLES.items()}
        return rows.Original(**found)

    def sizes(self, after: int = 0) -> tuple[int, int]:
        """How many events were received after one, and how many contracts executed for them."""
        received = "SELECT count(*) AS n FROM received_event WHERE id > %s"
        executed = "SELECT count(*) AS n FROM contract_exc_detail WHERE received_event_id > %s"
        first, second = (self._select(query, after)[0]["n"] for query in (received, executed))
        return first, second

    def first(self, least: int) -> rows.Received | None:
        """The first received event whose id is at least that."""
        page = self._select("SELECT * FROM received_event WHERE id >= %s ORDER BY id LIMIT 1", least)
        return _row(page[0], rows.Received, "received_event") if page else None

    def last(self) -> int:
        """The last id in the log; 0 for none."""
        return int(self._select("SELECT coalesce(max(id), 0) AS n FROM received_event")[0]["n"])

    def log(self, after: int) -> Iterator[list[tuple[rows.Received, list[rows.Executed]]]]:
        """The log behind an id, page by page, each received event with what was executed for it, by ids."""
        while received := self._received(after):
            after = received[-1].id
            executed: dict[int, list[rows.Executed]] = {one.id: [] for one in received}
            for row in self._executed(list(executed)):
                executed[row.received_event_id].append(row)
            yield [(one, executed[one.id]) for one in received]

    def _received(self, after: int) -> list[rows.Received]:
        page: list[rows.Received] = []
        size = 0
        with self._connection.cursor(SSDictCursor) as cursor:
            cursor.execute("SELECT * FROM received_event WHERE id > %s ORDER BY id LIMIT %s", (after, PAGE))
            for row in cursor:
                page.append(_row(row, rows.Received, "received_event"))
                size += len(page[-1].received_request)
                if size >= PAGE_BYTES:
                    break
        return page

    def _executed(self, received: Sequence[int]) -> list[rows.Executed]:
        tries: dict[int, dict[str, Any]] = {}
        details = self._select("SELECT * FROM contract_exc_detail WHERE received_event_id IN %s ORDER BY id", received)
        if details:
            ids = [row["id"] for row in details]
            for row in self._select("SELECT * FROM contract_exc_try WHERE contract_exc_detail_id IN %s", ids):
                tries[row["contract_exc_detail_id"]] = {"request": row["request"], "response": row["response"]}
        return [_row({**row, **tries.get(row["id"], {})}, rows.Executed, "contract_exc_detail") for row in details]

    def _table(self, name: str, kind: type[T]) -> list[T]:
        order = "" if kind in (rows.SubjectRole, rows.RolePermission) else " ORDER BY id"
        return [_row(row, kind, name) for row in self._select(f"SELECT * FROM `{name}`{order}")]

    def _select(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with self._connection.cursor(DictCursor) as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())


@contextmanager
def opened(address: Address) -> Iterator[Database]:
    """The database in one snapshot, for reading. Raises :class:`Failure`."""
    try:
        connection = pymysql.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            password=address.password,
            database=address.database,
            charset="utf8mb4",
            connect_timeout=CONNECT_S,
            conv=_CONVERSIONS,
            init_command="SET time_zone = '+00:00'",
            ssl=ssl.create_default_context() if address.tls else None,
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            yield Database(connection)
        finally:
            if connection.open:
                connection.close()
    except (pymysql.Error, OSError) as error:
        said = error.args[-1] if isinstance(error, pymysql.Error) and error.args else error
        raise Failure(f"the database {address} cannot be read: {said}", hint=f"--from is {FORM}") from None


def _millis(text: str) -> Millis:
    """A moment, which the connection's time zone makes UTC; that of a row which has none is the beginning of time."""
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return 0


_CONVERSIONS: dict[Any, Any] = {**conversions, FIELD_TYPE.TIMESTAMP: _millis}


def _row(row: dict[str, Any], kind: type[T], table: str) -> T:
    try:
        return msgspec.convert(row, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Failure(f"a row of {table} is not as eventhos has them: {error}") from None
