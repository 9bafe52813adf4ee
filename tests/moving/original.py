"""An eventhos database as the original would have left it: small, and with one of everything that is hard to move.

Ids stand in the rows, so that a test can speak of them. Secrets, requests and responses are encrypted as the original
does it, passwords and long-lived tokens hashed with bcrypt.
"""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bcrypt
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from pymysql.connections import Connection

from tests.moving.mariadb import MariaDb

SCHEMA = Path(__file__).with_name("schema.sql")
CRYPTO_KEY, JWT_SECRET = "crypto key of the tests", "jwt secret of the tests"
_KEY = hashlib.scrypt(CRYPTO_KEY.encode(), salt=b"salt", n=16384, r=8, p=1, dklen=32)

ADMIN_PASSWORD, ANA_PASSWORD = "admin's password", "ana's password"
ORDERS_ID, ORDERS_SECRET = "aB3dE6gH9jK2mN5pQ8sT::usil.app", "s3cr3tOfOrdersClientABCDEFGHIJKL"
CRM_ID, CRM_SECRET = "cRm0cRm1cRm2cRm3cRm4::usil.app", "s3cr3tOfCrmClientMNOPQRSTUVWXYZ0"
LEGACY_ID = "lEgAcYlEgAcYlEgAcY99::usil.app"
TARGET_SECRET = "the target's client secret"
ORDER, CUSTOMER, INVOICE = "order_new-1aB_2cD-3e", "customer_update-Zz9Yy8Xx7W", "invoice_new-0123456789"
BOOK, NOTIFY, SCORE, BILL = "book-AAAAAAAAAA", "notify-BBBBBBBBBB", "score-CCCCCCCCCC", "bill-DDDDDDDDDD"


def encrypted(text: str, key: bytes = _KEY) -> str:
    """AES-256-CTR under the scrypt of the key, as ``hex(iv)|.|hex(text)``."""
    iv = os.urandom(16)
    encryptor = Cipher(AES(key), CTR(iv)).encryptor()
    return f"{iv.hex()}|.|{(encryptor.update(text.encode()) + encryptor.finalize()).hex()}"


