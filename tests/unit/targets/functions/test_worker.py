import json
import os
from collections.abc import Callable, Sequence

import pytest

from eventyard.targets.functions import worker
from eventyard.targets.functions.frames import ANSWER_HEAD_BYTES, Answer, Question, read_answer_head

Serve = Callable[[Sequence[Question]], list[Answer]]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Has a worker answer questions over two pipes, in this process and therefore unconfined."""
    monkeypatch.setattr(worker, "confine", lambda memory_bytes: None)
    monkeypatch.setattr(worker, "process_time", lambda: 0.0)  # not that of all the tests before

    def serve(questions: Sequence[Question]) -> list[Answer]:
        (theirs, ours), (mine, yours) = os.pipe(), os.pipe()
        monkeypatch.setattr(worker, "STDIN", theirs)
        monkeypatch.setattr(worker, "STDOUT", yours)
        os.write(ours, b"".join(question.encode() for question in questions))
        os.close(ours)
        worker.main(["16777216", "4096"])
        os.close(yours)
        answers = []
        with os.fdopen(mine, "rb") as pipe:
            while head := pipe.read(ANSWER_HEAD_BYTES):
                ok, last, size = read_answer_head(head)
                answers.append(Answer(ok, last, pipe.read(size)))
        os.close(theirs)
        return answers

    return serve


READY = Answer(ok=True, last=False)


def test_it_says_that_it_is_ready_and_ends_when_the_hub_hangs_up(serve: Serve) -> None:
    assert serve([]) == [READY]


def test_it_answers_one_question_after_another(serve: Serve) -> None:
    ready, *answers = serve([
        Question("return { a: eventContext.b }", b'{"b": 1}', 1000),
        Question("\nthrow new Error('no')", b"{}", 1000),
        Question("return", None, 1000),
    ])  # fmt: skip
    assert ready == READY
    assert answers == [
        Answer(ok=True, last=False, body=b'{"a":1}'),
        Answer(ok=False, last=False, body=b'["Error: no", 2, 11]'),
        Answer(ok=True, last=False),
    ]


def test_it_retires_with_its_answer_when_it_has_computed_for_long(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "RETIRE_SECONDS", -1)
    question = Question("return []", b"{}", 1000)
    assert serve([question, question]) == [READY, Answer(ok=True, last=True, body=b"[]")]


def test_it_runs_nothing_where_the_kernel_does_not_confine_it(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(memory_bytes: int) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(worker, "confine", refuse)
    (answer,) = serve([Question("return []", b"{}", 1000)])
    assert (answer.ok, answer.last) == (False, True)
    assert json.loads(answer.body)[0] == "the kernel does not confine it: [Errno 22] Invalid argument"
