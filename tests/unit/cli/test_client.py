import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from eventyard.cli.client import Client, Refused, segment
from eventyard.cli.failure import Failure
from tests.unit.cli.stub import StubHub

Connect = Callable[..., Client]


@pytest.fixture
def client() -> Iterator[Connect]:
    with ExitStack() as stack:
        yield lambda *given: stack.enter_context(Client(*given))


def test_a_call_carries_the_key_and_sends_and_takes_json(hub: StubHub, client: Connect) -> None:
    hub.answers("POST", "/v1/sources", {"id": "s-1"}, 201)
    assert client(hub.url, "eyk_1").call("POST", "/v1/sources", {"name": "a"}) == {"id": "s-1"}
    assert hub.last.headers["authorization"] == "Bearer eyk_1"
    assert hub.last.headers["content-type"] == "application/json"
    assert hub.last.body == {"name": "a"}


def test_without_a_key_no_credentials_are_sent(hub: StubHub, client: Connect) -> None:
    hub.answers("POST", "/in/s-1", {}, 202)
    client(hub.url).request("POST", "/in/s-1", body=b"x")
    assert "authorization" not in hub.last.headers


def test_a_stranger_does_not_show_the_key(hub: StubHub, client: Connect) -> None:
    hub.answers("POST", "/in/s-1", {}, 202)
    client(hub.url, "eyk_1").request("POST", "/in/s-1", body=b"x", keyless=True)
    assert "authorization" not in hub.last.headers


def test_what_has_no_value_is_not_asked_for(hub: StubHub, client: Connect) -> None:
    hub.answers("GET", "/v1/events", [])
    client(hub.url).call("GET", "/v1/events", query={"topic": None, "contains": True, "limit": 5})
    assert hub.last.query == {"contains": "true", "limit": "5"}


def test_pages_are_followed_until_there_is_enough(hub: StubHub, client: Connect) -> None:
    hub.answers("GET", "/v1/events", [{"id": 1}, {"id": 2}], link='</v1/events?cursor=b>; rel="next"')
    hub.answers("GET", "/v1/events", [{"id": 3}, {"id": 4}], link=f'<{hub.url}/v1/events?cursor=c>; rel="next"')
    hub.answers("GET", "/v1/events", [{"id": 5}])
    assert [r["id"] for r in client(hub.url).pages("/v1/events", {}, 100)] == [1, 2, 3, 4, 5]
    assert [asked.query.get("cursor") for asked in hub.asked] == [None, "b", "c"]


def test_no_more_is_taken_than_was_asked_for(hub: StubHub, client: Connect) -> None:
    hub.answers("GET", "/v1/events", [{"id": 1}, {"id": 2}], link='</v1/events?cursor=b>; rel="next"')
    assert [r["id"] for r in client(hub.url).pages("/v1/events", {}, 1)] == [1]
    assert len(hub.asked) == 1


def test_a_refusal_is_a_failure_with_what_the_problem_says(hub: StubHub, client: Connect) -> None:
    hub.refuses(
        "POST", "/v1/sources", 422, detail="no such scheme", code="invalid_settings", pointer="/scheme", hint="see"
    )
    with pytest.raises(Refused) as caught:
        client(hub.url).call("POST", "/v1/sources", {})
    assert caught.value.message == "no such scheme (at /scheme)"
    assert (caught.value.status, caught.value.code, caught.value.hint) == (422, "invalid_settings", "see")


def test_where_nothing_listens_the_failure_says_how_to_start_a_hub(client: Connect) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Failure, match="there is no hub at") as caught:
            client(url).call("GET", "/v1/projects")
    assert "eventyard serve" in str(caught.value.hint)


def test_a_connection_that_was_closed_meanwhile_is_opened_again_for_reading(hub: StubHub, client: Connect) -> None:
    hub.answers("GET", "/v1/projects", [])
    kept = client(hub.url)
    kept.call("GET", "/v1/projects")
    assert kept._connection.sock is not None
    kept._connection.sock.shutdown(socket.SHUT_RDWR)
    kept.call("GET", "/v1/projects")
    assert len(hub.asked) == 2


@pytest.mark.parametrize(
    "url", ["ftp://hub", "http://", "::", "http://hub:99999", "http://hub:http", "http://[hub", "http://hub a/"]
)
def test_what_is_no_url_is_said_to_be_none(url: str) -> None:
    with pytest.raises(Failure, match="is not the URL of a hub"):
        Client(url)


@pytest.mark.parametrize("key", ["a\nb", "a\n", "eyk_\u00fc", "\x7f"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(Failure, match="the API key has a line break or another character") as caught:
        Client("http://127.0.0.1:8080", key)
    assert "EVENTYARD_KEY" in str(caught.value.hint)
    assert key not in caught.value.message


def test_a_bare_address_is_taken_for_http_and_a_path_before_the_api_is_kept() -> None:
    assert Client("127.0.0.1:8080").url == "http://127.0.0.1:8080"
    assert Client("https://example.com/hub/").url == "https://example.com/hub"


def test_a_name_is_one_segment_of_a_path_whatever_is_in_it() -> None:
    assert segment("a/b c") == "a%2Fb%20c"
