import socket

import aiohttp
import pytest

from eventyard.worker.hub import Hub, HubAway, Run, _lease_s, _problem


def run(lease_expires_at: str = "2026-01-02T03:04:25.000Z") -> Run:
    return Run(12, "target-resize", 1, lease_expires_at, {"data_base64": "AA=="})


async def test_a_hub_that_does_not_listen_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with aiohttp.ClientSession() as session:
        with pytest.raises(HubAway):
            await Hub(session, f"http://127.0.0.1:{port}/", "ey_key").claim("resize", "worker-1", 1)


def test_a_lease_is_reckoned_by_the_hubs_clock() -> None:
    assert _lease_s(run(), "Fri, 02 Jan 2026 03:04:05 GMT") == 19.0
    assert _lease_s(run(), "Fri, 02 Jan 2026 03:05:05 GMT") == 1.0
    assert _lease_s(run(), None) == 20.0


def test_data_that_is_not_json_stays_in_the_event() -> None:
    assert run().data is None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b'{"detail": "the key is unknown"}', "401 the key is unknown"),
        (b"<html>", "the hub answered 401"),
        (b"[]", "the hub answered 401"),
    ],
)
def test_a_refusal_is_told_in_the_hubs_words(answer: bytes, said: str) -> None:
    assert _problem(401, answer) == said
