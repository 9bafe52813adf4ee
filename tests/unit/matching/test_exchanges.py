import re
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventyard.matching.bindings import Destination, ToExchange
from eventyard.matching.exchanges import Routes
from eventyard.model.errors import Invalid
from eventyard.model.streams import Binding, ExchangeType

DIRECT, FANOUT, TOPIC, HEADERS = ExchangeType


def routes_of(*exchanges: tuple[object, ...]) -> Routes[str]:
    routes: Routes[str] = Routes()
    for exchange in exchanges:
        routes.exchange(*exchange)
    return routes


def test_the_queues_come_once_each_in_the_order_of_their_bindings():
    routes = routes_of(("x", TOPIC))
    for queue, key in [("b", "order.#"), ("a", "order.created"), ("c", "#"), ("b", "order.*"), ("d", "invoice.*")]:
        routes.bind("x", queue, key)

    assert routes.route("x", "order.created") == ("b", "a", "c")
    assert routes.route("x", "invoice.sent") == ("c", "d")
    assert routes.route("x", "") == ("c",)


def test_an_exchange_that_is_not_there_reaches_nothing():
    routes = routes_of()

    assert routes.route("x", "a") == routes.route("x", "a", None, 1) == ()
    assert not routes.reaches("q", "x", "a", None, 1)
    assert routes.bindings_from("x") == routes.bindings_to("q") == routes.remove_exchange("x") == ()


def test_a_binding_made_twice_is_one():
    routes = routes_of(("x", TOPIC))

    bound = routes.bind("x", "q", "a", {"n": 1}, since=5)
    assert bound.binding == Binding("x", "a", {"n": 1}, 5)
    assert routes.bind("x", "q", "a", {"n": 1}, since=7) is None
    assert routes.bind("x", "q", "a") is not None
    assert [each.binding.arguments for each in routes.bindings_to("q")] == [{"n": 1}, {}]


def test_unbinding_what_is_not_there_is_told():
    routes = routes_of(("x", TOPIC))
    routes.bind("x", "q", "a", {"n": 1})

    assert not routes.unbind("x", "q", "a")
    assert not routes.unbind("x", "q", "b", {"n": 1})
    assert not routes.unbind("x", "r", "a", {"n": 1})
    assert not routes.unbind("y", "q", "a", {"n": 1})
    assert routes.unbind("x", "q", "a", {"n": 1})
    assert not routes.unbind("x", "q", "a", {"n": 1})
    assert routes.route("x", "a") == ()


def test_binding_takes_exchanges_that_are_there():
    routes = routes_of(("x", TOPIC))

    for source, destination in [("y", "q"), ("x", ToExchange("y")), ("y", ToExchange("x"))]:
        with pytest.raises(KeyError):
            routes.bind(source, destination, "a")

    assert routes.bindings_from("x") == routes.bindings_to("q") == ()


def test_arguments_without_a_meaning_are_refused_where_they_need_one():
    routes = routes_of(("t", TOPIC), ("h", HEADERS))

    with pytest.raises(Invalid):
        routes.bind("h", "q", "", {"x-match": "some"})
    assert routes.bindings_to("q") == ()
    assert routes.bind("t", "q", "", {"x-match": "some"})
    with pytest.raises(Invalid):
        routes.exchange("t", HEADERS, "h")
    assert routes.route("t", "") == ("q",)


def test_messages_pass_from_exchange_to_exchange_and_circles_end():
    routes = routes_of(("a", TOPIC), ("b", FANOUT), ("c", DIRECT))
    routes.bind("a", ToExchange("b"), "order.*")
    routes.bind("b", ToExchange("c"), "")
    routes.bind("c", ToExchange("a"), "order.created")
    routes.bind("b", ToExchange("b"), "")
    for exchange in "abc":
        routes.bind(exchange, f"q{exchange}", "order.created")

    assert routes.route("a", "order.created") == ("qa", "qb", "qc")
    assert routes.route("a", "order.paid") == ("qb",)
    assert routes.route("c", "order.created") == ("qa", "qb", "qc")
    assert set(routes.upstream("qc")) == {"a", "b", "c"}
    assert routes.reaches("qc", "a", "order.created", None, 1)
    assert not routes.reaches("qc", "a", "order.paid", None, 1)


