"""The system calls that code does not get, as a program for the kernel (classic BPF, seccomp(2))."""

from __future__ import annotations

import errno
import os
import platform
import struct
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Final

_LOAD, _EQUAL, _SET, _AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER_AT, _ARCH_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_CLONE_THREAD: Final = 0x10000
_X32: Final = 0x40000000

# fork vfork · socket · ptrace mount umount2 pivot_root unshare setns · keyctl add_key request_key · bpf
# perf_event_open userfaultfd io_uring_setup · process_vm_readv process_vm_writev kexec_load init_module
_DENIED: Final[Mapping[str, tuple[int, ...]]] = {
    "x86_64": (
        57, 58, 41, 101, 165, 166, 155, 272, 308, 250, 248, 249, 321, 298, 323, 425, 310, 311, 246, 175,
        428, 429, 430, 442,
    ),
    "aarch64": (
        198, 117, 40, 39, 41, 97, 268, 219, 217, 218, 280, 241, 282, 425, 270, 271, 104, 105, 428, 429, 430, 442,
    ),
}  # fmt: skip
_ARCHES: Final[Mapping[str, tuple[int, int]]] = {
    "x86_64": (0xC000003E, 56),
    "aarch64": (0xC00000B7, 220),
}
_CLONE3: Final = 435


def program() -> bytes | None:
    """Return the program for this machine; None for one whose calls are not known here."""
    machine = platform.machine()
    if machine not in _ARCHES:
        return None
    arch, clone = _ARCHES[machine]
    no, nothing_there = _ERROR | errno.EPERM, _ERROR | errno.ENOSYS
    steps = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_EQUAL, 1, 0, arch),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _KILL),
    ]
    for number in _DENIED[machine]:
        steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, no)]
    steps += [
        # Threads are begun by clone, and clone3 falls back to it; a process of its own is not to be had.
        (_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, nothing_there),
        (_EQUAL, 0, 3, clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_SET, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, no),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


@contextmanager
def readable(calls: bytes) -> Generator[int]:
    """Lend the end of a pipe from which bubblewrap reads its filter of system calls."""
    inside, outside = os.pipe()
    try:
        os.write(outside, calls)
        os.close(outside)
        yield inside
    finally:
        os.close(inside)
