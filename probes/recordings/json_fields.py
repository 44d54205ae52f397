"""Recorded inputs as lines of JSON, for jq and other programs, and back.

A line is an event or something else that a source said:

* An event is an object of fields by Falco's names, with the types they have in conditions (``evt.time`` and
  ``proc.pid.ts`` are nanoseconds since the epoch). ``evt.rawarg.NAME`` are its parameters as the kernel has them,
  ``proc.args`` and ``proc.env`` are lists. What Falco has no field for begins with ``tiercel.``. A field that has no
  value is left out. :data:`WRITTEN` are the fields that a line of ours has, :data:`SHOWN` those of them that are there
  for people only: reading, we find them out anew.
* Anything else is an object with the key ``is``: a list of processes, a container, users. Its form is that of
  :mod:`engine.events`. ``{"is":"recording",…}`` in the first line is the header of a recording.

Lines of another program need no more than ``evt.type``; what a line does not name is not known. Processes whose program
is named before any exec are taken to have lived when the file begins.
"""

from __future__ import annotations

EVENT = {
    "evt.time": "time",
    "evt.type": "type",
    "evt.rawres": "res",
    "proc.pid": "pid",
    "thread.tid": "tid",
    "proc.ppid": "ppid",
    "proc.name": "comm",
    "user.uid": "uid",
    "group.gid": "gid",
    "thread.cap_effective": "cap_effective",
    "thread.cap_permitted": "cap_permitted",
    "container.full_id": "container_id",
    "tiercel.start": "start",
    "tiercel.since_boot": "since_boot",
    "tiercel.compat": "compat",
    "tiercel.io_uring": "io_uring",
}
"""Field → attribute of :class:`KernelEvent`."""

FD = {
    "fd.num": "num",
    "fd.type": "type",
    "fd.name": "name",
    "tiercel.path": "path",
    "fd.l4proto": "l4proto",
    "fd.lip": "local_ip",
    "fd.lport": "local_port",
    "fd.rip": "remote_ip",
    "fd.rport": "remote_port",
    "fd.is_server": "is_server",
    "fd.connected": "connected",
    "evt.is_open_create": "created",
    "fd.is_upper_layer": "upper_layer",
    "fd.is_lower_layer": "lower_layer",
    "fd.dev": "dev",
    "fd.ino": "ino",
}
"""Field → attribute of :class:`Fd`."""

PROCESS = {
    "proc.exe": "exe",
    "proc.exepath": "exepath",
    "proc.args": "args",
    "proc.env": "env",
    "proc.cwd": "cwd",
    "proc.vpid": "vpid",
    "user.loginuid": "loginuid",
    "proc.tty": "tty",
    "proc.sid": "sid",
    "proc.pgid": "pgid",
    "proc.vpgid": "vpgid",
    "thread.cap_inheritable": "cap_inheritable",
    "proc.exe_ino": "exe_ino",
    "proc.exe_ino.ctime": "exe_ctime",
    "proc.exe_ino.mtime": "exe_mtime",
    "proc.is_exe_upper_layer": "is_exe_upper_layer",
    "proc.is_exe_lower_layer": "is_exe_lower_layer",
    "proc.is_exe_from_memfd": "is_exe_from_memfd",
    "proc.pid.ts": "started",
}
"""Field → attribute of :class:`ProcessInfo`; written of a program that was executed."""

SHOWN = (
    "evt.num",
    "evt.args",
    "evt.res",
    "proc.cmdline",
    "proc.exepath",
    "proc.pname",
    "proc.aname[2]",
    "user.name",
    "group.name",
    "container.id",
    "container.name",
    "container.image.repository",
    "container.image.tag",
)

HEADER = b'"is":"recording"'
"""Is in the first line, if that says where and when it was recorded."""
RAW, BASE = "evt.rawarg.", "tiercel.base."
"""Begin the names of parameters, and of what relative paths among them begin at."""
CHILD, PROGRAM = "tiercel.child", "tiercel.program"
"""The new process of a clone, and what :data:`PROCESS` has no field for of an executed program."""

WRITTEN = (*EVENT, *FD, *PROCESS, *SHOWN)

CAPABILITY_SETS = ("cap_effective", "cap_permitted", "cap_inheritable")
"""Attributes that are names in JSON."""
COMMON = ("pid", "start", "ppid", "comm", "uid", "gid", "cap_effective", "cap_permitted", "container_id")
"""What an event and the program that it executed usually have in common."""
