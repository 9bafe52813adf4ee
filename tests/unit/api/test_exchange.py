"""One request at a time, its parts handed over as the parser does, on a connection that remembers what it is told."""

import asyncio

import pytest
from uvicorn.protocols.http.flow_control import FlowControl

from eventyard.api.exchange import CONTINUE, Exchange
from eventyard.api.hot import Call
from eventyard.api.http import Answer, Body, Head
from eventyard.api.problems import problem
from eventyard.model.errors import HubError, NotFound
from eventyard.pipeline.room import Room

ROOM = Room(1000)


class Desk:
    """In the place of the hot paths: answers with the body, of three bytes at most."""

    def __init__(self):
        self.refused = []

    def open(self, head):
        if head.path == "/in/nowhere":
            raise NotFound("not_found", "nobody there")
        return Call(Body({}, 3, ROOM), self._answer, lambda: self._answer, 0)

    def answer(self, call):
        return call.answer(0)

    async def _answer(self, body):
        if body == b"bug":
            raise RuntimeError("the secret is s3cret")
        return Answer(202, body)

    def refuse(self, error, head):
        self.refused.append((error.code if isinstance(error, HubError) else repr(error), head.path))
        return problem(error, "id")


class Line:
    """A connection."""

    def __init__(self):
        self.flow = FlowControl(self)
        self.told = []
        self.work = []

    def say(self, data):
        self.told.append(data)

    def run(self, work):
        self.work.append(work)

    def give(self, answer, *, keep_alive):
        self.told.append((answer.status, answer.body if answer.status == 202 else b"", keep_alive))

    async def done(self):
        """What was told, once the only work there is has been done."""
        [work] = self.work
        await work
        return self.told


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
async def line():
    return Line()


@pytest.fixture
def exchange_of(desk, line):
    def make(path="/in/here", *, keep_alive=True, expects=False):
        return Exchange(desk, Head("POST", path, b"", []), line, keep_alive=keep_alive, expects=expects)

    return make


@pytest.fixture
def exchange(exchange_of):
    return exchange_of()


async def test_it_is_answered_when_it_is_whole(line, exchange):
    exchange.begin()
    exchange.take(b"a")
    exchange.take(b"b")
    assert line.work == []
    exchange.end()
    assert not exchange.response_complete
    assert await line.done() == [(202, b"ab", True)]
    assert exchange.response_complete


async def test_it_is_judged_when_its_turn_has_come(desk, line, exchange_of):
    exchange = exchange_of("/in/nowhere")
    exchange.take(b"ab")
    exchange.end()
    assert desk.refused == []
    exchange.begin()
    assert await line.done() == [(404, b"", True)]


async def test_it_waits_for_its_turn(line, exchange):
    exchange.take(b"ab")
    exchange.end()
    assert line.work == []
    exchange.begin()
    assert await line.done() == [(202, b"ab", True)]


async def test_whether_it_is_the_last_is_known_when_it_is_answered(line, exchange):
    exchange.begin()
    exchange.end()
    exchange.keep_alive = False
    assert await line.done() == [(202, b"", False)]


async def test_who_has_no_business_here_is_told_before_the_body_comes_which_is_forgotten(desk, line, exchange_of):
    exchange = exchange_of("/in/nowhere", expects=True)
    exchange.begin()
    exchange.take(b"much more than three bytes")
    exchange.end()
    assert await line.done() == [(404, b"", True)]
    assert desk.refused == [("not_found", "/in/nowhere")]


async def test_a_body_beyond_its_bound_is_refused_once_before_it_is_whole(desk, line, exchange):
    exchange.begin()
    exchange.take(b"ab")
    exchange.take(b"cd")
    assert len(line.work) == 1
    exchange.take(b"ef")
    exchange.end()
    assert await line.done() == [(413, b"", True)]
    assert desk.refused == [("body_too_large", "/in/here")]


async def test_what_is_refused_before_its_turn_is_told_in_its_turn(line, exchange):
    exchange.take(b"abcd")
    exchange.end()
    assert line.work == []
    exchange.begin()
    assert await line.done() == [(413, b"", True)]


async def test_what_nobody_foresaw_is_refused_too(desk, line, exchange):
    exchange.begin()
    exchange.take(b"bug")
    exchange.end()
    assert await line.done() == [(500, b"", True)]
    assert desk.refused == [("RuntimeError('the secret is s3cret')", "/in/here")]


def test_a_client_that_waits_for_a_word_gets_it_in_its_turn(line, exchange_of):
    exchange = exchange_of(expects=True)
    assert line.told == []
    exchange.begin()
    assert line.told == [CONTINUE]


async def test_nobody_is_asked_for_what_is_there(line, exchange_of):
    exchange = exchange_of(expects=True)
    exchange.end()
    exchange.begin()
    assert await line.done() == [(202, b"", True)]


async def test_what_a_client_sent_whole_is_seen_through_without_it(desk, line, exchange):
    exchange.begin()
    exchange.end()
    exchange.abandon()
    assert await line.done() == [(202, b"", True)]
    assert desk.refused == []


def test_what_a_client_left_unfinished_is_on_record_as_refused(desk, line, exchange):
    exchange.begin()
    exchange.take(b"a")
    exchange.abandon()
    assert desk.refused == [("invalid_body", "/in/here")]
    assert line.work == []


def test_what_was_refused_before_the_client_left_is_not_refused_again(desk, line, exchange_of):
    exchange = exchange_of("/in/nowhere")
    exchange.begin()
    exchange.abandon()
    assert desk.refused == [("not_found", "/in/nowhere")]
    line.work[0].close()


async def test_a_client_that_does_not_read_is_not_told_more(line, exchange):
    line.flow.pause_writing()
    exchange.begin()
    exchange.end()
    answering = asyncio.ensure_future(line.done())
    await asyncio.sleep(0)
    assert not exchange.response_complete
    line.flow.resume_writing()
    assert await answering == [(202, b"", True)]
