"""Who may come in by eventhos, over real HTTP, against a hub in a process of its own: tokens, users, clients and roles.

First as its Web UI and its producers go about it, then as somebody would who wants in without being asked. An attacker
comes from an address of loopback of their own.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from eventyard.cli.demo.child import Child

PASSWORD = "correct horse battery staple"
SUBJECT = ["id", "description", "subjectId", "name"]
PAGE = ["items", "pageIndex", "itemsPerPage", "totalItems", "totalPages"]


class Caller:
    """Somebody who calls eventhos' API, with a token or without, from an address of loopback."""

    def __init__(self, url: str, token: str | None = None, address: str = "127.0.0.1") -> None:
        headers = {} if token is None else {"Authorization": f"BEARER {token}"}
        self.http = httpx.Client(
            base_url=f"{url}/eventhos", headers=headers, timeout=60,
            transport=httpx.HTTPTransport(local_address=address),
        )  # fmt: skip

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        """Status and JSON of the answer."""
        answer = self.http.request(method, path, json=body, **more)
        assert answer.headers["content-type"] == "application/json"
        return answer.status_code, answer.json()

    def done(self, method: str, path: str, body: Any = None) -> Any:
        """The content of a success."""
        status, answer = self.call(method, path, body)
        assert status in (200, 201), answer
        return answer.get("content")

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, int]:
        """Status and code of a refusal."""
        status, answer = self.call(method, path, body)
        assert list(answer)[:3] == ["message", "code", "errorUUID"], answer
        return status, answer["code"]

    def login(self, username: str, password: str) -> tuple[int, int]:
        """Status and code of a login."""
        status, answer = self.call("POST", "/auth/login", {"username": username, "password": password})
        return status, answer["code"]


