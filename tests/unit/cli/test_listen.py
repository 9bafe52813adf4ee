import http.client
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlsplit

import pytest

from eventyard.cli.listen import told_to_end
from eventyard.cli.signing import signed_headers
from tests.unit.cli.stub import Asked, Ended, StubHub

ID = "0198c7a2-5e0b-7c3e-9a51-3f0d8f6f2c11"
PID = os.getpid()
GONE = [("DELETE", "/v1/subscriptions/s-1"), ("DELETE", "/v1/targets/t-1")]


def prepared(hub: StubHub) -> StubHub:
    hub.answers("POST", "/v1/targets", {"id": "t-1"}, 201)
    hub.answers("POST", "/v1/subscriptions", {"id": "s-1"}, 201)
    hub.answers("DELETE", "/v1/subscriptions/s-1", None, 204)
    hub.answers("DELETE", "/v1/targets/t-1", None, 204)
    hub.answers("GET", "/v1/deliveries", [])
    return hub


def delivered(hub: StubHub, body: bytes) -> int:
    """Do as the hub would: post a signed delivery to the target that was made; the status it got."""
    made = next(asked for asked in hub.asked if asked.path == "/v1/targets").body["settings"]
    proof = signed_headers("standard-webhooks", made["secret"], body, message_id="m-1", seconds=int(time.time()))
    connection = http.client.HTTPConnection(urlsplit(made["url"]).netloc)
    headers = {"content-type": "application/json", "ce-id": "e-1", "ce-type": "order.created", **proof}
    connection.request("POST", "/", body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


def listening(hub: StubHub, *words: str) -> tuple[Ended, int]:
    """Run the command; once it has subscribed, make one delivery."""
    statuses: list[int] = []
    ready = threading.Event()
    hub.on_asked = lambda asked: ready.set() if asked.path == "/v1/subscriptions" else None

    def deliver() -> None:
        assert ready.wait(10)
        statuses.append(delivered(hub, b'{"id": 1}'))

    thread = threading.Thread(target=deliver)
    thread.start()
    ended = hub.run("listen", *words, "--count", "1")  # in this thread, as signals come to no other
    thread.join(10)
    return ended, statuses[0]


def test_a_delivery_is_printed_and_everything_is_cleaned_up(hub: StubHub) -> None:
    ended, status = listening(prepared(hub), "--source", ID, "--pattern", "order.*")
    assert status == 200
    assert ended.status == 0
    assert ended.out.splitlines()[0] == "order.created  e-1  signature ok"
    assert [(asked.method, asked.path) for asked in hub.asked][-2:] == GONE
    wish = next(asked for asked in hub.asked if asked.path == "/v1/subscriptions").body
    assert (wish["source_id"], wish["pattern"], wish["target_id"]) == (ID, "order.*", "t-1")


def test_a_delivery_is_handed_on_and_answered_as_the_other_does(hub: StubHub) -> None:
    prepared(hub).answers("POST", "/webhooks", None, 503)
    ended, status = listening(hub, "--topic", "orders", "--forward", f"{hub.url}/webhooks", "--json")
    assert status == 503
    printed = json.loads(ended.out)
    assert (printed["data"], printed["verified"], printed["status"]) == ({"id": 1}, True, 503)
    assert next(asked for asked in hub.asked if asked.path == "/webhooks").headers["ce-id"] == "e-1"


@pytest.fixture(autouse=True)
def attentive() -> Iterator[None]:
    """Signals are heard, though what a shell runs in the background ignores some."""
    heard: dict[signal.Signals, Any] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in heard.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def signalled(hub: StubHub, number: signal.Signals, method: str, path: str) -> Ended:
    """Run the command, and signal it once it has asked that."""
    left = [number]

    def on_asked(asked: Asked) -> None:
        if (asked.method, asked.path) == (method, path) and left:
            os.kill(PID, left.pop())

    hub.on_asked = on_asked
    return hub.run("listen", "--source", ID)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/targets"), ("POST", "/v1/subscriptions"), ("GET", "/v1/deliveries")]
)
def test_told_to_end_it_cleans_up_however_far_it_has_come(
    hub: StubHub, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, method: str, path: str
) -> None:
    monkeypatch.setattr("eventyard.cli.listen.LOOK_S", 0.01)
    before = signal.getsignal(number)
    ended = signalled(prepared(hub), number, method, path)
    assert (ended.status, ended.err.splitlines()[-1]) == (0, "0 received")
    assert [(asked.method, asked.path) for asked in hub.asked][-2:] == GONE
    assert signal.getsignal(number) is before


def test_a_second_signal_breaks_off_what_is_under_way(hub: StubHub) -> None:
    told: SimpleQueue[None] = SimpleQueue()
    with pytest.raises(KeyboardInterrupt), told_to_end(told):
        os.kill(PID, signal.SIGINT)
        told.get(timeout=30)
        os.kill(PID, signal.SIGINT)
        told.get(timeout=30)


def test_who_ignores_that_the_terminal_goes_away_listens_on() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with told_to_end(SimpleQueue()):
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_listening_to_nothing_is_a_usage_error(hub: StubHub) -> None:
    assert hub.run("listen").status == 2


def test_a_port_that_is_none_is_a_usage_error(hub: StubHub) -> None:
    ended = hub.run("listen", "--source", ID, "--port", "99999")
    assert (ended.status, hub.asked) == (2, [])
    assert "--port" in ended.err


def test_what_is_no_url_to_hand_on_to_is_a_usage_error_before_anything_is_made(hub: StubHub) -> None:
    ended = hub.run("listen", "--source", ID, "--forward", "nourl")
    assert (ended.status, hub.asked) == (2, [])
    assert "'nourl' is not a URL" in ended.err
