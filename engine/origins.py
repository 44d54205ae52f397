"""What fields and parameters are read from: a register, the memory that it points to, a struct of the kernel, Docker …

Parameters say it by their register and type, those of no register by name; fields by the longest name in the table
that they begin with.
"""

from __future__ import annotations

from engine.schema import RET, EventType, Param, ParamType

_TRACEPOINTS = {
    "execve": "sched_process_exec; failures: sys_exit",
    "execveat": "sched_process_exec; failures: sys_exit",
    "clone": "sched_process_fork",
    "procexit": "sched_process_exit",
}
"""Those that are not told by the end of a system call, or of a request to io_uring."""

_IN_KERNEL = {
    "res": "return value",
    "exe args": "mm_struct.arg_start, memory of the program",
    "env": "mm_struct.env_start, memory of the program",
    "tid pid ptid comm": "task_struct",
    "cwd": "fs_struct.pwd",
    "tty": "signal_struct.tty",
    "vpgid pgid": "signal_struct.pids",
    "loginuid": "task_struct.loginuid",
    "cap_inheritable cap_permitted cap_effective uid gid": "cred",
    "exe_ino exe_ino_ctime exe_ino_mtime": "inode of mm_struct.exe_file",
    "trusted_exepath": "path of mm_struct.exe_file",
    "filename pathname": "linux_binprm; failures: memory at a register",
    "tuple": "sock of the descriptor, and the address",
    "flags": "nsproxy and cred of parent and child",
    "status": "signal_struct.group_exit_code, task_struct.exit_code",
}
_BY_NAME = {name: origin for names, origin in _IN_KERNEL.items() for name in names.split()}
_SCHEDULED = frozenset(_TRACEPOINTS)

