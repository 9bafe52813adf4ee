from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from eventyard.cli.client import Client
from eventyard.cli.failure import Failure
from eventyard.cli.remote import Remote, given
from tests.unit.cli.stub import StubHub

UUID = "0198c7a2-5e0b-7c3e-9a51-3f0d8f6f2c11"


Connect = Callable[..., Remote]


@pytest.fixture
def remote() -> Iterator[Connect]:
    with ExitStack() as stack:
        yield lambda hub, project=None: Remote(stack.enter_context(Client(hub.url)), project)


def test_what_is_made_is_made_in_the_project_that_was_named(hub: StubHub, remote: Connect) -> None:
    assert remote(hub, "shop").in_project({"name": "a"}) == {"project_id": "shop", "name": "a"}


def test_without_a_name_the_hub_knows_the_only_project(hub: StubHub, remote: Connect) -> None:
    hub.answers("POST", "/v1/topics", {})
    remote(hub).post("/v1/topics", remote(hub).in_project({"name": "a"}))
    assert hub.last.body == {"name": "a"}


def test_an_id_is_taken_as_it_is(hub: StubHub, remote: Connect) -> None:
    assert remote(hub).one("/v1/sources", UUID) == f"/v1/sources/{UUID}"
    assert not hub.asked


def test_a_name_is_looked_up(hub: StubHub, remote: Connect) -> None:
    hub.answers("GET", "/v1/sources", [{"id": "s-1", "name": "a"}, {"id": "s-2", "name": "b"}])
    assert remote(hub, "shop").one("/v1/sources", "b") == "/v1/sources/s-2"
    assert hub.last.query["project_id"] == "shop"


def test_a_name_that_is_nobodys_is_a_failure(hub: StubHub, remote: Connect) -> None:
    hub.answers("GET", "/v1/sources", [])
    with pytest.raises(Failure, match="there is no source 'x'"):
        remote(hub).id_of("/v1/sources", "x")


def test_a_name_in_two_projects_is_a_failure(hub: StubHub, remote: Connect) -> None:
    hub.answers("GET", "/v1/sources", [{"id": "s-1", "name": "a"}, {"id": "s-2", "name": "a"}])
    with pytest.raises(Failure, match="2 are called 'a'"):
        remote(hub).id_of("/v1/sources", "a")


def test_fields_without_a_value_are_not_sent(hub: StubHub, remote: Connect) -> None:
    hub.answers("POST", "/v1/x", {})
    remote(hub).post("/v1/x", {"a": None, "b": 0, "c": False})
    assert hub.last.body == {"b": 0, "c": False}
    assert given({"a": None}) == {}


def test_the_shared_options_win_over_the_environment(hub: StubHub) -> None:
    hub.answers("GET", "/v1/keys", [])
    hub.run("keys", "list", "--key", "eyk_other", "--project", "shop")
    assert hub.last.headers["authorization"] == "Bearer eyk_other"
    assert hub.last.query["project_id"] == "shop"


def test_a_refusal_ends_a_command_with_status_1_and_says_what_to_do(hub: StubHub) -> None:
    hub.refuses("GET", "/v1/keys", 403, detail="not yours", code="forbidden", hint="use another key")
    ended = hub.run("keys", "list", "--json")
    assert ended.status == 1
    assert ended.out == ""
    assert ended.err == "error: not yours\n  hint: use another key\n  code: forbidden\n"
