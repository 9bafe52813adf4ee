import pytest

from eventyard.matching.bindings import Bound, ToExchange
from eventyard.matching.standing import Exchange, identity
from eventyard.model.errors import Invalid
from eventyard.model.streams import Binding, ExchangeType


def bound(key: str, destination: object = "q", number: int = 0, since: int = 0, **arguments: object) -> Bound[str]:
    return Bound(Binding("x", key, arguments, since), destination, number)


def found(exchange: Exchange[str], key: str, entry_id: int | None = None) -> list[str]:
    return [queue for bucket in exchange.find(key, {}, entry_id) for queue in bucket.queues]


def test_what_was_taken_away_is_found_for_its_time_only():
    exchange: Exchange[str] = Exchange(ExchangeType.TOPIC)
    exchange.put(bound("a.*", since=10))

    kept = exchange.take(exchange.bound[0], 20)

    assert kept.binding == Binding("x", "a.*", {}, 10, 20)
    assert [found(exchange, "a.b", entry) for entry in (None, 10, 11, 20, 21)] == [[], [], ["q"], ["q"], []]
    assert [exchange.lets_through(kept, "a.b", {}, entry) for entry in (10, 11, 20, 21)] == [False, True, True, False]
    assert (exchange.named, exchange.bound) == ({}, {0: kept})


@pytest.mark.parametrize("until", [None, 9, 10])
def test_nothing_is_kept_of_a_binding_that_counted_for_no_entry_or_is_not_asked_about(until):
    exchange: Exchange[str] = Exchange(ExchangeType.TOPIC)
    exchange.put(bound("a", since=10))

    assert exchange.take(exchange.bound[0], until) is None
    assert (exchange.named, exchange.bound, found(exchange, "a", 10), found(exchange, "a", 11)) == ({}, {}, [], [])


def test_what_is_kept_can_be_forgotten():
    exchange: Exchange[str] = Exchange(ExchangeType.TOPIC)
    exchange.put(bound("a", ToExchange("y")))
    kept = exchange.take(exchange.bound[0], 20)
    assert exchange.leads_on == 1

    assert exchange.take(kept, None) is None
    assert (exchange.bound, exchange.leads_on) == ({}, 0)
    assert exchange.find("a", {}, 1) == []


def test_a_change_of_type_holds_for_all_bindings():
    exchange: Exchange[str] = Exchange(ExchangeType.TOPIC)
    exchange.put(bound("a.*", "stands", 0))
    exchange.put(bound("a.*", "stood", 1))
    exchange.take(exchange.bound[1], 20)
    assert (found(exchange, "a.b"), found(exchange, "a.b", 5)) == (["stands"], ["stands", "stood"])

    exchange.retype(ExchangeType.DIRECT)

    assert exchange.type is ExchangeType.DIRECT
    assert (found(exchange, "a.b", 5), found(exchange, "a.*"), found(exchange, "a.*", 5)) == (
        [],
        ["stands"],
        ["stands", "stood"],
    )
    assert exchange.only_key(exchange.bound[0]) == "a.*"


def test_a_type_that_gives_no_meaning_to_a_binding_is_not_taken():
    exchange: Exchange[str] = Exchange(ExchangeType.TOPIC)
    exchange.put(bound("a", **{"x-match": "some"}))

    with pytest.raises(Invalid):
        exchange.retype(ExchangeType.HEADERS)

    assert exchange.type is ExchangeType.TOPIC
    assert found(exchange, "a") == ["q"]


def test_arguments_without_a_meaning_change_nothing():
    exchange: Exchange[str] = Exchange(ExchangeType.HEADERS)

    with pytest.raises(Invalid):
        exchange.put(bound("a", ToExchange("y"), **{"x-match": "some"}))

    assert (exchange.bound, exchange.named, exchange.leads_on) == ({}, {}, 0)


def test_bindings_are_the_same_whichever_way_their_arguments_are_written():
    assert identity("q", "a", {"n": 1, "s": "x"}) == identity("q", "a", {"s": b"x", "n": 1.0})
    assert (
        len({identity("q", "a", {}), identity("r", "a", {}), identity("q", "b", {}), identity("q", "a", {"n": 1})}) == 4
    )
    assert identity("y", "a", {}) != identity(ToExchange("y"), "a", {})
