"""What a source tells the engine.

A *source* (the kernel, Docker, a recording) emits :data:`Input` values. State applies each of them; a
:class:`KernelEvent` then becomes an :class:`engine.state.event.Event`, which the rules judge. Because an input is
plain data, a recording is nothing but the inputs in their order, and a replay runs through the same code as the live
kernel.

Times are nanoseconds since the epoch; ``start`` is nanoseconds since boot and, with the pid, identifies a process
(pids are reused). ``since_boot`` is the same instant as ``time`` on a clock that nobody can set back: it says what is
older; 0 in recordings that have no such clock. Text is what the kernel or Docker said, with invalid UTF-8 written as
``\\xNN``; it is hostile and is scrubbed once, where it leaves the sensor for a front end (:mod:`engine.scrub`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

Number = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**63 - 2**58)]
"""A time, an id, a count: what a store can hold and a calendar has a date for, with room to reckon. A recording with
any other is refused where it is read. Captures of Falco's have times of the year 2245."""

HOST = ""
"""The container id of a process that is in no container."""
OTHER = "other"
"""Stands for the container of a loss where there was no room to count each cgroup."""


class Fd(msgspec.Struct, omit_defaults=True, gc=False):
    """A file descriptor as the kernel saw it when the system call returned.

    ``type`` has Falco's words for ``fd.type``: file, directory, ipv4, ipv6, unix, pipe, event, …; an open that failed
    has type ``""`` and the path that was tried. ``name`` is Falco's ``fd.name``: for files the path as the program gave
    it, made absolute with the working directory or dirfd and normalised, symbolic links not followed; ``path`` is the
    kernel's answer with links followed, "" where unknown. For sockets ``name`` is ``client->server``, a Unix socket's
    path, or "".
    """

    num: Number = -1
    type: str = ""
    name: str = ""
    path: str = ""
    l4proto: str = ""
    local_ip: str = ""
    local_port: Number = 0
    remote_ip: str = ""
    remote_port: Number = 0
    is_server: bool | None = None
    """True: this side accepted or listens; False: it connected; None: not known yet."""
    connected: bool = False
    created: bool = False
    """The kernel created the file by this call (FMODE_CREATED)."""
    upper_layer: bool = False
    """The file lies in the upper layer of an overlayfs: it is not part of the image."""
    lower_layer: bool = False
    dev: int = 0
    ino: int = 0


class ProcessInfo(msgspec.Struct, omit_defaults=True, gc=False):
    """Everything the kernel says about a process, once, at exec, fork or in the snapshot at start."""

    pid: Number
    start: Number
    ppid: Number = 0
    vpid: Number = 0
    comm: str = ""
    exe: str = ""
    """argv[0]."""
    exepath: str = ""
    args: list[str] = []
    """argv[1:], at most 4 KiB in all."""
    env: list[str] = []
    cwd: str = ""
    uid: Number = 0
    """Effective user id, as the host counts."""
    gid: Number = 0
    loginuid: Number = -1
    tty: Number = 0
    """Device number of the controlling terminal (34816 is /dev/pts/0), 0 for none."""
    sid: Number = 0
    pgid: Number = 0
    vpgid: Number = 0
    cap_effective: int = 0
    cap_permitted: int = 0
    cap_inheritable: int = 0
    pid_ns: Number = 0
    mnt_ns: Number = 0
    exe_ino: int = 0
    exe_ctime: int = 0
    exe_mtime: int = 0
    is_exe_writable: bool = False
    """The process may write to its own program; only captures tell it."""
    is_exe_upper_layer: bool = False
    is_exe_lower_layer: bool = False
    is_exe_from_memfd: bool = False
    container_id: str = HOST
    started: Number = 0
    """Wall-clock time of ``start``."""
    pidns_start: Number = 0
    """When the first process of its pid namespace began, as captures tell it; 0 where it is not told."""


class _Input(msgspec.Struct, tag_field="is", omit_defaults=True):
    """What all inputs have: the key by which a recording tells them apart."""


class KernelEvent(_Input, tag="event", gc=False):
    """One exit of a system call, or a fork, exec or exit of a process. Credentials are those of the moment.

    Events share what they hold (``args``, ``fd``, ``bases``): nobody changes one that was emitted.
    """

    time: Number
    type: str
    """Falco's event name: a row of :data:`engine.schema.EVENT_TYPES`."""
    pid: Number
    tid: Number
    start: Number
    ppid: Number
    comm: str
    uid: Number
    gid: Number
    cap_effective: int = 0
    cap_permitted: int = 0
    container_id: str = HOST
    res: Number | None = None
    """The system call's return value; None for events that have none."""
    args: dict[str, int | str] = {}
    """By Falco's parameter names, as the kernel has them: numbers raw, paths as given."""
    fd: Fd | None = None
    process: ProcessInfo | None = None
    """At a successful execve/execveat the new program; at clone the child. At others what the process has become by
    calls that are not told as events (chdir, setsid in a capture)."""
    compat: bool = False
    """A 32-bit system call."""
    io_uring: bool = False
    """A request to io_uring that does what the system call does."""
    bases: dict[str, str] = {}
    """By parameter name: the directory that a relative path in ``args`` is relative to, as the kernel resolved it."""
    since_boot: Number = 0