def test_a_message_may_pass_on_to_several_exchanges():
    routes = routes_of(*((name, FANOUT) for name in "abcd"))
    for name in "bcd":
        routes.bind("a", ToExchange(name), "")
        routes.bind(name, f"q{name}", "")

    assert routes.route("a", "k") == ("qb", "qc", "qd")


def test_what_fits_no_binding_goes_to_the_alternate_and_on_to_its_alternate():
    routes = routes_of(("a", DIRECT, "b"), ("b", DIRECT, "c"), ("c", FANOUT))
    routes.bind("a", "qa", "1")
    routes.bind("b", "qb", "2")
    routes.bind("c", "qc", "")

    assert [routes.route("a", key) for key in "123"] == [("qa",), ("qb",), ("qc",)]
    assert routes.reaches("qc", "a", "3", None, 1)
    assert not routes.reaches("qc", "a", "2", None, 1)
    routes.remove_exchange("b")
    assert [routes.route("a", key) for key in "123"] == [("qa",), (), ()]
    routes.exchange("a", DIRECT, "c")
    assert [routes.route("a", key) for key in "123"] == [("qa",), ("qc",), ("qc",)]


def test_the_alternate_of_an_exchange_on_the_way_is_used_too():
    routes = routes_of(("a", FANOUT), ("b", DIRECT, "c"), ("c", FANOUT))
    routes.bind("a", ToExchange("b"), "")
    routes.bind("a", "qa", "")
    routes.bind("c", "qc", "")

    assert routes.route("a", "1") == ("qa", "qc")


def test_a_message_that_fits_a_binding_to_a_dead_end_does_not_go_to_the_alternate():
    routes = routes_of(("a", FANOUT, "c"), ("b", DIRECT), ("c", FANOUT))
    routes.bind("a", ToExchange("b"), "")
    routes.bind("c", "qc", "")

    assert routes.route("a", "1") == ()


def test_alternates_may_go_round_in_circles_or_nowhere():
    routes = routes_of(("a", DIRECT, "b"), ("b", DIRECT, "a"), ("c", DIRECT, "c"), ("d", DIRECT, "nowhere"))

    assert [routes.route(exchange, "k") for exchange in "abcd"] == [(), (), (), ()]


def test_an_alternate_that_comes_later_is_used_from_then_on():
    routes = routes_of(("a", DIRECT, "b"))
    assert routes.route("a", "k") == ()

    routes.exchange("b", FANOUT)
    routes.bind("b", "q", "")
    assert routes.route("a", "k") == ("q",)
    routes.remove_exchange("b")
    assert routes.route("a", "k") == ()


def test_headers_are_looked_at_each_time_wherever_they_count():
    routes = routes_of(("a", FANOUT), ("h", HEADERS))
    routes.bind("a", ToExchange("h"), "")
    routes.bind("h", "q", "", {"type": "order"})

    for exchange in "ah":
        assert routes.route(exchange, "k", {"type": "order"}) == ("q",)
        assert routes.route(exchange, "k", {"type": "invoice"}) == ()
        assert routes.route(exchange, "k") == ()


def test_removing_an_exchange_takes_the_bindings_from_it_and_to_it():
    routes = routes_of(("a", FANOUT), ("b", FANOUT), ("c", FANOUT))
    bounds = [routes.bind("a", ToExchange("b"), ""), routes.bind("b", "q", ""), routes.bind("b", ToExchange("b"), "")]
    kept = routes.bind("a", ToExchange("c"), "")

    assert sorted(bound.number for bound in routes.remove_exchange("b")) == [bound.number for bound in bounds]
    assert routes.bindings_from("a") == (kept,)
    assert routes.bindings_to("q") == routes.bindings_to(ToExchange("b")) == ()


