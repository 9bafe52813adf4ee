"""Scenes played by amqplib, the client of most Node.js programs; ``amqplib.mjs`` plays them and tells what it saw."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.interop.broker import Broker, broker

pytestmark = pytest.mark.needs("npm packages on Node.js 20")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with broker(tmp_path_factory.mktemp("hub") / "data") as yard:
        yield yard


def played(hub: Broker, scene: str) -> dict[str, Any]:
    """What a scene saw."""
    asked = json.dumps({"url": hub.url(), "scene": scene})
    done = subprocess.run(
        ["node", "amqplib.mjs"], cwd=Path(__file__).parent, input=asked.encode(), capture_output=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def test_messages_find_their_way(hub: Broker) -> None:
    found = ["found"]
    assert played(hub, "routing") == {
        "direct": found, "fanout": found, "topic": found, "headers": found, "lost": ["lost"],
    }  # fmt: skip


def test_a_message_arrives_with_all_its_properties(hub: Broker) -> None:
    seen = played(hub, "properties")
    assert seen["same"], seen["kept"]
    assert seen["content"] == [0, 255, 10]
    assert (seen["fields"]["exchange"], seen["fields"]["redelivered"]) == ("", False)


def test_what_is_returned_is_returned_before_it_is_confirmed_and_order_is_kept(hub: Broker) -> None:
    assert played(hub, "confirms") == {
        "order": ["returned 312", "unroutable confirmed"], "messageCount": 1000, "inOrder": True,
    }  # fmt: skip


def test_what_is_not_settled_comes_again_and_what_is_refused_is_buried(hub: Broker) -> None:
    assert played(hub, "acknowledgements") == {
        "again": [["2", True], ["3", True], ["4", False]], "dead": ["1", "rejected", 1], "empty": False,
    }  # fmt: skip


def test_no_more_comes_than_was_agreed_on(hub: Broker) -> None:
    assert played(hub, "prefetch") == {"most": 2, "seen": 5}


def test_the_past_is_read_again_from_any_place(hub: Broker) -> None:
    assert played(hub, "replay") == {"first": list(range(20)), "from15": list(range(15, 20))}


def test_refusals_name_the_method_and_a_consumer_hears_of_its_end(hub: Broker) -> None:
    assert played(hub, "refusals") == {
        "missing": [404, 50, 10], "locked": [405, 50, 10], "different": [406, 50, 10], "reserved": [403, 40, 10],
        "cancelled": None,
    }  # fmt: skip
