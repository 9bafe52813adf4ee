import http.client
import time
from urllib.parse import urlsplit

import pytest

from eventyard.cli.failure import Failure
from eventyard.cli.receiver import Received, Receiver, new_secret
from eventyard.cli.signing import signed_headers
from eventyard.wire.signatures import webhook_key


def test_a_secret_is_in_the_form_of_standard_webhooks() -> None:
    assert len(webhook_key(new_secret())) == 32
    assert new_secret() != new_secret()


def test_a_request_is_checked_handed_on_and_answered() -> None:
    got: list[Received] = []

    def answering(received: Received) -> int:
        got.append(received)
        return 204 if received.verified else 401

    with Receiver(new_secret(), answering) as receiver:
        connection = http.client.HTTPConnection(urlsplit(receiver.url).netloc)
        proof = signed_headers("standard-webhooks", receiver.secret, b"{}", message_id="m", seconds=int(time.time()))
        for headers in (proof, {**proof, "webhook-signature": "v1,bm8="}):
            connection.request("POST", "/hook", b"{}", headers)
            response = connection.getresponse()
            response.read()
            assert response.status == (204 if headers is proof else 401)
        connection.close()
    assert [(received.path, received.body, received.verified) for received in got] == [
        ("/hook", b"{}", True), ("/hook", b"{}", False),
    ]  # fmt: skip
    assert got[0].headers["webhook-id"] == "m"


def test_where_it_cannot_listen_it_says_so_and_what_to_choose() -> None:
    with Receiver(new_secret(), lambda _: 200) as first:
        port = urlsplit(first.url).port or 0
        with pytest.raises(Failure, match=f"cannot receive on 127.0.0.1:{port}: ") as caught:
            Receiver(new_secret(), lambda _: 200, port=port).__enter__()
    assert caught.value.hint == "choose another --host or --port"