def test_dropping_a_queue_tells_which_exchanges_it_was_bound_to():
    routes = routes_of(("a", TOPIC), ("b", TOPIC))
    routes.bind("a", "q", "1", since=0)
    routes.unbind("a", "q", "1", until=5)
    routes.bind("b", "q", "2", since=5)

    assert [bound.binding.exchange for bound in routes.drop("q")] == ["b"]
    assert routes.route("a", "1", None, 3) == routes.bindings_to("q", closed=True) == ()
    assert routes.drop("q") == ()


def test_the_bindings_that_are_left_are_told():
    routes = routes_of(("x", TOPIC), ("y", TOPIC))
    one, two = routes.bind("x", "q", "a"), routes.bind("x", ToExchange("y"), "b")

    assert (routes.bindings_from("x"), routes.bindings_from("y")) == ((one, two), ())
    assert (routes.bindings_to("q"), routes.bindings_to(ToExchange("y"))) == ((one,), (two,))
    routes.unbind("x", "q", "a", until=3)
    assert (routes.bindings_from("x"), routes.bindings_to("q")) == ((two,), ())
    assert [bound.binding for bound in routes.bindings_to("q", closed=True)] == [Binding("x", "a", {}, 0, 3)]


def test_an_entry_reached_the_queues_that_were_bound_when_it_was_committed():
    routes = routes_of(("x", TOPIC))
    routes.bind("x", "a", "#", since=2)
    routes.unbind("x", "a", "#", until=4)
    routes.bind("x", "b", "k.*", since=3)
    routes.bind("x", "a", "#", since=6)

    reached = [routes.route("x", "k.1", None, entry) for entry in range(1, 9)]
    assert reached == [(), (), ("a",), ("a", "b"), ("b",), ("b",), ("b", "a"), ("b", "a")]
    assert [routes.reaches("a", "x", "k.1", None, entry) for entry in range(1, 9)] == [
        "a" in queues for queues in reached
    ]


def test_what_a_queue_was_sent_before_it_was_unbound_stays_its_own():
    routes = routes_of(("x", TOPIC))
    routes.bind("x", "q", "#")
    assert routes.unbind("x", "q", "#", until=4)

    assert [routes.route("x", "k", None, entry) for entry in (1, 4, 5, None)] == [("q",), ("q",), (), ()]


def test_a_binding_of_an_earlier_life_is_taken_with_its_end():
    routes = routes_of(("x", TOPIC))
    routes.bind("x", "q", "k", since=2, until=4)

    assert [routes.route("x", "k", None, entry) for entry in (2, 3, 4, 5, None)] == [(), ("q",), ("q",), (), ()]
    assert routes.bindings_to("q") == ()
    assert not routes.unbind("x", "q", "k")


def test_what_a_removed_exchange_passed_on_can_be_found_until_it_is_forgotten():
    routes = routes_of(("a", FANOUT), ("b", DIRECT, "c"), ("c", FANOUT))
    routes.bind("a", ToExchange("b"), "")
    routes.bind("b", "qb", "k")
    routes.bind("c", "qc", "")
    routes.remove_exchange("b", until=10)

    def reached(entry: int | None) -> list[tuple[str, ...]]:
        return [routes.route(exchange, key, None, entry) for exchange in "ab" for key in ("k", "l")]

    assert reached(10) == [("qb",), ("qc",)] * 2
    assert reached(11) == reached(None) == [()] * 4
    assert set(routes.upstream("qb")) == {"a", "b"}
    routes.forget_closed(before=10)
    assert reached(10) == [("qb",), ("qc",)] * 2
    routes.forget_closed(before=11)
    assert reached(10) == [()] * 4
    assert routes.upstream("qb") == ()


