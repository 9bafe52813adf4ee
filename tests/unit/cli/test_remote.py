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


def test_the_only_project_need_not_be_named(hub: StubHub, remote: Connect) -> None:
    assert remote(hub).in_project({"name": "a"}) == {"project_id": "p-1", "name": "a"}


def test_of_several_projects_one_must_be_named(hub: StubHub, remote: Connect) -> None:
    hub._answers.clear()
    hub.answers("GET", "/v1/projects", [{"id": "p-1", "name": "shop"}, {"id": "p-2", "name": "bank"}])
    with pytest.raises(Failure) as caught:
        remote(hub).the_project()
    assert "shop, bank" in str(caught.value.hint)
    assert remote(hub, "bank").the_project() == "bank"


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
