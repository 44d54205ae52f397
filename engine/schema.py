"""The event table: one row for each type of event.

From a row come what the kernel probe captures for the system call (registers, strings, the descriptor), the decoder,
``evt.type``, ``evt.arg.*`` and ``tiercel events``. Names, parameter names and their order are Falco's (the exit
events of its current schema), as far as our events carry the parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

RET = -1
"""The parameter is the return value."""
NOT_CAPTURED = -2
"""The parameter comes from elsewhere than a register (the exec record, the socket)."""


class ParamType(StrEnum):
    """Falco's parameter types: they decide how a value is captured, compared and printed."""

    ERRNO = "ERRNO"
    FD = "FD"
    DIRFD = "FD "
    """An fd against which the next FSRELPATH is resolved. Falco calls it FD too."""
    PID = "PID"
    UID = "UID"
    GID = "GID"
    INT32 = "INT32"
    INT64 = "INT64"
    UINT32 = "UINT32"
    UINT64 = "UINT64"
    OPEN_FLAGS = "FLAGS32 open"
    OPEN_HOW = "FLAGS32 open_how"
    """A pointer to struct open_how (openat2): flags, mode, resolve."""
    DUP_FLAGS = "FLAGS32 dup3"
    CLONE_FLAGS = "FLAGS32 clone"
    UNLINK_FLAGS = "FLAGS32 unlinkat"
    RENAME_FLAGS = "FLAGS32 renameat2"
    MOUNT_FLAGS = "FLAGS32 mount"
    UMOUNT_FLAGS = "FLAGS32 umount2"
    FLAGS = "FLAGS32"
    DOMAIN = "ENUMFLAGS32 domain"
    PTRACE_REQUEST = "ENUMFLAGS16 ptrace"
    BPF_COMMAND = "ENUMFLAGS32 bpf"
    PRCTL_OPTION = "ENUMFLAGS32 prctl"
    MODE = "MODE"
    NODE_MODE = "MODE mknod"
    """Permissions, and the kind of file."""
    CHARBUF = "CHARBUF"
    """A string in user memory, as given."""
    FSPATH = "FSPATH"
    """A path in user memory, relative to the working directory."""
    FSRELPATH = "FSRELPATH"
    """A path in user memory, relative to the DIRFD before it."""
    SOCKADDR = "SOCKADDR"
    """A struct sockaddr in user memory; its length is in the next register."""
    SOCKTUPLE = "SOCKTUPLE"
    BYTES = "BYTEBUF"
    """Bytes in user memory, as many as the return value says. In events a character stands for each (Latin-1)."""
    MESSAGE = "BYTEBUF message"
    """A pointer to struct msghdr, or to several of struct mmsghdr: where from, where to, and the bytes of the first."""

    @property
    def is_string(self) -> bool:
        """Whether the register holds a pointer to a string to be captured."""
        return self in _STRINGS


_STRINGS = frozenset({ParamType.CHARBUF, ParamType.FSPATH, ParamType.FSRELPATH})


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter: Falco's name, its type, and the register (0–5, RET, NOT_CAPTURED) it is read from."""

    name: str
    type: ParamType
    register: int = NOT_CAPTURED


@dataclass(frozen=True, slots=True)
class EventType:
    """One row: a kind of event, its parameters in Falco's order, and which of them ``fd.*`` describes."""

    name: str
    category: str
    params: tuple[Param, ...]
    fd: str = ""
    """Name of the parameter that is the event's descriptor; "" for none."""
    help: str = ""
    state: bool = False
    """Needed to keep state, whatever the rules ask for."""
    receives: bool = False
    """The kernel writes the address of a SOCKADDR, and its length to where the next register points."""

    @property
    def fd_register(self) -> int:
        """The register of the event's descriptor, NOT_CAPTURED when it has none."""
        return next((p.register for p in self.params if p.name == self.fd), NOT_CAPTURED)

    @property
    def strings(self) -> tuple[Param, ...]:
        """The captured string parameters in register order: at most two, as the wire carries two."""
        captured = (p for p in self.params if p.type.is_string and p.register >= 0)
        return tuple(sorted(captured, key=lambda p: p.register))