def test_nothing_is_left_of_what_was_removed_and_forgotten():
    routes = routes_of(("a", TOPIC, "b"), ("b", HEADERS, "a"))
    for since in (0, 2):
        routes.bind("a", "q", "#", since=since)
        routes.bind("a", ToExchange("b"), "k", since=since)
        routes.bind("b", "r", "", {"n": 1}, since=since)
        routes.route("a", "k")
        for exchange in "ab":
            routes.remove_exchange(exchange, until=since + 1)
            routes.exchange(exchange, TOPIC, "a")
    routes.remove_exchange("a", until=9)
    routes.remove_exchange("b")
    routes.forget_closed(before=10)

    left = vars(routes)
    assert [left[name] for name in ("_exchanges", "_removed", "_alternate_of", "_to", "_closed")] == [{}] * 5
    assert routes._memo.answers == {}


def test_a_change_forgets_what_it_can_alter_and_nothing_else():
    routes = routes_of(("a", TOPIC), ("b", TOPIC), ("c", TOPIC, "b"), ("d", TOPIC))
    routes.bind("a", ToExchange("b"), "#")

    def learn() -> None:
        for exchange in "abcd":
            for key in ("k", "l"):
                routes.route(exchange, key)

    def known() -> set[str]:
        return {exchange + key for exchange, answers in routes._memo.answers.items() for key in answers}

    learn()
    assert known() == {"ak", "al", "bk", "bl", "ck", "cl", "dk", "dl"}
    routes.bind("b", "q", "k")
    assert known() == {"al", "bl", "cl", "dk", "dl"}
    learn()
    routes.bind("b", "q", "*")
    assert known() == {"dk", "dl"}
    learn()
    routes.unbind("b", "q", "k")
    assert known() == {"al", "bl", "cl", "dk", "dl"}
    learn()
    routes.exchange("d", TOPIC, "a")
    assert known() == {"ak", "al", "bk", "bl", "ck", "cl"}
    learn()
    routes.remove_exchange("b")
    assert known() == set()


def test_entries_past_the_last_change_are_answered_from_memory():
    routes = routes_of(("x", TOPIC))
    routes.bind("x", "q", "#", since=5)
    routes._walk = None

    routes._memo.learn("x", "k", ("remembered",))
    assert routes.route("x", "k", None, 6) == ("remembered",)
    with pytest.raises(TypeError):
        routes.route("x", "k", None, 5)


# The slow way: every binding is asked, by regular expression, on every exchange that is reached.


class Edge(NamedTuple):
    source: str
    destination: Destination[str]
    key: str
    arguments: tuple[tuple[str, object], ...]


class Naive:
    def __init__(self) -> None:
        self.exchanges: dict[str, tuple[ExchangeType, str | None]] = {}
        self.removed: dict[str, tuple[ExchangeType, str | None, int]] = {}
        self.standing: dict[Edge, int] = {}
        self.closed: list[tuple[Edge, int, int, int]] = []
        self.numbers: dict[Edge, int] = {}
        self.made = 0

    def route(self, exchange: str, key: str, headers: dict[str, object], entry: int | None) -> list[str]:
        edges = [(self.numbers[edge], edge) for edge, since in self.standing.items() if entry is None or since < entry]
        if entry is not None:
            edges += [(number, edge) for edge, number, since, until in self.closed if since < entry <= until]
        fit: set[tuple[int, str]] = set()
        passed: list[str] = []
        ahead = [exchange]
        while ahead:
            name = ahead.pop()
            there = self.exchanges.get(name)
            if there is None and entry is not None and name in self.removed and entry <= self.removed[name][2]:
                there = self.removed[name][:2]
            if name in passed or there is None:
                continue
            passed.append(name)
            fitting = [(n, e) for n, e in edges if e.source == name and fits(there[0], e, key, headers)]
            fit |= {(n, e.destination) for n, e in fitting if isinstance(e.destination, str)}
            ahead += [e.destination.id for _, e in fitting if isinstance(e.destination, ToExchange)]
            ahead += [there[1]] if there[1] and not fitting else []
        return list(dict.fromkeys(queue for _, queue in sorted(fit)))

    def bind(self, edge: Edge, now: int) -> bool:
        if edge in self.standing:
            return False
        self.standing[edge], self.numbers[edge] = now, self.made
        self.made += 1
        return True

    def unbind(self, edge: Edge, until: int | None) -> bool:
        if edge not in self.standing:
            return False
        since = self.standing.pop(edge)
        if until is not None:
            self.closed.append((edge, self.numbers[edge], since, until))
        return True

    def remove(self, name: str, until: int | None) -> None:
        def touches(edge: Edge) -> bool:
            return edge.source == name or edge.destination == ToExchange(name)

        for edge in [edge for edge in self.standing if touches(edge)]:
            self.unbind(edge, until)
        there = self.exchanges.pop(name, None)
        if there and until is None:
            self.closed = [each for each in self.closed if not touches(each[0])]
        elif there:
            self.removed[name] = (*there, until)

    def retype(self, name: str, type: ExchangeType, alternate: str | None) -> None:
        self.exchanges[name] = type, alternate
        self.removed.pop(name, None)

    def drop(self, queue: str) -> None:
        self.standing = {edge: since for edge, since in self.standing.items() if edge.destination != queue}
        self.closed = [each for each in self.closed if each[0].destination != queue]

    def forget(self, before: int) -> None:
        self.closed = [each for each in self.closed if each[3] >= before]
        self.removed = {name: there for name, there in self.removed.items() if there[2] >= before}


