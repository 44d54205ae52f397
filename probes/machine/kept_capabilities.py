"""The capabilities that a sensor keeps when it has begun: what a bug in it could be used for is no more than these.

They are given up by the thread that starts all others (see :mod:`probes.launch`). The loader's thread, which alone has
more, ends when the probes are attached.
"""

from __future__ import annotations

import ctypes
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from engine.errors import TiercelError
from probes.machine.privileges import capabilities, forbid_new_privileges

_PR_CAPBSET_DROP, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 24, 47, 4
_VERSION_3 = 0x20080522
"""Of capset(2): sets of 64 bits, each in two halves."""
CAP_KILL, CAP_SETGID, CAP_SYS_ADMIN, CAP_PERFMON, CAP_BPF = 5, 6, 21, 38, 39


@dataclass(frozen=True, slots=True)
class Capability:
    """A capability by its number (linux/capability.h), and for what a sensor keeps it."""

    number: int
    name: str
    reason: str


KEPT = (
    Capability(0, "CAP_CHOWN", "the rule files of who has called it"),
    Capability(1, "CAP_DAC_OVERRIDE", "files in containers, Docker's socket, people's folders"),
    Capability(19, "CAP_SYS_PTRACE", "/proc of all processes"),
    Capability(14, "CAP_IPC_LOCK", "the perf buffer of a CPU that comes back: its memory …"),
    Capability(CAP_PERFMON, "CAP_PERFMON", "… and the event itself"),
    Capability(CAP_BPF, "CAP_BPF", "the maps of the probes"),
)
"""A new need is a new row."""

BEFORE_5_8 = Capability(CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "maps and buffers: this kernel has no CAP_BPF and CAP_PERFMON")
FOR_A_GROUP = Capability(CAP_SETGID, "CAP_SETGID", "the socket belongs to the group that may attach")

TO_RESPOND = Capability(CAP_KILL, "CAP_KILL", "responses (--respond) to processes of any user")


def kept(*, group: bool = False, respond: bool = False, last: int | None = None) -> tuple[Capability, ...]:
    """The rows that hold here; ``group`` for a socket with a group, ``respond`` for who may freeze and kill.

    ``last`` is the kernel's last capability.
    """
    has_bpf = (_last() if last is None else last) >= CAP_BPF
    rows = KEPT if has_bpf else (*(row for row in KEPT if row.number < CAP_PERFMON), BEFORE_5_8)
    return (*rows, *[FOR_A_GROUP] * group, *[TO_RESPOND] * respond)


def keep_only(rows: Collection[Capability]) -> None:
    """Give up all others, and whatever would give them back: for this thread and those it starts from now on.

    What this process does not have it does not get. Raises :class:`TiercelError` when anything else remained.
    """
    wanted = sum(1 << row.number for row in rows)
    forbid_new_privileges()
    for number in range(_last() + 1):
        if not wanted >> number & 1:
            _prctl(_PR_CAPBSET_DROP, number)
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    _set(capabilities()["CapPrm"] & wanted)
    if any(held & ~wanted for held in capabilities().values()):
        raise TiercelError("capabilities could not be given up", hint="please report it")


def _prctl(option: int, argument: int) -> None:
    """Fails where we may not, as somebody who is not root; no program of ours gets anything by exec then, either."""
    ctypes.CDLL(None).prctl(option, argument, 0, 0, 0)


def _set(capabilities: int) -> None:
    halves = [capabilities & 0xFFFFFFFF, capabilities >> 32]
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(*(value for half in halves for value in (half, half, 0)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _last() -> int:
    return int(Path("/proc/sys/kernel/cap_last_cap").read_text(encoding="ascii"))