class Snapshot(_Input, tag="snapshot"):
    """All processes that live: at the start of the sensor, and again after events were lost.

    ``time`` is before the first of them was looked at: who is not listed and was not seen since has ended.
    """

    time: Number
    processes: list[ProcessInfo]
    since_boot: Number = 0
    more: bool = False
    """The rest of them follows, in snapshots of the same time: taking in a hundred thousand at once takes long."""


class Adoption(_Input, tag="adoption"):
    """Processes have another parent since theirs ended, and count as its children from now on.

    Captures tell it, and what they tell goes by it: Falco forgets who began a process once that has ended. The live
    kernel does not tell it: there the lineage keeps those that have ended.
    """

    time: Number
    children: list[tuple[Number, Number]]
    """(pid, start) of each."""
    parent: tuple[Number, Number] | None = None
    """None for one that nothing is known of."""


class Mount(msgspec.Struct, omit_defaults=True):
    """One mount of a container: where from, where to."""

    source: str = ""
    dest: str = ""
    mode: str = ""
    rw: bool = True
    propagation: str = ""


class ContainerInfo(_Input, tag="container"):
    """What Docker says about a container; sent again whenever something changed."""

    id: str
    """The full id, 64 hexadecimal digits."""
    time: Number
    name: str = ""
    image: str = ""
    """As given to ``docker run``: repository, tag and digest in one."""
    image_id: str = ""
    state: str = ""
    """Docker's word: created, running, paused, exited, dead, removed."""
    created: Number = 0
    started: Number = 0
    pid: Number = 0
    command: str = ""
    labels: dict[str, str] = {}
    mounts: list[Mount] = []
    privileged: bool = False
    cap_add: list[str] = []
    network_mode: str = ""
    pid_mode: str = ""
    """``host`` when it shares the host's; likewise ``ipc_mode`` and ``network_mode``."""
    ipc_mode: str = ""
    ip: str = ""
    health: str = ""
    healthcheck: list[str] = []
    """The command that tells its health, as Docker writes it: ``["CMD-SHELL", "curl …"]``; [] for none."""
    restarts: Number = 0
    """Times that the runtime's restart policy started it again."""
    finished: Number = 0
    """When it ended last, 0 while it has not; ``exit_code`` and ``oom_killed`` say how."""
    exit_code: Number = 0
    oom_killed: bool = False
    """The kernel killed it: it had used up its memory."""
    runtime: str = "docker"
    complete: bool = True
    """False when only an event's attributes are known (id, name, image), before ``inspect`` answered."""


class ContainerUnknown(_Input, tag="unknown"):
    """No runtime that we can ask knows this container: what waits for its metadata waits in vain."""

    id: str
    time: Number
    runtime: str = ""
    """Whose it is, as far as the name of its cgroup tells: docker (of another daemon), podman, containerd, cri-o."""


class ContainerAction(_Input, tag="action"):
    """Something done through Docker's API: ``exec_create``, ``exec_start``, ``start``, ``die``, …"""

    id: str
    time: Number
    action: str
    attributes: dict[str, str] = {}


class Users(_Input, tag="users"):
    """The user and group names of a container (or of :data:`HOST`), read from its own /etc/passwd and /etc/group."""

    container_id: str
    users: dict[Number, str] = {}
    groups: dict[Number, str] = {}


class HostNames(_Input, tag="names"):
    """The addresses of the host names that rules mention, as this machine's resolver gave them."""

    time: Number
    addresses: dict[str, list[str]]
    """Every name that has any."""


class RuntimeState(_Input, tag="runtime"):
    """Whether a container runtime can be reached. Its absence is a state, not an error."""

    time: Number
    connected: bool
    detail: str = ""
    runtime: str = "docker"
    address: str = ""
    """The path of its socket on the host; "" where it has none, or it is not known."""


class Loss(_Input, tag="loss"):
    """Events that did not reach the engine: how many, why, and whose (HOST when unknown)."""

    time: Number
    count: Number
    cause: str
    container_id: str = HOST
    pid: Number = 0
    """The process whose event was lost last, 0 when unknown, …"""
    comm: str = ""
    """… and its name."""


class Phase(StrEnum):
    """Where a source stands."""

    LOADING = "loading"
    LIVE = "live"
    REPLAYING = "replaying"
    ENDED = "ended"
    FAILED = "failed"


class SourceState(_Input, tag="source"):
    """A source came to a new phase; ``detail`` says what it does or what to do."""

    time: Number
    phase: Phase
    detail: str = ""


Input = (
    KernelEvent
    | Snapshot
    | Adoption
    | ContainerInfo
    | ContainerUnknown
    | ContainerAction
    | Users
    | HostNames
    | RuntimeState
    | Loss
    | SourceState
)
"""Everything a source can say."""