class Yard:
    """A hub, and what a test wants of it."""

    def __init__(self, hub: Child) -> None:
        self.hub = hub
        self.addresses = (f"127.0.0.{number}" for number in range(10, 250))
        self._callers: list[Caller] = []
        self.nobody = self.caller()
        body = {"username": "admin", "password": PASSWORD}
        self.admin = self.caller(self.nobody.done("POST", "/auth/login", body)["jwt_token"])
        self.v1 = httpx.Client(base_url=f"{hub.url}/v1", headers={"Authorization": f"Bearer {hub.key}"}, timeout=60)

    def caller(self, token: str | None = None, address: str = "127.0.0.1") -> Caller:
        made = Caller(self.hub.url, token, address)
        self._callers.append(made)
        return made

    def elsewhere(self, token: str | None = None) -> Caller:
        """Somebody at an address that nobody else has."""
        return self.caller(token, next(self.addresses))

    def permissions(self, *words: str) -> dict[str, list[dict[str, Any]]]:
        """Permissions as the Web UI sends them, given as ``resource:word``."""
        known = {row["applicationResourceName"]: row for row in self.admin.done("GET", "/auth/resource?basic=true")}
        found: dict[str, list[dict[str, Any]]] = {}
        for word in words:
            resource, _, verb = word.partition(":")
            found.setdefault(resource, []).extend(one for one in known[resource]["allowed"] if one["allowed"] == verb)
        return found

    def role(self, name: str, *words: str) -> dict[str, Any]:
        """A new role, as bodies name it."""
        body = {"identifier": name, "allowedObject": self.permissions(*words)}
        return {"id": self.admin.done("POST", "/auth/role", body)["roleId"], "identifier": name}

    def user(self, name: str, *words: str) -> tuple[int, Caller]:
        """A new user with these permissions, who has logged in: their id, and they as a caller."""
        roles = [self.role(f"role of {name}", *words)] if words else []
        body = {"username": name, "password": PASSWORD, "name": name, "description": "", "roles": roles}
        number = self.admin.done("POST", "/auth/user", body)["userId"]
        content = self.nobody.done("POST", "/auth/login", {"username": name, "password": PASSWORD})
        return number, self.caller(content["jwt_token"])

    def client(self, name: str, *words: str) -> tuple[int, dict[str, str]]:
        """A new client with these permissions: its id, and what it asks for a token with."""
        roles = [self.role(f"role of {name}", *words)] if words else []
        body = {"identifier": name, "name": name, "description": "", "roles": roles}
        made = self.admin.done("POST", "/auth/client", body)
        asks = {"client_id": made["clientId"], "client_secret": made["clientSecret"]}
        (row,) = [one for one in self.clients() if one["client_id"] == made["clientId"]]
        return row["id"], {"grant_type": "client_credentials", **asks}

    def clients(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.admin.done("GET", "/auth/client?itemsPerPage=1000")["items"]
        return items

    def token(self, asks: dict[str, str]) -> str:
        text: str = self.nobody.done("POST", "/auth/token", asks)["jwt_token"]
        return text

    def close(self) -> None:
        self.v1.close()
        for caller in self._callers:
            caller.http.close()


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    folder: Path = tmp_path_factory.mktemp("access")
    with Child(folder / "data", "127.0.0.1:0", {"EVENTYARD_BOOTSTRAP_PASSWORD": PASSWORD}) as hub:
        yard = Yard(hub)
        yield yard
        yard.close()


# As it is meant


def test_a_client_gets_a_token_by_its_id_and_secret_in_json_or_a_form(yard: Yard) -> None:
    number, asks = yard.client("till", "event:select")
    for answer in (yard.nobody.http.post("/auth/token", json=asks), yard.nobody.http.post("/auth/token", data=asks)):
        assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
        body = answer.json()
        text = body["content"].pop("jwt_token")
        assert body == {
            "code": 200000,
            "message": f"Token generated for client {asks['client_id']}",
            "content": {
                "name": "till", "description": "", "roles": ["role of till"], "client_id": number, "identifier": "till",
            },
        }  # fmt: skip
        assert yard.caller(text).call("GET", "/event")[0] == 200


def test_a_user_gets_one_by_the_grant_and_by_the_login(yard: Yard) -> None:
    number, _ = yard.user("ada", "event:select")
    asks = {"grant_type": "password", "client_id": "", "client_secret": "", "username": "Ada", "password": PASSWORD}
    status, body = yard.nobody.call("POST", "/auth/token", asks)
    text = body["content"].pop("jwt_token")
    assert (status, body) == (
        201,
        {
            "code": 200000, "message": "Token generated for user ada",
            "content": {
                "name": "ada", "description": "", "roles": ["role of ada"], "user_id": number, "username": "ada",
            },
        },
    )  # fmt: skip
    status, body = yard.nobody.call("POST", "/auth/login", {"username": "ada", "password": PASSWORD})
    assert (status, body["code"], body["message"]) == (201, 200000, "User ada logged in")
    assert list(body["content"]) == ["jwt_token", "username", "name", "userId", "roles"]
    profile = yard.caller(text).done("GET", "/auth/user/profile/me")
    assert (profile["id"], profile["username"]) == (number, "ada")


def test_every_refusal_has_its_code(yard: Yard) -> None:
    _, asks = yard.client("codes")
    password = {"grant_type": "password", "client_id": "", "client_secret": "", "username": "codes", "password": "x"}
    yard.user("codes")
    caller = yard.elsewhere()
    for body, refusal in (
        ({}, (400, 400001)),
        ({"grant_type": "client_credentials"}, (400, 400001)),
        (asks | {"client_id": 7}, (400, 400003)),
        (asks | {"grant_type": "authorization_code"}, (400, 400002)),
        (asks | {"client_secret": "x"}, (401, 401100)),
        (asks | {"client_id": "x::usil.app"}, (404, 401100)),
        (password, (401, 401200)),
        (password | {"username": "nobody"}, (404, 404200)),
    ):
        assert caller.refused("POST", "/auth/token", body) == refusal, body
    assert caller.login("codes", "x") == caller.login("nobody", "x") == (401, 401001)
    assert caller.refused("POST", "/auth/login", {"username": "codes"}) == (400, 400001)


def test_the_screens_of_the_web_ui_go_through(yard: Yard) -> None:
    admin = yard.admin
    resources = admin.done("GET", "/auth/resource?basic=true")
    assert {"event", "action", "contract", "system", "OAUTH2_global"} <= {
        r["applicationResourceName"] for r in resources
    }
    assert list(resources[0]) == ["id", "applicationResourceName", "allowed"]
    role = yard.role("clerk", "event:select", "event:update")
    assert role in admin.done("GET", "/auth/role?basic=true")
    page = admin.done("GET", "/auth/role?pageIndex=0&&itemsPerPage=20&&order=desc")
    assert list(page) == PAGE
    assert page["items"][0]["identifier"] == "clerk"

    body = {"username": "Grace", "password": "pw", "name": "Grace", "roles": [role]}
    status, answer = admin.call("POST", "/auth/user", body)
    number = answer["content"]["userId"]
    assert (status, answer) == (201, {"code": 200001, "message": "User added", "content": {"userId": number}})
    (row,) = admin.done("GET", f"/auth/user/{number}")
    assert list(row) == [*SUBJECT, "username", "roles"]
    assert (row["id"], row["subjectId"], row["username"]) == (number, number, "grace")
    [held] = row["roles"]
    assert (held["id"], held["identifier"], held["resources"][0]["allowed"]) == (
        role["id"],
        "clerk",
        ["select", "update"],
    )
    assert admin.call("POST", "/auth/user", body)[1]["code"] == 409101

    body = {"identifier": "Press", "name": "Press", "description": "prints", "roles": [role]}
    status, answer = admin.call("POST", "/auth/client?longLive=true", body)
    assert (status, answer["code"], answer["message"]) == (201, 200001, "Client added")
    assert list(answer["content"]) == ["clientSecret", "clientId", "access_token"]
    row = admin.done("GET", "/auth/client")["items"][0]
    assert list(row) == [*SUBJECT, "identifier", "roles", "client_id", "hasLongLiveToken", "revoked"]
    assert (row["identifier"], row["hasLongLiveToken"], row["revoked"]) == ("press", True, False)
    assert admin.call("POST", "/auth/client", body)[1]["code"] == 409102

    updates = [
        ("PUT", f"/auth/user/{number}", {"name": "Grace H."}, (201, 200000)),
        ("PUT", f"/auth/user/{number}/role", {"roles": [], "originalRolesList": [role]}, (201, 200000)),
        ("PUT", f"/auth/client/{row['id']}/revoke", {"revoke": True}, (201, 200001)),
        ("PUT", f"/auth/client/{row['id']}/revoke", {"revoke": False}, (201, 200001)),
        ("PUT", f"/auth/client/{row['id']}/long-live?remove_long_live=true", {"identifier": "press"}, (201, 200001)),
        ("PUT", f"/auth/client/{row['id']}/long-live", {"identifier": "press"}, (201, 200000)),
        ("PUT", f"/auth/client/{row['subjectId']}", {"name": "Printing"}, (201, 200000)),
        ("DELETE", f"/auth/client/{row['subjectId']}", None, (201, 200001)),
        ("DELETE", f"/auth/user/{number}", None, (201, 200001)),
        ("DELETE", f"/auth/role/{role['id']}", None, (201, 200001)),
        ("DELETE", f"/auth/user/{number}", None, (404, 404002)),
        ("DELETE", f"/auth/client/{row['subjectId']}", None, (404, 404003)),
        ("DELETE", f"/auth/role/{role['id']}", None, (404, 404004)),
    ]
    for method, path, sent, (status, code) in updates:
        answered, answer = admin.call(method, path, sent)
        assert (answered, answer["code"]) == (status, code), path


def test_nothing_is_made_of_nothing(yard: Yard) -> None:
    for path, fields in [
        ("/auth/user", ["username", "password", "name", "roles"]),
        ("/auth/client", ["identifier", "name", "roles"]),
        ("/auth/role", ["identifier", "allowedObject"]),
        ("/auth/resource", ["resourceIdentifier", "applications_id"]),
        ("/auth/application", ["identifier"]),
        ("/auth/permission", ["allowed", "applicationResource_id"]),
    ]:
        status, answer = yard.admin.call("POST", path, {})
        assert (status, answer["code"], [fault["field"] for fault in answer["errors"]]) == (400, 400001, fields)


def test_other_programs_keep_their_own_permissions_here(yard: Yard) -> None:
    admin = yard.admin
    application = admin.done("POST", "/auth/application", {"identifier": "billing"})["applicationId"]
    assert {"id": application, "identifier": "billing"} in admin.done("GET", "/auth/application")
    body = {"resourceIdentifier": "invoice", "applications_id": application}
    resource = admin.done("POST", "/auth/resource", body)["applicationResourceId"]
    made = admin.done("POST", "/auth/permission", {"allowed": "void", "applicationResource_id": resource})
    role = {"identifier": "biller", "allowedObject": {"invoice": [{"id": made["permissionId"], "allowed": "void"}]}}
    admin.done("POST", "/auth/role", role)
    [row] = [one for one in admin.done("GET", "/auth/role")["items"] if one["identifier"] == "biller"]
    assert row["resources"][0]["allowed"] == [{"allowed": "void", "id": made["permissionId"]}]
    words = [{"allowed": word} for word in ("*", "select")]
    admin.done("PUT", f"/auth/resource/{resource}/permission", {"newResourcePermissions": words})
    assert admin.done("GET", "/auth/role")["items"][0]["resources"] == []
    admin.done("DELETE", f"/auth/resource/{resource}")


def test_what_is_made_here_is_seen_there_and_the_other_way_round(yard: Yard) -> None:
    yard.user("seen-here", "event:select")
    assert "seen-here" in [user["name"] for user in yard.v1.get("/users", params={"limit": 500}).json()]
    roles = {role["name"]: role["permissions"] for role in yard.v1.get("/roles", params={"limit": 500}).json()}
    assert roles["role of seen-here"] == ["event:select"]
    made = yard.v1.post("/clients", json={"name": "seen-there", "roles": ["role of seen-here"]}).json()
    (row,) = [one for one in yard.clients() if one["client_id"] == made["client_id"]]
    assert (row["identifier"], row["name"]) == ("seen-there", "seen-there")
    asks = {"grant_type": "client_credentials", "client_id": made["client_id"], "client_secret": made["client_secret"]}
    assert yard.caller(yard.token(asks)).call("GET", "/event")[0] == 200


def test_a_token_counts_in_the_header_in_any_case_and_in_the_url(yard: Yard) -> None:
    _, asks = yard.client("cases", "event:select")
    text = yard.token(asks)
    for scheme in ("BEARER", "Bearer", "bearer", "bEaReR"):
        assert yard.nobody.http.get("/event", headers={"Authorization": f"{scheme} {text}"}).status_code == 200
    assert yard.nobody.http.get("/event", params={"access_token": text}).status_code == 200
    for headers, code in (
        ({}, 403002),
        ({"Authorization": text}, 403002),
        ({"Authorization": "BEARER"}, 403002),
        ({"Authorization": f"BEARER {text}x"}, 400001),
        ({"Authorization": "BEARER " + text[:-1]}, 400001),
    ):
        assert yard.nobody.http.get("/event", headers=headers).json()["code"] == code, headers
    both = yard.nobody.http.get("/event", params={"access_token": text}, headers={"Authorization": "BEARER x.y.z"})
    assert both.json()["code"] == 400001, "a wrong header is not made good by the URL"


def test_the_routes_are_described(yard: Yard) -> None:
    paths = yard.nobody.http.get("/openapi.json").json()["paths"]
    assert {"/eventhos/auth/token", "/eventhos/auth/client/{client_id}/long-live"} <= paths.keys()
    assert paths["/eventhos/auth/token"]["post"]["security"] == []


# As it is not meant


def test_who_guesses_a_password_waits_and_locks_nobody_else_out(yard: Yard) -> None:
    guesser, owner = yard.elsewhere(), yard.elsewhere()
    for at in range(5):
        assert guesser.login("admin", f"guess {at}") == (401, 401001)
    answer = guesser.http.post("/auth/login", json={"username": "admin", "password": "guess"})
    assert (answer.status_code, answer.json()["code"]) == (401, 401003)
    assert int(answer.headers["retry-after"]) >= 1
    assert guesser.login("ADMIN", "guess") == (401, 401003), "capitals are no way around it"
    forged = {"X-Forwarded-For": "192.0.2.77", "Forwarded": "for=192.0.2.77"}
    answer = guesser.http.post("/auth/login", json={"username": "admin", "password": "guess"}, headers=forged)
    assert answer.json()["code"] == 401003, "nor is an address that somebody says they have"
    assert owner.login("admin", PASSWORD) == (201, 200000)
    assert yard.admin.call("GET", "/auth/user")[0] == 200


def test_a_right_password_among_wrong_ones_sets_the_count_back(yard: Yard) -> None:
    yard.user("forgetful")
    caller = yard.elsewhere()
    for _ in range(4):
        for password, end in (
            ("a", (401, 401001)),
            ("b", (401, 401001)),
            ("c", (401, 401001)),
            (PASSWORD, (201, 200000)),
        ):
            assert caller.login("forgetful", password) == end


def test_who_guesses_over_many_accounts_or_secrets_waits_too(yard: Yard) -> None:
    caller = yard.elsewhere()
    body = {"grant_type": "client_credentials", "client_secret": "x"}
    codes = [caller.refused("POST", "/auth/token", body | {"client_id": f"c{at}"})[1] for at in range(60)]
    assert codes[0] == 401100
    assert codes[-1] == 401003
    _, asks = yard.client("guessed")
    caller = yard.elsewhere()
    for _ in range(5):
        assert caller.refused("POST", "/auth/token", asks | {"client_secret": "x"}) == (401, 401100)
    assert caller.refused("POST", "/auth/token", asks) == (401, 401003), "while it lasts not even the right one counts"
    assert yard.token(asks)


def part(text: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(text).encode()).rstrip(b"=").decode()


def test_a_token_that_was_tampered_with_is_none(yard: Yard) -> None:
    _, asks = yard.client("tampered", "event:select")
    text = yard.token(asks)
    header, claims, signature = text.split(".")
    told = json.loads(base64.urlsafe_b64decode(claims + "=="))
    kid = json.loads(base64.urlsafe_b64decode(header + "=="))["kid"]
    more = part(told | {"data": {"id": 1, "subjectType": "user", "username": "admin"}})
    keys = yard.nobody.http.get(f"{yard.hub.url}/.well-known/jwks.json").text
    mine = part({"alg": "HS256", "typ": "JWT", "kid": kid})
    forged = base64.urlsafe_b64encode(hmac.digest(keys.encode(), f"{mine}.{claims}".encode(), hashlib.sha256))
    for wrong in (
        f"{header}.{more}.{signature}",
        f"{part({'alg': 'none', 'kid': kid})}.{claims}.",
        f"{part({'alg': 'none'})}.{claims}.{signature}",
        f"{mine}.{claims}.{forged.rstrip(b'=').decode()}",
        f"{header}.{claims}.{signature[:-2]}AA",
        f"{header}.{claims}",
        f"{header}.{claims}.{signature}.",
    ):
        assert yard.caller(wrong).refused("GET", "/event") == (401, 400001), wrong
    assert yard.caller(text).call("GET", "/event")[0] == 200


def test_what_a_deleted_user_or_client_was_given_counts_no_more(yard: Yard) -> None:
    number, ada = yard.user("leaver", "event:select")
    assert ada.call("GET", "/event")[0] == 200
    yard.admin.done("DELETE", f"/auth/user/{number}")
    assert ada.refused("GET", "/event") == (401, 400001)
    yard.user("leaver", *())
    assert ada.refused("GET", "/event") == (401, 400001), "nor for another one of that name"

    number, asks = yard.client("scrapped", "event:select")
    lasting, short = yard.caller(), yard.caller(yard.token(asks))
    text = yard.admin.done("PUT", f"/auth/client/{number}/long-live", {"identifier": "scrapped"})["access_token"]
    lasting.http.headers["Authorization"] = f"BEARER {text}"
    assert lasting.call("GET", "/event")[0] == 200
    yard.admin.done("DELETE", f"/auth/client/{number}")
    assert lasting.refused("GET", "/event") == short.refused("GET", "/event") == (401, 400001)
    assert yard.elsewhere().refused("POST", "/auth/token", asks) == (404, 401100)


def test_what_a_revoked_client_shows_counts_again_once_it_is_restored(yard: Yard) -> None:
    number, asks = yard.client("suspended", "event:select")
    short, path = yard.caller(yard.token(asks)), f"/auth/client/{number}/revoke"
    yard.admin.done("PUT", path, {"revoke": True})
    assert short.refused("GET", "/event") == (403, 403003)
    assert yard.nobody.refused("POST", "/auth/token", asks) == (403, 403003)
    yard.admin.done("PUT", path, {"revoke": False})
    assert short.call("GET", "/event")[0] == 200
    assert yard.token(asks)


def test_of_long_lived_tokens_the_last_counts_and_no_short_one_beside_it(yard: Yard) -> None:
    number, asks = yard.client("lasting", "event:select")
    short, path, wish = yard.caller(yard.token(asks)), f"/auth/client/{number}/long-live", {"identifier": "lasting"}
    first = yard.caller(yard.admin.done("PUT", path, wish)["access_token"])
    assert short.refused("GET", "/event") == (403, 403004)
    assert yard.nobody.refused("POST", "/auth/token", asks) == (403, 403100)
    second_text = yard.admin.done("PUT", path, wish)["access_token"]
    second = yard.caller(second_text)
    assert first.refused("GET", "/event") == (403, 403004)
    assert second.call("GET", "/event")[0] == 200
    for cut in (second_text[:-1], second_text + "x", second_text[: len(second_text) // 2]):
        assert yard.caller(cut).refused("GET", "/event")[0] in (401, 403), "all of it counts"
    yard.admin.done("PUT", path + "?remove_long_live=true", wish)
    assert second.refused("GET", "/event")[0] == 401
    assert yard.caller(yard.token(asks)).call("GET", "/event")[0] == 200


def test_a_change_of_a_role_counts_at_once(yard: Yard) -> None:
    number, bob = yard.user("demoted", "event:select")
    assert bob.call("GET", "/event")[0] == 200
    [role] = yard.admin.done("GET", f"/auth/user/{number}")[0]["roles"]
    body = {"newAllowedObject": {}, "originalAllowedObject": yard.permissions("event:select")}
    yard.admin.done("PUT", f"/auth/role/{role['id']}/permission", body)
    assert bob.refused("GET", "/event") == (401, 401002)


def test_nobody_climbs(yard: Yard) -> None:
    everything = "OAUTH2_user:*", "OAUTH2_client:*", "OAUTH2_role:*", "OAUTH2_application:*", "OAUTH2_Permission:*"
    number, eve = yard.user("climber", *everything)
    admin_role = next(one for one in eve.done("GET", "/auth/role?basic=true") if one["identifier"] == "admin")
    [own] = eve.done("GET", f"/auth/user/{number}")[0]["roles"]
    root = next(one for one in eve.done("GET", "/auth/user?itemsPerPage=1000")["items"] if one["username"] == "admin")
    body = {"identifier": "root", "name": "root", "description": "", "roles": [admin_role]}
    yard.admin.done("POST", "/auth/client", body)
    client = next(one for one in yard.clients() if one["identifier"] == "root")
    above = yard.permissions("OAUTH2_global:*"), yard.permissions("event:*"), yard.permissions("contract:create")
    attempts: list[tuple[str, str, Any]] = [
        ("PUT", f"/auth/user/{number}/role", {"roles": [admin_role], "originalRolesList": []}),
        ("PUT", f"/auth/user/{number}/role", {"roles": [own, admin_role], "originalRolesList": [admin_role, own]}),
        ("POST", "/auth/user", {"username": "puppet", "password": "x", "name": "x", "roles": [admin_role]}),
        ("POST", "/auth/client", body | {"identifier": "puppet"}),
        ("POST", "/auth/client?longLive=true", body | {"identifier": "puppet"}),
        ("PUT", f"/auth/client/{client['id']}/secret", None),
        ("PUT", f"/auth/client/{client['id']}/long-live", {"identifier": "root"}),
        ("PUT", f"/auth/client/{client['id']}/role", {"roles": [own, admin_role], "originalRolesList": []}),
        ("PUT", f"/auth/user/{root['id']}/password", {"oldPassword": "guess", "newPassword": "mine"}),
        *(("POST", "/auth/role", {"identifier": "mine", "allowedObject": more}) for more in above),
        *(
            ("PUT", f"/auth/role/{own['id']}/permission", {"newAllowedObject": more, "originalAllowedObject": seen})
            for more in above
            for seen in ({}, more)
        ),
    ]
    before = eve.done("GET", f"/auth/user/{number}")
    for method, path, sent in attempts:
        status, answer = eve.call(method, path, sent)
        unchanged = status == 201 and eve.done("GET", f"/auth/user/{number}") == before
        assert (status, answer["code"]) == (401, 401002) or unchanged, (path, sent)
    assert eve.refused("GET", "/event") == (401, 401002)
    assert eve.done("GET", f"/auth/user/{number}") == before
    assert "puppet" not in [one["identifier"] for one in yard.clients()]


def test_the_last_administrator_stays(yard: Yard) -> None:
    users = yard.admin.done("GET", "/auth/user?itemsPerPage=1000")["items"]
    root = next(one for one in users if one["username"] == "admin")
    assert yard.admin.refused("DELETE", f"/auth/user/{root['id']}") == (409, 409000)
    change = {"roles": [], "originalRolesList": root["roles"]}
    assert yard.admin.refused("PUT", f"/auth/user/{root['id']}/role", change) == (409, 409000)
    [role] = root["roles"]
    assert yard.admin.refused("DELETE", f"/auth/role/{role['id']}") == (400, 400001)


def test_secrets_are_told_once_and_found_nowhere_after(yard: Yard) -> None:
    number, asks = yard.client("discreet")
    long = yard.admin.done("PUT", f"/auth/client/{number}/long-live", {"identifier": "discreet"})["access_token"]
    status, answer = yard.admin.call("GET", f"/auth/client/{number}/secret")
    assert (status, answer["code"]) == (403, 403101)
    assert f"PUT /eventhos/auth/client/{number}/secret" in answer["message"]
    new = yard.admin.done("PUT", f"/auth/client/{number}/secret")["clientSecret"]
    assert yard.nobody.refused("POST", "/auth/token", asks) == (401, 401100)
    assert yard.nobody.refused("POST", "/auth/token", asks | {"client_secret": new}) == (403, 403100)
    told = [
        yard.admin.http.get(path).text for path in ("/auth/client?itemsPerPage=1000", "/auth/user?itemsPerPage=1000")
    ]
    told += [yard.v1.get("/clients", params={"limit": 500}).text, yard.hub.log.read_text()]
    on_disk = b"".join(file.read_bytes() for file in yard.hub.data.iterdir() if file.is_file())
    for secret in (asks["client_secret"], new, long, PASSWORD):
        assert not any(secret in text for text in told)
        assert secret.encode() not in on_disk


@pytest.mark.parametrize("odd", ["admin' OR '1'='1", "admin\x00", "../admin", "%00", "ＡＤＭＩＮ", "a" * 5000, ""])
def test_an_odd_name_is_nobody_and_breaks_nothing(yard: Yard, odd: str) -> None:
    assert yard.elsewhere().login(odd, PASSWORD) == (401, 401001)


def guarded(yard: Yard) -> list[tuple[str, str]]:
    """Method and path of each route about who may come in that is described, but of those which give tokens."""
    paths = yard.nobody.http.get("/openapi.json").json()["paths"]
    return [
        (method.upper(), re.sub(r"{\w+}", "1", path.removeprefix("/eventhos")))
        for path, operations in paths.items()
        for method in operations
        if path.startswith("/eventhos/auth/") and path not in ("/eventhos/auth/token", "/eventhos/auth/login")
    ]


def test_no_route_answers_who_is_nobody_or_holds_nothing(yard: Yard) -> None:
    _, eve = yard.user("onlooker", "event:*", "contract:*", "system:*", "action:*")
    routes = guarded(yard)
    assert len(routes) > 25
    for method, path in routes:
        assert yard.nobody.refused(method, path) == (403, 403002), path
        if path != "/auth/user/profile/me":
            end = eve.refused(method, path, {"oldPassword": "x", "newPassword": "y"})
            assert end == (401, 401002), path
