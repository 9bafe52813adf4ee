import json
from io import BytesIO

import pytest

from eventyard.targets.functions.frames import (
    ANSWER_HEAD_BYTES,
    LONGEST_FAILURE,
    Answer,
    Failure,
    Question,
    read_answer_head,
    read_question,
)


def test_a_question_is_bytes_of_known_length() -> None:
    frame = Question("return {}", b"[1]", 1000).encode()
    assert frame == b"\xe8\x03\0\0\x09\0\0\0\x03\0\0\0\x01return {}[1]"


@pytest.mark.parametrize(
    "question", [Question("return {å: '\0'}", b"{}", 1000), Question("", b"", 1), Question("x", None, 9)]
)
def test_a_question_arrives_as_it_was_asked(question: Question) -> None:
    assert read_question(BytesIO(question.encode()).read) == question


def test_one_question_follows_the_other_until_the_hub_hangs_up() -> None:
    first, second = Question("return [1]", b"{}", 1000), Question("return [2]", None, 1000)
    pipe = BytesIO(first.encode() + second.encode())
    assert [read_question(pipe.read) for _ in range(3)] == [first, second, None]


def test_a_question_that_breaks_off_is_none() -> None:
    frame = Question("return {}", b"[1]", 1000).encode()
    assert [read_question(BytesIO(frame[:size]).read) for size in range(len(frame))] == [None] * len(frame)


def test_a_source_that_is_no_text_is_no_question() -> None:
    with pytest.raises(UnicodeEncodeError):
        Question("return '\ud800'", b"{}", 1000).encode()


@pytest.mark.parametrize("answer", [Answer(ok=True, last=False, body=b"{}"), Answer(ok=False, last=True)])
def test_an_answer_is_read_in_two_steps(answer: Answer) -> None:
    frame = answer.encode()
    ok, last, size = read_answer_head(frame[:ANSWER_HEAD_BYTES])
    assert Answer(ok, last, frame[ANSWER_HEAD_BYTES:]) == answer
    assert size == len(answer.body)


def test_a_failure_tells_its_place() -> None:
    assert Failure("no", 2, 7).encode() == b'["no", 2, 7]'


def test_a_failure_stays_short_whatever_it_tells() -> None:
    body = Failure("\N{BOMB}" * 100_000).encode()
    assert len(body) < LONGEST_FAILURE
    assert len(json.loads(body)[0]) == 1000
