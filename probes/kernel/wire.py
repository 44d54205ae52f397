"""The layout of records: bpf/wire.h in Python. A test compares the two."""

from __future__ import annotations

import struct
from enum import IntEnum

TIME = struct.Struct("=Q")
"""Nanoseconds since boot. A record begins with it: behind it a thread that does the same again sends the same bytes."""
HEAD = struct.Struct("=HHI15HH")
"""How to read the rest: kind, event, flags, the lengths of the fifteen sections, reserved."""
DOER = struct.Struct("=QQQQIIIIII16s")
"""Who it was: start, cap_effective, cap_permitted, cgroup, hierarchy, pid, tid, ppid, uid, gid, comm."""
REGISTERS = struct.Struct("=q6Q")
"""ret, six args."""
RECORD = struct.Struct("=QHHI15HHQQQQIIIIII16sq6Q")
"""The fixed part: all of these, one after the other. The sections follow."""
LENGTHS = struct.Struct("=15H")
HEAD_AT = TIME.size
LENGTHS_AT = HEAD_AT + 8
DOER_AT = HEAD_AT + HEAD.size
REGISTERS_AT = DOER_AT + DOER.size
FILE_INFO = struct.Struct("=QIIII")
"""ino, dev, flags, mode, reserved."""
SOCKET_INFO = struct.Struct("=HHHHHH16s16s")
"""family, type, protocol, state, local port, remote port, local address, remote address."""
TASK_INFO = struct.Struct("=QQQQqqIIIIIIIIIIII16s")
"""start, cap_inheritable, cgroup, exe_ino, exe_ctime, exe_mtime, hierarchy, pid, vpid, ppid, loginuid, tty, sid, pgid,
vpgid, pid_ns, mnt_ns, exe_flags, comm."""
COUNTER = struct.Struct("=QQQ")
"""seen, delivered, lost."""
CGROUP_KEY = struct.Struct("=QQ")
"""kernfs id, hierarchy."""
LOSS_KEY = struct.Struct("=QII")
"""kernfs id, hierarchy, cause."""
LOSS = struct.Struct("=QII16s")
"""count, pid, reserved, comm: of the process that lost the latest."""


class Kind(IntEnum):
    """What a record tells."""

    SYSCALL = 1
    EXEC = 2
    FORK = 3
    EXIT = 4
    CGROUP_MKDIR = 5
    CGROUP_RMDIR = 6


class Section(IntEnum):
    """The sections in their order."""

    NAME0 = 0
    NAME1 = 1
    BASE0 = 2
    BASE1 = 3
    SOCKADDR = 4
    HOW = 5
    FILE = 6
    SOCKET = 7
    PATH = 8
    TASK = 9
    ARGV = 10
    ENV = 11
    CGROUP = 12
    CGROUP_PARENT = 13
    PAYLOAD = 14


FLAG_COMPAT = 1
FLAG_EXECVEAT = 2
FLAG_URING = 4
FILE_CREATED = 1
FILE_OVERLAY_UPPER = 2
FILE_OVERLAY_LOWER = 4
FILE_MEMFD = 8
FILE_PIDFD = 16
