"""Gives up, for good, whatever a worker process does not need: it may compute, and talk over the pipes it has.

Should the interpreter have a hole, this is what stands behind it: no file, no network, no process, no descriptor can be
had, and memory and processor time are bounded. Everything must be imported before, for no file opens afterwards.
"""

import ctypes
import os
import resource
import signal
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

CPU_SECONDS = 120
"""Processor time that a worker may use in all its life; it retires long before."""

_SLACK_BYTES = 48 << 20
_NICENESS = 5

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_SECCOMP_MODE_FILTER = 2
_KILL_PROCESS, _ALLOW, _NOT_PERMITTED = 0x8000_0000, 0x7FFF_0000, 0x0005_0001  # seccomp(2); the last is EPERM
_LOAD_WORD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06  # the operations of classic BPF that are needed here
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4  # in struct seccomp_data


class Machine(NamedTuple):
    """What the kernel calls an architecture, and the numbers of the system calls that stay."""

    audit: int
    calls: dict[str, int]


MACHINES = {
    "x86_64": Machine(0xC000_003E, {
        "read": 0, "write": 1, "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigreturn": 15, "mremap": 25,
        "madvise": 28, "exit": 60, "gettimeofday": 96, "futex": 202, "clock_gettime": 228, "exit_group": 231,
    }),
    "aarch64": Machine(0xC000_00B7, {
        "read": 63, "write": 64, "exit": 93, "exit_group": 94, "futex": 98, "clock_gettime": 113, "rt_sigreturn": 139,
        "gettimeofday": 169, "brk": 214, "munmap": 215, "mremap": 216, "mmap": 222, "mprotect": 226, "madvise": 233,
    }),
}  # fmt: skip


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("k", ctypes.c_uint))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction)))


def confine(memory_bytes: int) -> None:
    """Confine this process; the interpreter's ``memory_bytes`` fit into what it may still have.

    Raises ``OSError`` where the kernel refuses: then nothing foreign may run here.
    """
    _close_what_was_inherited()
    os.nice(_NICENESS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    # Beside what the interpreter may hold, the texts that come and go are held once or twice by Python.
    memory = pages * resource.getpagesize() + memory_bytes + memory_bytes // 2 + _SLACK_BYTES
    for limit, wanted in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_NOFILE, 3),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(limit)
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(limit, (value, value))
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # the hub's end is the worker's, also in the middle of a function
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    program = filter_of(MACHINES[os.uname().machine])
    instructions = (_Instruction * len(program))(*(_Instruction(*fields) for fields in program))
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(_Program(len(program), instructions)))


def filter_of(machine: Machine) -> list[tuple[int, int, int, int]]:
    """The seccomp filter: what is on the list is let through, anything else is answered "not permitted"."""
    calls = list(machine.calls.values())
    return [
        (_LOAD_WORD, 0, 0, _ARCHITECTURE_AT),
        (_JUMP_IF_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, _KILL_PROCESS),  # the numbers below would mean something else
        (_LOAD_WORD, 0, 0, _NUMBER_AT),
        *((_JUMP_IF_EQUAL, len(calls) - place, 0, call) for place, call in enumerate(calls)),
        (_RETURN, 0, 0, _NOT_PERMITTED),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _close_what_was_inherited() -> None:
    """Not every loop starts a process without the descriptors that its own parent left open for it."""
    for descriptor in [int(file.name) for file in Path("/proc/self/fd").iterdir()]:
        if descriptor > 2:
            with suppress(OSError):  # that of the folder itself is closed already
                os.close(descriptor)


def _prctl(option: int, *arguments: object) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    given = [argument if not isinstance(argument, int) else ctypes.c_ulong(argument) for argument in arguments]
    given += [ctypes.c_ulong(0)] * (4 - len(given))
    if library.prctl(ctypes.c_int(option), *given) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl({option}): {os.strerror(number)}")