def fits(type: ExchangeType, edge: Edge, key: str, headers: dict[str, object]) -> bool:
    match type:
        case ExchangeType.DIRECT:
            return key == edge.key
        case ExchangeType.TOPIC:
            word = {"*": r"[^.]*\.", "#": r"([^.]*\.)*"}
            parts = (word.get(part, re.escape(part) + r"\.") for part in edge.key.split(".") if edge.key)
            return bool(re.fullmatch("".join(parts), key and key + "."))
        case ExchangeType.HEADERS:
            wanted = dict(edge.arguments)
            some = any if wanted.pop("x-match", "all") == "any" else all
            return some(name in headers and headers[name] == value for name, value in wanted.items())
        case _:
            return True


exchanges = st.sampled_from("xyz")
queues = st.sampled_from(["q1", "q2", "q3"])
keys = st.sampled_from(["", "a", "b", "a.b", "a..b", "."])
binding_keys = keys | st.sampled_from(["#", "*", "a.*", "#.b", "a.#.b", "a*", "*.#.*", "#.#"])
headers = st.sampled_from([{}, {"n": 1}, {"n": 2}, {"n": 1, "m": "s"}])
arguments = st.sampled_from([(), (("n", 1),), (("m", "s"), ("n", 1)), (("m", "s"), ("n", 1), ("x-match", "any"))])
edges = st.builds(Edge, exchanges, queues | exchanges.map(ToExchange), binding_keys, arguments)
types = st.sampled_from(ExchangeType)
keep = st.booleans()
steps = st.one_of(
    st.tuples(st.just("bind"), edges),
    st.tuples(st.just("bind"), edges),
    st.tuples(st.just("bind"), edges),
    st.tuples(st.just("unbind"), edges, keep),
    st.tuples(st.just("unbind one"), st.integers(0, 8), keep),
    st.tuples(st.just("exchange"), exchanges, types, st.none() | exchanges),
    st.tuples(st.just("remove"), exchanges, keep),
    st.tuples(st.just("drop"), queues),
    st.tuples(st.just("forget"), st.integers(0, 10)),
    st.tuples(st.just("publish"), exchanges, keys, headers),
    st.tuples(st.just("publish"), exchanges, keys, headers),
)
types_at_first = st.sampled_from([FANOUT, TOPIC, TOPIC, TOPIC, DIRECT, HEADERS])
starts = st.tuples(*(st.tuples(types_at_first, st.none() | exchanges) for _ in "xyz"))
binds_at_first = st.lists(st.tuples(st.just("bind"), edges), min_size=4, max_size=12)
histories = st.builds(lambda binds, rest: binds + rest, binds_at_first, st.lists(steps, max_size=40))


