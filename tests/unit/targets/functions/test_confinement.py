import subprocess
import sys

import pytest

from eventyard.targets.functions.confinement import MACHINES, Machine, filter_of
from eventyard.targets.functions.pool import MACHINES as SUPPORTED

ALLOW, NOT_PERMITTED, KILL = 0x7FFF0000, 0x00050001, 0x80000000
FORBIDDEN = {
    "x86_64": {"open": 2, "socket": 41, "connect": 42, "clone": 56, "fork": 57, "execve": 59, "kill": 62, "ptrace": 101,
               "openat": 257, "io_uring_setup": 425, "clone3": 435, "openat2": 437},
    "aarch64": {"openat": 56, "ptrace": 117, "kill": 129, "socket": 198, "connect": 203, "clone": 220, "execve": 221,
                "io_uring_setup": 425, "clone3": 435, "openat2": 437},
}  # fmt: skip


def verdict(program: list[tuple[int, int, int, int]], number: int, audit: int) -> int:
    """What the kernel would make of a system call."""
    loaded, at = 0, 0
    while True:
        code, yes, no, k = program[at]
        at += 1
        if code == 0x20:
            loaded = {0: number, 4: audit}[k]
        elif code == 0x15:
            at += yes if loaded == k else no
        else:
            assert code == 0x06
            return k


@pytest.mark.parametrize(("name", "machine"), MACHINES.items())
def test_only_computing_and_talking_is_let_through(name: str, machine: Machine) -> None:
    program = filter_of(machine)
    assert {verdict(program, call, machine.audit) for call in machine.calls.values()} == {ALLOW}
    assert {verdict(program, call, machine.audit) for call in FORBIDDEN[name].values()} == {NOT_PERMITTED}
    every = {call for call in range(1024) if verdict(program, call, machine.audit) == ALLOW}
    assert every == set(machine.calls.values())


@pytest.mark.parametrize("machine", MACHINES.values())
def test_the_calls_of_another_architecture_end_the_process(machine: Machine) -> None:
    assert verdict(filter_of(machine), machine.calls["read"], 0x4000_0003) == KILL


def test_the_x32_calls_of_x86_are_others() -> None:
    machine = MACHINES["x86_64"]
    assert verdict(filter_of(machine), 0x4000_0000 | machine.calls["read"], machine.audit) == NOT_PERMITTED


def test_what_can_be_confined_is_what_is_supported() -> None:
    assert tuple(MACHINES) == SUPPORTED


CONFINED = """
import os, signal, socket, subprocess
from eventyard.targets.functions.confinement import confine
attempts = {
    "read a file": lambda: open("/etc/passwd"),
    "write a file": lambda: open("/tmp/eventyard-was-here", "w"),
    "list a folder": lambda: os.listdir("/"),
    "open a socket": lambda: socket.socket(),
    "fork": lambda: os.fork(),
    "run a program": lambda: os.execv("/bin/true", ["true"]),
    "end its parent": lambda: os.kill(os.getppid(), signal.SIGTERM),
    "have another descriptor": lambda: os.dup(0),
    "have much memory": lambda: bytearray(1 << 30),
}
confine(8 << 20)
for name, attempt in attempts.items():
    try:
        attempt()
        os.write(1, f"it can {name}\\n".encode())
    except (PermissionError, MemoryError):
        pass
os.write(1, f"{sum(range(10))} {len(bytearray(8 << 20))}\\n".encode())
"""


def test_a_confined_process_can_compute_and_nothing_else() -> None:
    done = subprocess.run([sys.executable, "-I", "-c", CONFINED], capture_output=True, text=True, check=False)
    assert done.stdout == "45 8388608\n", done.stderr
