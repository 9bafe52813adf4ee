"""A worker process: ``python -I -m eventyard.targets.functions.worker MEMORY_BYTES RESULT_BYTES``.

It confines itself, says that it is ready, and answers one question after another until the hub hangs up. It knows
nothing of the hub and gets nothing of it but the questions. The hub's side is ``process.py``.
"""

import os
import sys
from collections.abc import Sequence
from time import process_time

from eventyard.targets.functions.confinement import confine
from eventyard.targets.functions.frames import Answer, Failure, Question, read_question
from eventyard.targets.functions.interpreter import Interpreter

RETIRE_SECONDS = 30
"""Processor time after which a worker makes room for a fresh one, well before it would have to be ended."""

STDIN, STDOUT = 0, 1


def main(arguments: Sequence[str]) -> None:
    """Serve until the hub hangs up, or until the worker retires."""
    memory_bytes, result_bytes = map(int, arguments)
    try:
        confine(memory_bytes)
    except OSError as error:
        write(Answer(ok=False, last=True, body=Failure(f"the kernel does not confine it: {error}").encode()))
        return
    write(Answer(ok=True, last=False))
    last = False
    while not last:
        interpreter = Interpreter(memory_bytes, result_bytes)
        question = read_question(read)
        if question is None:
            return
        answer = answer_to(question, interpreter)
        last = process_time() > RETIRE_SECONDS
        write(answer._replace(last=last))


def answer_to(question: Question, interpreter: Interpreter) -> Answer:
    """What a question comes to."""
    try:
        return Answer(ok=True, last=False, body=interpreter.run(*question))
    except Failure as failure:
        return Answer(ok=False, last=False, body=failure.encode())


def read(size: int) -> bytes:
    """So many bytes from the hub; fewer when it has hung up."""
    parts = []
    while size and (part := os.read(STDIN, min(size, 1 << 20))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def write(answer: Answer) -> None:
    """Send an answer, whole. A hub that has gone is no fault."""
    left = memoryview(answer.encode())
    try:
        while left:
            left = left[os.write(STDOUT, left) :]
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
    os._exit(0)  # without the interpreter's farewells, most of which it may no longer do
