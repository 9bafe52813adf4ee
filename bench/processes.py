"""Processes of a measurement: started here, watched through ``/proc``, and ended by their own id."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TypeVar

import msgspec

ROOT = Path(__file__).parents[1]

_TICKS = os.sysconf("SC_CLK_TCK")

_T = TypeVar("_T")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and all its threads so far; its resolution is one tick, 10 ms as a rule."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def cpu_exactly(pid: int) -> float:
    """The same to the nanosecond, as the scheduler counts it, of the threads that are still there."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def memory_mb(pid: int) -> tuple[float, float]:
    """Resident and proportional set size, in MB of 10**6 bytes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {name: int(rest.split()[0]) * 1024 / 1e6 for name, _, rest in (line.partition(":") for line in lines)}
    return sizes["Rss"], sizes["Pss"]


def ask(module: str, question: msgspec.Struct, answer: type[_T], timeout: float = 120) -> _T:
    """Run ``python -m module`` with a question in JSON on its standard input, and read the answer from its output."""
    with begin(module, question) as process:
        return finish(process, answer, timeout)


def begin(module: str, question: msgspec.Struct) -> subprocess.Popen[bytes]:
    """Start such a process without waiting for it."""
    process = subprocess.Popen([sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(question) + b"\n")
    process.stdin.flush()
    return process


def finish(process: subprocess.Popen[bytes], answer: type[_T], timeout: float = 120) -> _T:
    """Wait for the answer of a process that was begun. Raises ``RuntimeError`` when it failed."""
    try:
        out, _ = process.communicate(timeout=timeout)
    except BaseException:
        process.kill()
        raise
    if process.returncode:
        raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
    return msgspec.json.decode(out, type=answer)


def told(question: type[_T]) -> _T:
    """In such a process: the question."""
    return msgspec.json.decode(sys.stdin.buffer.readline(), type=question)


def tell(answer: msgspec.Struct) -> None:
    """In such a process: give an answer."""
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()