_FIELDS = """
container           | Docker (inspect, events)
container.id        | cgroup of the task
container.full_id   | cgroup of the task
container.type      | cgroup of the task
container.duration  | exec or /proc: start of the process that entered
container.start_ts  | exec or /proc: start of the process that entered
evt.abspath         | memory at a register; fs_struct.pwd or path of the descriptor of the folder
evt.arg             | see `tiercel events`
evt.args            | see `tiercel events`
evt.rawarg          | see `tiercel events`
evt.info            | see `tiercel events`
evt.buffer          | memory at a register
evt.category        | type of the event
evt.count           | constant
evt.count.error     | return value
evt.dir             | constant
evt.is_async        | constant
evt.source          | constant
evt.is_open         | register or struct open_how
evt.is_open_create  | file.f_mode; register or struct open_how
evt.failed          | return value
evt.res             | return value
evt.rawres          | return value
evt.hostname        | uname of this machine
evt.num             | counter of the sensor
evt.datetime        | CLOCK_BOOTTIME at the event
evt.time            | CLOCK_BOOTTIME at the event
evt.rawtime         | CLOCK_BOOTTIME at the event
evt.type            | number of the system call, request to io_uring, or tracepoint
syscall.type        | number of the system call, request to io_uring, or tracepoint
fd                  | sock of the descriptor; the address at a register
fd.num              | register or return value
fd.uid              | task_struct.pid, and register or return value
fd.type             | inode of the descriptor
fd.typechar         | inode of the descriptor
fd.name             | path at a register, made absolute; path of the descriptor; its sock
fd.name_changed     | sock of the descriptor
fd.nameraw          | memory at a register
fd.directory        | as fd.name
fd.filename         | as fd.name
fd.container        | cgroup of the task; as fd.name
fd.dev              | super_block of the descriptor
fd.ino              | inode of the descriptor
fd.is_upper_layer   | ovl_inode of the descriptor
fd.is_lower_layer   | ovl_inode of the descriptor
fd.cip.name         | as the address; this machine's resolver
fd.lip.name         | as the address; this machine's resolver
fd.rip.name         | as the address; this machine's resolver
fd.sip.name         | as the address; this machine's resolver
fs.path             | memory at a register; fs_struct.pwd or path of the descriptor of the folder
group.gid           | cred.egid
group.name          | cred.egid; /etc/group of the container or the host
k8s                 | Docker (labels)
proc                | exec or /proc
proc.name           | task_struct.comm at exec, fork or prctl; /proc
proc.pid            | task_struct.tgid
proc.ppid           | task_struct.real_parent
proc.tty            | exec, fork or /proc: signal_struct.tty
proc.sid            | exec, fork or /proc: signal_struct.pids
proc.pgid           | exec, fork or /proc: signal_struct.pids
proc.vpgid          | exec, fork or /proc: signal_struct.pids
proc.is_sid         | exec, fork or /proc: signal_struct.pids
proc.is_pgid        | exec, fork or /proc: signal_struct.pids
proc.is_vpgid       | exec, fork or /proc: signal_struct.pids
proc.vpid           | exec, fork or /proc: struct pid
proc.pvpid          | exec, fork or /proc: struct pid
proc.loginuid       | exec, fork or /proc: task_struct.loginuid
proc.duration       | exec, fork or /proc: task_struct.start_boottime
proc.pid.ts         | exec, fork or /proc: task_struct.start_boottime
proc.ppid.ts        | exec, fork or /proc: task_struct.start_boottime
proc.ppid.duration  | exec, fork or /proc: task_struct.start_boottime
proc.pidns          | exec, fork or /proc: task_struct.start_boottime
proc.cwd            | exec or /proc: fs_struct.pwd
proc.args           | exec or /proc: memory of the program
proc.env            | exec or /proc: memory of the program, when a rule asks for it
proc.exe            | exec or /proc: memory of the program
proc.exepath        | exec or /proc: path of mm_struct.exe_file
proc.exe_ino        | exec or /proc: inode of mm_struct.exe_file
proc.is_exe         | exec or /proc: ovl_inode of mm_struct.exe_file
proc.is_exe_from    | exec or /proc: dentry of mm_struct.exe_file
thread              | task_struct
thread.cap          | cred
thread.cap_inherit  | exec, fork or /proc: cred
tiercel.compat      | thread_info of the task
tiercel.io_uring    | tracepoints of io_uring
tiercel.entry       | exec or /proc: lineage, cgroups
tiercel.exec        | exec or /proc: cred; Docker (inspect)
tiercel.path        | path of the descriptor (dentries and mounts); unix_sock of the peer
user.uid            | cred.euid
user.name           | cred.euid; /etc/passwd of the container or the host
user.login          | exec, fork or /proc: task_struct.loginuid
user.loginname      | task_struct.loginuid; /etc/passwd of the container or the host
"""
FIELD_ORIGINS: dict[str, str] = {
    name.strip(): origin.strip() for name, origin in (line.split("|") for line in _FIELDS.strip().splitlines())
}
"""Beginning of a field's name → what it is read from."""


def of_field(name: str) -> str:
    """What a served field is read from. Raises KeyError when the table says nothing of it."""
    beginning = max((each for each in FIELD_ORIGINS if name.startswith(each)), key=len, default=name)
    return FIELD_ORIGINS[beginning]


def of_event(row: EventType) -> str:
    """The tracepoint that tells of it."""
    return _TRACEPOINTS.get(row.name, "sys_exit")


def of_param(row: EventType, param: Param) -> str:
    """What a parameter is read from. Raises KeyError when the table says nothing of it."""
    if row.name in _SCHEDULED and (row.name == "procexit" or param.name in _BY_NAME):
        return _BY_NAME[param.name]
    if param.register == RET:
        return "return value"
    if param.register >= 0:
        return f"memory at register {param.register}" if _is_pointer(param) else f"register {param.register}"
    return _BY_NAME[param.name]


def _is_pointer(param: Param) -> bool:
    return param.type.is_string or param.type in _POINTERS


_POINTERS = frozenset({ParamType.SOCKADDR, ParamType.OPEN_HOW, ParamType.BYTES, ParamType.MESSAGE})


def short(origin: str) -> str:
    """An origin in a word, as it stands behind a parameter: ``@0`` a register, ``@*0`` the memory at it, ``@ret``."""
    if origin == "return value":
        return "@ret"
    register = origin.rpartition("register ")[2]
    if register.isdigit():
        return f"@*{register}" if origin.startswith("memory") else f"@{register}"
    return ""