def _row(
    name: str, category: str, params: str, *, fd: str = "", help: str, state: bool = False, receives: bool = False
) -> EventType:
    """A row from ``"name:TYPE@register …"``; ``@r`` is the return value, no ``@`` is NOT_CAPTURED."""
    return EventType(name, category, tuple(map(_param, params.split())), fd, help, state, receives)


def _param(text: str) -> Param:
    name, _, rest = text.partition(":")
    kind, _, register = rest.partition("@")
    named = {"r": RET, "": NOT_CAPTURED}
    return Param(name, ParamType[kind], named[register] if register in named else int(register))


_EXEC = (
    "res:ERRNO@r exe:CHARBUF args:CHARBUF tid:PID pid:PID ptid:PID cwd:CHARBUF comm:CHARBUF env:CHARBUF tty:UINT32"
    " vpgid:PID loginuid:UID cap_inheritable:UINT64 cap_permitted:UINT64 cap_effective:UINT64 exe_ino:UINT64"
    " exe_ino_ctime:UINT64 exe_ino_mtime:UINT64 uid:UID trusted_exepath:FSPATH pgid:PID gid:GID"
)

EVENT_TYPES: tuple[EventType, ...] = (
    _row("execve", "process", _EXEC + " filename:FSPATH@0", help="a program was executed", state=True),
    _row("execveat", "process", _EXEC + " pathname:FSRELPATH@1", help="… through a descriptor", state=True),
    _row(
        "clone",
        "process",
        "res:PID@r flags:CLONE_FLAGS",
        help="a process was created (fork, vfork, clone, clone3); flags are the new namespaces",
        state=True,
    ),
    _row("procexit", "process", "status:INT32@r", help="a process ended", state=True),
    _row("open", "file", "fd:FD@r name:FSPATH@0 flags:OPEN_FLAGS@1 mode:UINT32@2", fd="fd", help="a file was opened"),
    _row(
        "openat",
        "file",
        "fd:FD@r dirfd:DIRFD@0 name:FSRELPATH@1 flags:OPEN_FLAGS@2 mode:UINT32@3",
        fd="fd",
        help="a file was opened",
    ),
    _row(
        "openat2",
        "file",
        "fd:FD@r dirfd:DIRFD@0 name:FSRELPATH@1 flags:OPEN_HOW@2",
        fd="fd",
        help="a file was opened, with constraints",
    ),
    _row(
        "open_by_handle_at",
        "file",
        "fd:FD@r mountfd:FD@0 flags:OPEN_FLAGS@2",
        fd="fd",
        help="a file was opened by its number in the file system",
    ),
    _row("creat", "file", "fd:FD@r name:FSPATH@0 mode:UINT32@1", fd="fd", help="a file was created"),
    _row("connect", "net", "res:ERRNO@r tuple:SOCKTUPLE fd:FD@0 addr:SOCKADDR@1", fd="fd", help="a socket connects"),
    _row("accept", "net", "fd:FD@r tuple:SOCKTUPLE", fd="fd", help="a connection was accepted"),
    _row("accept4", "net", "fd:FD@r tuple:SOCKTUPLE flags:FLAGS@3", fd="fd", help="a connection was accepted"),
    _row("bind", "net", "res:ERRNO@r addr:SOCKADDR@1 fd:FD@0", fd="fd", help="a socket took a local address"),
    _row("listen", "net", "res:ERRNO@r fd:FD@0 backlog:INT32@1", fd="fd", help="a socket waits for connections"),
    _row("socket", "net", "fd:FD@r domain:DOMAIN@0 type:UINT32@1 proto:UINT32@2", fd="fd", help="a socket was made"),
    _row(
        "sendto",
        "net",
        "res:ERRNO@r data:BYTES@1 fd:FD@0 size:UINT32@2 tuple:SOCKTUPLE addr:SOCKADDR@4",
        fd="fd",
        help="data was sent",
    ),
    _row("sendmsg", "net", "res:ERRNO@r data:MESSAGE@1 fd:FD@0 tuple:SOCKTUPLE", fd="fd", help="a message was sent"),
    _row(
        "sendmmsg",
        "net",
        "res:ERRNO@r fd:FD@0 data:MESSAGE@1 tuple:SOCKTUPLE",
        fd="fd",
        help="messages were sent; data and address are those of the first",
    ),
    _row(
        "recvfrom",
        "net",
        "res:ERRNO@r data:BYTES@1 tuple:SOCKTUPLE fd:FD@0 size:UINT32@2 addr:SOCKADDR@4",
        fd="fd",
        help="data was received",
        receives=True,
    ),
    _row(
        "recvmsg", "net", "res:ERRNO@r data:MESSAGE@1 tuple:SOCKTUPLE fd:FD@0", fd="fd", help="a message was received"
    ),
    _row(
        "recvmmsg",
        "net",
        "res:ERRNO@r fd:FD@0 data:MESSAGE@1 tuple:SOCKTUPLE",
        fd="fd",
        help="messages were received; data and address are those of the first",
    ),
    _row("dup", "file", "res:FD@r oldfd:FD@0", fd="res", help="a descriptor was duplicated"),
    _row("dup2", "file", "res:FD@r oldfd:FD@0 newfd:FD@1", fd="res", help="… onto a given number"),
    _row("dup3", "file", "res:FD@r oldfd:FD@0 newfd:FD@1 flags:DUP_FLAGS@2", fd="res", help="… onto a given number"),
    _row("symlink", "file", "res:ERRNO@r target:CHARBUF@0 linkpath:FSPATH@1", help="a symbolic link was made"),
    _row(
        "symlinkat",
        "file",
        "res:ERRNO@r target:CHARBUF@0 linkdirfd:DIRFD@1 linkpath:FSRELPATH@2",
        help="a symbolic link was made",
    ),
    _row("link", "file", "res:ERRNO@r oldpath:FSPATH@0 newpath:FSPATH@1", help="a hard link was made"),
    _row(
        "linkat",
        "file",
        "res:ERRNO@r olddir:DIRFD@0 oldpath:FSRELPATH@1 newdir:DIRFD@2 newpath:FSRELPATH@3 flags:FLAGS@4",
        help="a hard link was made",
    ),
    _row("rename", "file", "res:ERRNO@r oldpath:FSPATH@0 newpath:FSPATH@1", help="a file was renamed"),
    _row(
        "renameat",
        "file",
        "res:ERRNO@r olddirfd:DIRFD@0 oldpath:FSRELPATH@1 newdirfd:DIRFD@2 newpath:FSRELPATH@3",
        help="a file was renamed",
    ),
    _row(
        "renameat2",
        "file",
        "res:ERRNO@r olddirfd:DIRFD@0 oldpath:FSRELPATH@1 newdirfd:DIRFD@2 newpath:FSRELPATH@3 flags:RENAME_FLAGS@4",
        help="a file was renamed",
    ),
    _row("unlink", "file", "res:ERRNO@r path:FSPATH@0", help="a file was removed"),
    _row(
        "unlinkat",
        "file",
        "res:ERRNO@r dirfd:DIRFD@0 name:FSRELPATH@1 flags:UNLINK_FLAGS@2",
        help="a file or directory was removed",
    ),
    _row("rmdir", "file", "res:ERRNO@r path:FSPATH@0", help="a directory was removed"),
    _row("mkdir", "file", "res:ERRNO@r path:FSPATH@0 mode:UINT32@1", help="a directory was made"),
    _row("mkdirat", "file", "res:ERRNO@r dirfd:DIRFD@0 path:FSRELPATH@1 mode:UINT32@2", help="a directory was made"),
    _row("chmod", "file", "res:ERRNO@r filename:FSPATH@0 mode:MODE@1", help="permissions were changed"),
    _row("fchmod", "file", "res:ERRNO@r fd:FD@0 mode:MODE@1", fd="fd", help="permissions were changed"),
    _row(
        "fchmodat",
        "file",
        "res:ERRNO@r dirfd:DIRFD@0 filename:FSRELPATH@1 mode:MODE@2",
        help="permissions were changed",
    ),
    _row("mount", "file", "res:ERRNO@r dev:CHARBUF@0 dir:FSPATH@1 flags:MOUNT_FLAGS@3", help="a mount was made"),
    _row("umount2", "file", "res:ERRNO@r name:FSPATH@0 flags:UMOUNT_FLAGS@1", help="a mount was removed"),
    _row("fsopen", "file", "fd:FD@r fsname:CHARBUF@0 flags:FLAGS@1", fd="fd", help="a file system to be mounted"),
    _row("fsmount", "file", "fd:FD@r fs_fd:FD@0 flags:FLAGS@1 attr_flags:FLAGS@2", fd="fd", help="… without a place"),
    _row(
        "open_tree",
        "file",
        "fd:FD@r dirfd:DIRFD@0 path:FSRELPATH@1 flags:FLAGS@2",
        fd="fd",
        help="a mount was opened, or copied without a place",
    ),
    _row(
        "move_mount",
        "file",
        "res:ERRNO@r from_dirfd:DIRFD@0 from_path:FSRELPATH@1 to_dirfd:DIRFD@2 to_path:FSRELPATH@3 flags:FLAGS@4",
        help="a mount got a place",
    ),
    _row("chroot", "file", "res:ERRNO@r path:FSPATH@0", help="the root folder was changed"),
    _row("pivot_root", "file", "res:ERRNO@r new_root:FSPATH@0 put_old:FSPATH@1", help="the root mount was changed"),
    _row("mknod", "file", "res:ERRNO@r path:FSPATH@0 mode:NODE_MODE@1 dev:UINT32@2", help="a device or pipe was made"),
    _row(
        "mknodat",
        "file",
        "res:ERRNO@r dirfd:DIRFD@0 path:FSRELPATH@1 mode:NODE_MODE@2 dev:UINT32@3",
        help="a device or pipe was made",
    ),
    _row(
        "name_to_handle_at",
        "file",
        "res:ERRNO@r dirfd:DIRFD@0 pathname:FSRELPATH@1",
        help="the number of a file in its file system was asked for",
    ),
    _row("ptrace", "process", "res:ERRNO@r request:PTRACE_REQUEST@0 pid:PID@1", help="a process is traced"),
    _row("process_vm_readv", "process", "res:INT64@r pid:PID@0", help="memory of another process was read"),
    _row("process_vm_writev", "process", "res:INT64@r pid:PID@0", help="memory of another process was written"),
    _row("pidfd_open", "process", "fd:FD@r pid:PID@0 flags:FLAGS@1", fd="fd", help="a descriptor of a process"),
    _row(
        "pidfd_getfd",
        "process",
        "fd:FD@r pid_fd:FD@0 target_fd:FD@1 flags:FLAGS@2",
        fd="fd",
        help="a descriptor was taken from another process",
    ),
    _row(
        "prctl",
        "process",
        "res:ERRNO@r option:PRCTL_OPTION@0 arg2_str:CHARBUF@1",
        help="a thread changed something of itself, such as its name",
    ),
    _row("setns", "process", "res:ERRNO@r fd:FD@0 nstype:CLONE_FLAGS@1", fd="fd", help="a namespace was entered"),
    _row("unshare", "process", "res:ERRNO@r flags:CLONE_FLAGS@0", help="a namespace was made"),
    _row("init_module", "process", "res:ERRNO@r length:UINT64@1 uargs:CHARBUF@2", help="a kernel module was loaded"),
    _row(
        "finit_module",
        "process",
        "res:ERRNO@r fd:FD@0 uargs:CHARBUF@1 flags:FLAGS@2",
        fd="fd",
        help="a kernel module was loaded",
    ),
    _row("setuid", "process", "res:ERRNO@r uid:UID@0", help="the user id was set"),
    _row("setsid", "process", "res:PID@r", help="a session was begun", state=True),
    _row("setpgid", "process", "res:ERRNO@r pid:PID@0 pgid:PID@1", help="a process group was entered", state=True),
    _row(
        "memfd_create", "file", "fd:FD@r name:CHARBUF@0 flags:FLAGS@1", fd="fd", help="a file without a name was made"
    ),
    _row("bpf", "process", "fd:INT64@r cmd:BPF_COMMAND@0", help="a bpf command"),
    _row("userfaultfd", "process", "res:ERRNO@r flags:FLAGS@0", help="page faults handled by a program"),
)

BY_NAME: dict[str, EventType] = {row.name: row for row in EVENT_TYPES}

UNKNOWN = "unknown"
"""``evt.type`` of what a capture holds and no table names; its parameters are shown as bytes."""


@lru_cache(maxsize=1024)  # a file may be made to name any number of types
def event_type(name: str) -> EventType:
    """The row of a type of event. One that is not in the table (a capture may hold it) has a row without parameters."""
    return BY_NAME.get(name) or EventType(name, "other", ())