def boxed(value: Any) -> str:
    return encrypted(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def bcrypted(text: str) -> str:
    """Cost 4 instead of 10, so that the tests are quick; the original cuts what is too long by itself."""
    return bcrypt.hashpw(text.encode()[:72], bcrypt.gensalt(4)).decode()


def long_lived_token(client_id: str, identifier: str, *, issued_at: int = 1_700_000_000) -> str:
    """A JWT without an end."""

    def part(value: Mapping[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()

    data = {"subjectType": "client", "id": client_id, "identifier": identifier}
    signed = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'data': data, 'iat': issued_at})}"
    mac = hmac.digest(JWT_SECRET.encode(), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


CRM_TOKEN = long_lived_token(CRM_ID, "crm")


def make(server: MariaDb, name: str = "eventhos") -> str:
    """A database of that name, filled; what it is called."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
        connection.select_db(name)
        for statement in SCHEMA.read_text().partition("\n")[2].split(";\n"):
            if statement.strip():
                cursor.execute(statement)
        cursor.execute("SET time_zone = '+00:00'")
        fill(connection)
    return name


def insert(connection: "Connection[Any]", table: str, **row: Any) -> None:
    columns, places = ", ".join(f"`{name}`" for name in row), ", ".join(["%s"] * len(row))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO `{table}` ({columns}) VALUES ({places})", tuple(row.values()))


def fill(connection: "Connection[Any]") -> None:
    identities(connection)
    catalog(connection)
    log(connection)


MADE = {"created_at": "2023-01-02 03:04:05", "updated_at": "2023-05-06 07:08:09"}
CREATED_MS, UPDATED_MS = 1_672_628_645_000, 1_683_356_889_000
WORDS = ("*", "create", "update", "delete", "select")


def identities(connection: "Connection[Any]") -> None:
    def put(table: str, **row: Any) -> None:
        insert(connection, f"OAUTH2_{table}", **row)

    put("Applications", id=1, identifier="EVENTHOS_API", **MADE)
    resources = ["OAUTH2_global", "OAUTH2_user", "OAUTH2_client", "event", "contract", "stock"]
    for number, resource in enumerate(resources, start=1):
        put("ApplicationResource", id=number, resourceIdentifier=resource, applications_id=1, **MADE)
    for number, (resource_id, word) in enumerate(
        [(1, "*"), *((resource_id, word) for resource_id in range(2, 7) for word in WORDS), (6, "count")], start=1
    ):
        put("Permissions", id=number, allowed=word, applicationResource_id=resource_id, **MADE)
    put("Roles", id=1, identifier="admin", **MADE)
    put("Roles", id=2, identifier="reader", **MADE)
    put("Roles", id=3, identifier="gone", deleted=1, **MADE)
    put("RolePermission", permissions_id=1, roles_id=1)
    for permission_id in (16, 21, 27):  # event:select, contract:select, stock:count
        put("RolePermission", permissions_id=permission_id, roles_id=2)
    for number, (name, description) in enumerate(
        [
            ("Admin", "The admin of the application"), ("Ana García", "Reads the log"), ("Orders", "The shop's client"),
            ("CRM", ""), ("Legacy", "Nobody knows"), ("Gone", ""),
        ], start=1,
    ):  # fmt: skip
        put("Subjects", id=number, name=name, description=description, **MADE)
    put("SubjectRole", subject_id=1, roles_id=1)
    put("SubjectRole", subject_id=2, roles_id=2)
    put("SubjectRole", subject_id=2, roles_id=3)
    put("SubjectRole", subject_id=4, roles_id=2)
    put("Users", id=1, subject_id=1, username="admin", password=bcrypted(ADMIN_PASSWORD), **MADE)
    put("Users", id=2, subject_id=2, username="ana", password=bcrypted(ANA_PASSWORD), **MADE)
    put(
        "Clients", id=1, client_id="AdminAdminAdminAdmin::usil.app", subject_id=1, identifier="admin",
        client_secret=encrypted("adminadminadminadminadminadmin12"), **MADE,
    )  # fmt: skip
    put(
        "Clients", id=2, client_id=ORDERS_ID, subject_id=3, identifier="orders",
        client_secret=encrypted(ORDERS_SECRET), **MADE,
    )  # fmt: skip
    put(
        "Clients", id=3, client_id=CRM_ID, subject_id=4, identifier="crm", client_secret=encrypted(CRM_SECRET),
        access_token=bcrypted(CRM_TOKEN), **MADE,
    )  # fmt: skip
    put(
        "Clients", id=4, client_id=LEGACY_ID, subject_id=5, identifier="legacy",
        client_secret=encrypted("legacylegacylegacylegacylegacy12"), revoked=1, **MADE,
    )  # fmt: skip
    put(
        "Clients", id=5, client_id="GoneGoneGoneGoneGone::usil.app", subject_id=6, identifier="gone",
        client_secret=encrypted("gonegonegonegonegonegonegonegone"), deleted=1, **MADE,
    )  # fmt: skip


def catalog(connection: "Connection[Any]") -> None:
    def system(**row: Any) -> None:
        insert(connection, "system", **row, **MADE)

    system(
        id=1, **{"class": "producer"}, identifier="orders-xYz_0123-9", name="Orders", type="MICROSERVICE",
        description="The shop", client_id=2,
    )  # fmt: skip
    system(id=2, **{"class": "consumer"}, identifier="billing", name="Billing", type="ERP", description="")
    system(
        id=3, **{"class": "hybrid"}, identifier="crm-0a1b2c3d4e", name="CRM", type="CRM",
        description="Customers, ñandúes", client_id=3,
    )  # fmt: skip
    system(id=4, **{"class": "producer"}, identifier="old", name="Old", type="API", description="", deleted=1)

    def event(**row: Any) -> None:
        insert(connection, "event", **row, **MADE)

    event(id=1, system_id=1, identifier=ORDER, name="New order", operation="new", description="Somebody ordered")
    event(id=2, system_id=3, identifier=CUSTOMER, name="Customer changed", operation="update", description="")
    event(id=3, system_id=4, identifier="old_event-OOOOOOOOOO", name="Old", operation="new", description="", deleted=1)
    event(id=4, system_id=2, identifier=INVOICE, name="Invoice made", operation="new", description="A reply")

    def action(system_id: int, identifier: str, http: Mapping[str, Any], **row: Any) -> None:
        security = row.pop("security", None)
        names = {"name": identifier.partition("-")[0].title(), "operation": "new", "description": ""}
        row = {**names, "identifier": identifier, "system_id": system_id, "http_configuration": boxed(http), **row}
        insert(connection, "action", **row, **MADE)
        insert(
            connection, "action_security", action_id=row["id"], type="oauth2_client" if security else "custom",
            http_configuration=boxed(security or {"url": None, "method": "post"}), updated_at=MADE["updated_at"],
        )  # fmt: skip

    action(
        2, BOOK,
        {
            "url": "https://billing.example/orders/${.body.id}", "method": "post",
            "headers": {"content-type": "application/json", "x-customer": "${.body.customer-id}"},
            "data": {}, "params": {"from": "eventhos"}, "rawFunctionBody": None,
        },
        id=1,
    )  # fmt: skip
    action(
        3, NOTIFY,
        {
            "url": "https://crm.example/notify", "method": "put", "headers": {},
            "data": {"who": "${.body.name}", "deep": {"text": "Hello ${.body.name}"}, "n": 1}, "params": {},
        },
        id=2,
    )  # fmt: skip
    action(
        3, SCORE,
        {
            "url": "https://crm.example/score", "method": "post", "headers": {}, "data": {}, "params": {},
            "rawFunctionBody": "return {total: eventContext.httpRequest.body.lines.length};",
        },
        id=3, operation="execution",
    )  # fmt: skip
    action(
        2, BILL,
        {
            "url": "https://billing.example/bills", "method": "post",
            "headers": {"authorization": "Bearer ${.oauthResponse.body.access_token}"},
            "data": {"order": "${.body}"}, "params": {}, "rawFunctionBody": None,
        },
        id=4, reply_to=INVOICE,
        security={
            "url": "https://login.example/token", "method": "post",
            "data": {
                "client_id": "eventhos-at-billing", "client_secret": TARGET_SECRET,
                "grant_type": "client_credentials", "response_type": "token",
            },
            "headers": {"content-type": "application/x-www-form-urlencoded"},
        },
    )  # fmt: skip
    nowhere = {"url": "not a url", "method": "post", "headers": {}, "data": {}, "params": {}}
    action(2, "nowhere-EEEEEEEEEE", nowhere, id=5, name="Nowhere")
    action(2, "old_action-FFFFFFFFF", {**nowhere, "url": "https://old.example/"}, id=6, deleted=1)

    def contract(id: int, event_id: int, action_id: int, **row: Any) -> None:
        names = {"identifier": f"contract-{id}", "name": f"Contract {id}", "mail_recipients_on_error": None}
        insert(
            connection, "contract", **{**names, "id": id, "event_id": event_id, "action_id": action_id, **row}, **MADE
        )

    contract(1, 1, 1)
    contract(2, 1, 3, order=1, mail_recipients_on_error="ops@shop.example, ana@shop.example")
    contract(3, 1, 4, order=1, mail_recipients_on_error="")
    contract(4, 2, 2, active=0)
    contract(5, 1, 6, deleted=1)
    contract(6, 2, 5)
    contract(7, 2, 3, mail_recipients_on_error="not an address")


def log(connection: "Connection[Any]") -> None:
    def received(id: int, event_id: int, at: str, body: Any, identifier: str = ORDER, **headers: str) -> None:
        request = {
            "headers": {
                "host": "eventhos.example",
                "content-type": "application/json",
                "access-key": "a.b.c",
                **headers,
            },
            "query": {"event-identifier": identifier, "access-key": "a.b.c"},
            "body": body,
            "method": "POST",
            "url": f"http://eventhos.example/event/send?event-identifier={identifier}&access-key=a.b.c",
        }
        insert(connection, "received_event", id=id, event_id=event_id, received_request=boxed(request), received_at=at)

    def detail(id: int, received_id: int, contract_id: int, state: str, response: Any, **row: Any) -> None:
        request = {
            "headers": {"authorization": "Bearer tok", "content-type": "application/json",
                        "eventhosStartDate": "2024-03-01T10:00:01.250Z"},
            "body": '{"id":7}', "url": f"https://target.example/{contract_id}", "params": {"from": "eventhos"},
            "method": "post",
        }  # fmt: skip
        counts = {name: row[name] for name in ("attempts", "is_aborted") if name in row}
        insert(
            connection, "contract_exc_detail", id=id, contract_id=contract_id, received_event_id=received_id,
            state=state, **row,
        )  # fmt: skip
        insert(
            connection, "contract_exc_try", contract_exc_detail_id=id, state=state, request=boxed(request),
            response=boxed(response), **counts,
        )  # fmt: skip

    def answer(status: Any, text: str, body: Any) -> dict[str, Any]:
        times = {"startTime": "2024-03-01T10:00:01.250Z", "endTime": "2024-03-01T10:00:01.750Z"}
        return {"headers": {"server": "test"}, "body": body, "status": status, "statusText": text, **times}

    received(1, 1, "2024-03-01 10:00:00", {"id": 7, "name": "Ünï"}, authorization="Basic c2VjcmV0")
    detail(1, 1, 1, "processed", answer(201, "Created", {"ok": True}))
    detail(2, 1, 2, "error", answer(500, "Internal Server Error", "boom"), attempts=1)
    detail(3, 1, 3, "error", answer("ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:1", {}), is_aborted=1)
    received(2, 1, "2024-03-01 10:05:00", {"id": 7, "name": "Ünï"})
    detail(4, 2, 2, "processed", answer(200, "OK", {}), reply_from=ORDER)
    received(3, 1, "2024-03-01 11:00:00", [1, 2])
    detail(5, 3, 1, "error", answer("ECONNABORTED", "timeout of 70000ms exceeded", {}))
    received(4, 2, "2024-03-01 12:00:00", {}, CUSTOMER)
    received(5, 3, "2024-03-02 00:00:00", {"old": True}, "old_event-OOOOOOOOOO")
    detail(6, 5, 5, "processed", answer(204, "No Content", ""))
