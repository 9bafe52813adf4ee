import json

from tests.unit.cli.stub import StubHub

MADE = {"id": "k-1", "name": "ci", "scopes": ["events:publish"], "key": "eyk_text"}


def test_the_text_of_a_new_key_is_all_that_is_on_stdout(hub: StubHub) -> None:
    hub.answers("POST", "/v1/keys", MADE, 201)
    ended = hub.run(
        "keys", "create", "ci", "--scope", "events:publish", "--rate-limit", "5", "--project", "shop",
        "--application", "till",
    )  # fmt: skip
    assert ended.out == "eyk_text\n"
    assert "shown this once" in ended.err
    assert hub.last.body == {
        "name": "ci", "scopes": ["events:publish"], "project_id": "shop", "application_id": "till", "rate_limit": 5.0,
    }  # fmt: skip


def test_the_whole_record_is_json_for_programs(hub: StubHub) -> None:
    hub.answers("POST", "/v1/keys", MADE, 201)
    assert json.loads(hub.run("keys", "create", "ci", "--scope", "admin", "--json").out) == MADE


def test_a_key_is_revoked_by_its_name(hub: StubHub) -> None:
    hub.answers("GET", "/v1/keys", [MADE])
    hub.answers("DELETE", "/v1/keys/k-1", None, 204)
    assert hub.run("keys", "revoke", "ci").err == "key ci is revoked\n"
    assert (hub.last.method, hub.last.path) == ("DELETE", "/v1/keys/k-1")
