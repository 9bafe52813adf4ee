import pytest

from eventyard.wire.stomp.errors import Refused
from eventyard.wire.stomp.negotiation import SUBPROTOCOLS, HeartBeat, answer, heart_beat_of, interval, version_of


@pytest.mark.parametrize(
    ("offered", "version"), [("1.0,1.1,1.2", "1.2"), ("1.1, 1.0", "1.1"), ("2.0,1.0", "1.0"), ("1.2", "1.2")]
)
def test_the_best_common_version_is_spoken(offered: str, version: str) -> None:
    assert version_of({"accept-version": offered}) == version


def test_who_names_no_version_speaks_the_oldest() -> None:
    assert version_of({}) == "1.0"


def test_without_a_common_version_there_is_nothing_to_say() -> None:
    with pytest.raises(Refused, match=r"Supported versions are 1\.0,1\.1,1\.2"):
        version_of({"accept-version": "3.0"})


def test_subprotocols_are_offered_from_the_best() -> None:
    assert SUBPROTOCOLS == ("v12.stomp", "v11.stomp", "v10.stomp")


@pytest.mark.parametrize(
    ("stated", "hub", "sends", "expects"),
    [
        ("0,0", "0,0", 0, 0),
        ("10000,5000", "5000,10000", 5000, 10_000),
        ("500,1500", "1000,1000", 1500, 1000),
        ("0,20000", "20000,0", 20_000, 0),
        ("2999,0", "0,2000", 0, 2999),
    ],
)
def test_each_side_sends_as_often_as_it_can_and_the_other_wants(
    stated: str, hub: str, sends: int, expects: int
) -> None:
    client = heart_beat_of({"heart-beat": stated})
    ours = answer(client)
    assert str(ours) == hub
    assert interval(ours.can_ms, client.wants_ms) == sends
    assert interval(client.can_ms, ours.wants_ms) == expects


def test_who_says_nothing_of_heart_beats_has_none() -> None:
    assert heart_beat_of({}) == HeartBeat(0, 0)


@pytest.mark.parametrize("stated", ["", "1", "1,2,3", "-1,0", "a,b", "1.5,1", "99999999999,0"])
def test_heart_beats_are_two_numbers(stated: str) -> None:
    with pytest.raises(Refused, match="heart-beat"):
        heart_beat_of({"heart-beat": stated})