@settings(max_examples=500)
@given(starts, histories)
def test_the_graph_answers_as_asking_every_binding_would(start, steps):  # noqa: PLR0912 - a case for each verb
    routes, naive, now = Routes(), Naive(), 0
    for name, (type, alternate) in zip("xyz", start, strict=True):
        routes.exchange(name, type, alternate)
        naive.retype(name, type, alternate)
    for step in steps:
        match step:
            case "bind", edge:
                ends = {edge.source, getattr(edge.destination, "id", edge.source)}
                if ends <= set(naive.exchanges):
                    bound = routes.bind(edge.source, edge.destination, edge.key, dict(edge.arguments), since=now)
                    assert (bound is not None) == naive.bind(edge, now)
            case "unbind", edge, kept:
                until = now if kept else None
                told = routes.unbind(edge.source, edge.destination, edge.key, dict(edge.arguments), until=until)
                assert told == naive.unbind(edge, until)
            case "unbind one", number, kept:
                for edge in list(naive.standing)[number : number + 1]:
                    until = now if kept else None
                    assert routes.unbind(edge.source, edge.destination, edge.key, dict(edge.arguments), until=until)
                    naive.unbind(edge, until)
            case "exchange", name, type, alternate:
                routes.exchange(name, type, alternate)
                naive.retype(name, type, alternate)
            case "remove", name, kept:
                routes.remove_exchange(name, now if kept else None)
                naive.remove(name, now if kept else None)
            case "drop", queue:
                routes.drop(queue)
                naive.drop(queue)
            case "forget", ago:
                routes.forget_closed(now - ago)
                naive.forget(now - ago)
            case "publish", name, key, given:
                now += 1
                assert list(routes.route(name, key, given)) == naive.route(name, key, given, None)
                for entry in range(1, now + 1):
                    reached = naive.route(name, key, given, entry)
                    assert list(routes.route(name, key, given, entry)) == reached
                    for queue in ("q1", "q2", "q3"):
                        assert routes.reaches(queue, name, key, given, entry) == (queue in reached)
                        assert queue not in reached or name in routes.upstream(queue)


@settings(max_examples=200)
@given(starts, histories)
def test_what_an_entry_reached_is_found_again_whatever_was_taken_away_since(start, steps):
    routes, published = Routes(), []
    for name, (type, alternate) in zip("xyz", start, strict=True):
        routes.exchange(name, type, alternate)
    there = set("xyz")
    for step in steps:
        now = len(published)
        match step:
            case "bind", edge if {edge.source, getattr(edge.destination, "id", edge.source)} <= there:
                routes.bind(edge.source, edge.destination, edge.key, dict(edge.arguments), since=now)
            case "unbind one", number, _:
                for bound in [bound for name in "xyz" for bound in routes.bindings_from(name)][number : number + 1]:
                    binding = bound.binding
                    assert routes.unbind(binding.exchange, bound.destination, binding.key, binding.arguments, until=now)
            case "remove", name, _:
                routes.remove_exchange(name, until=now)
                there.discard(name)
            case "publish", name, key, given:
                published.append((name, key, given, routes.route(name, key, given)))

    for entry, (name, key, given, queues) in enumerate(published, start=1):
        assert routes.route(name, key, given, entry) == queues


def test_what_was_taken_away_from_one_queue_is_forgotten_for_it_alone():
    routes = routes_of(("a", TOPIC))
    for queue in ("q", "r"):
        routes.bind("a", queue, "#")
        routes.unbind("a", queue, "#", until=5)
    routes.forget_closed_to("q", before=5)
    assert routes.route("a", "k", entry_id=5) == ("q", "r")
    routes.forget_closed_to("q", before=6)
    assert routes.route("a", "k", entry_id=5) == ("r",)
    assert routes.keeps_closed
    routes.forget_closed_to("r", before=6)
    assert not routes.keeps_closed
