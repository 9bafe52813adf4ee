import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.targets.answers import ANSWER_READ, BODY_KEPT, Answer, NotHttp

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def read(*pieces: bytes) -> tuple[bool, int, bytes, bool]:
    """After these pieces: whether nothing more is wanted, the status, the body, whether the connection is reusable."""
    answer = Answer()
    over = False
    for piece in pieces:
        assert not over, "more was fed than was wanted"
        over = answer.feed(piece)
    return over, answer.status, bytes(answer.body), answer.reusable


@pytest.mark.parametrize(
    ("data", "status", "body", "reusable"),
    [
        (OK, 200, b"ok", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, b"", True),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, b"", True),
        (b"HTTP/1.1 599 Whatever\r\nContent-Length: 1\r\n\r\n!", 599, b"!", True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", False),
        (CHUNKED + b"2\r\nok\r\n0\r\n\r\n", 200, b"ok", True),
        (CHUNKED + b"1;a=b\r\no\r\n1 \r\nk\r\n0\r\nX-Sum: 1\r\n\r\n", 200, b"ok", True),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"ok", True),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Wait\r\n\r\n" + OK, 200, b"ok", True),
        (b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nxxx", 101, b"", False),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, b"ok", True),
    ],
)
def test_an_answer_is_read_to_its_end(data: bytes, status: int, body: bytes, reusable: bool) -> None:
    assert read(data) == (True, status, body, reusable)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok",
        CHUNKED + b"2\r\nok\r\n",
        CHUNKED + b"2\r\nok\r\n0\r\nX-Sum: 1\r\n",
    ],
)
def test_an_answer_stands_from_the_end_of_its_head_on(data: bytes) -> None:
    assert read(data) == (False, 200, b"ok", False)


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_there_is_no_answer_before_that(data: bytes) -> None:
    assert read(data) == (False, 0, b"", False)


@pytest.mark.parametrize(
    "data",
    [
        b"220 mail.example ESMTP\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"\x16\x03\x01",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 two OK\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_answer_says_so(data: bytes) -> None:
    with pytest.raises(NotHttp, match=r"the receiver does not speak HTTP/1: \w"):
        read(data)


@pytest.mark.parametrize("more", [b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlies", b"x", b"HTTP/1.1 5"])
def test_what_follows_an_answer_is_no_part_of_it_and_spoils_the_connection(more: bytes) -> None:
    assert read(OK + more) == (True, 200, b"ok", False)


def test_a_body_that_breaks_off_into_something_else_leaves_the_answer_standing() -> None:
    assert read(CHUNKED + b"2\r\nok\r\nnonsense\r\n") == (True, 200, b"ok", False)


def test_headers_come_as_they_were_without_those_of_interim_answers_and_trailers() -> None:
    answer = Answer()
    answer.feed(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
    answer.feed(CHUNKED[:-2] + b"X-A: 1\r\nx-a:  2 \r\nX-Empty:\r\n\r\n0\r\nX-Sum: 3\r\n\r\n")
    assert answer.headers == [
        (b"Transfer-Encoding", b"chunked"), (b"X-A", b"1"), (b"x-a", b"2"), (b"X-Empty", b""),
    ]  # fmt: skip


def test_no_more_of_a_body_is_kept_than_is_wanted() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    assert read(head, b"x" * BODY_KEPT) == (True, 200, b"x" * BODY_KEPT, False)
    assert read(head + b"x" * 500_000) == (True, 200, b"x" * BODY_KEPT, False)


def test_a_body_that_came_whole_is_cut_and_leaves_the_connection_usable() -> None:
    size = BODY_KEPT + 5
    assert read(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size) == (
        True,
        200,
        b"x" * BODY_KEPT,
        True,
    )


@pytest.mark.parametrize(
    "endless",
    [b"HTTP/1.1 100 Continue\r\n\r\n", b"X: " + b"y" * 1000 + b"\r\n", b"y" * 1000],
    ids=["interim answers", "headers", "one header"],
)
def test_a_head_without_end_is_no_answer(endless: bytes) -> None:
    answer = Answer()
    if not endless.startswith(b"HTTP"):
        answer.feed(b"HTTP/1.1 200 OK\r\nX: ")
    with pytest.raises(NotHttp, match=f"longer than {ANSWER_READ} bytes"):
        for _ in range(ANSWER_READ):
            answer.feed(endless)


@pytest.mark.parametrize("endless", [b"1;" + b"x" * 1000 + b"\r\ny\r\n", b"0\r\n" + b"X: y\r\n" * 100])
def test_frames_without_end_are_left(endless: bytes) -> None:
    answer = Answer()
    answer.feed(CHUNKED)
    pieces = 1
    while not answer.feed(endless if pieces == 1 or endless[:1] != b"0" else endless[3:]):
        pieces += 1
    assert (answer.status, answer.reusable) == (200, False)
    assert pieces * len(endless) < 2 * ANSWER_READ


@given(st.data())
def test_it_is_the_same_however_it_is_cut(data: st.DataObject) -> None:
    whole = data.draw(
        st.sampled_from(
            [
                OK,
                b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
                CHUNKED + b"1;a=b\r\no\r\n1\r\nk\r\n0\r\nX-Sum: 1\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nConnection: close\r\nX-A: b\r\nContent-Length: 2\r\n\r\nok",
            ]
        )
    )
    cuts = sorted(data.draw(st.sets(st.integers(1, len(whole) - 1))))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    answer = Answer()
    assert [answer.feed(piece) for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert (answer.status, bytes(answer.body)) == (200, b"ok")
    assert answer.reusable is (b"close" not in whole)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_answer_or_none_and_nothing_else_happens(data: bytes) -> None:
    answer = Answer()
    try:
        answer.feed(b"HTTP/1.1 200 OK\r\n" + data)
    except NotHttp:
        assert not answer.status


def test_an_answer_to_a_head_ends_with_its_head_and_nothing_follows_it() -> None:
    for data in (OK, OK.partition(b"ok")[0], b"HTTP/1.1 100 Continue\r\n\r\n" + OK):
        answer = Answer(bodiless=True)
        assert answer.feed(data)
        assert (answer.status, bytes(answer.body), answer.reusable) == (200, b"", False)


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (OK, True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (CHUNKED + b"2\r\nok\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\n\r\nok", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", False),
        (CHUNKED + b"2\r\nok\r\n", False),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 20, False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n" + b"x" * 20, False),
        (b"HTTP/1.1 200 OK\r\nContent-Le", False),
    ],
)
def test_it_is_known_whether_there_was_no_more_of_a_body_than_was_kept(data: bytes, whole: bool) -> None:
    answer = Answer(most=20)
    answer.feed(data)
    answer.hung_up()
    assert answer.whole is whole
    assert len(answer.body) <= 20


def test_the_answer_to_a_head_is_whole_without_a_body() -> None:
    answer = Answer(bodiless=True)
    answer.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
    assert answer.whole


def test_more_of_a_body_is_kept_where_it_is_asked_for() -> None:
    size = 4 * ANSWER_READ
    answer = Answer(most=size + 1)
    assert answer.feed(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
    assert (len(answer.body), answer.whole) == (size, True)
