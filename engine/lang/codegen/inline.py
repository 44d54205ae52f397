"""Python expressions for fields, for which a function call would cost more than the field is worth.

A reader that is an :func:`operator.attrgetter` tells its expression itself. :data:`_CODE` has those of others that are
asked often. Everything else is read by calling the row's reader. A test holds each expression against its reader.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from engine.lang import flags
from engine.lang.field import Many
from engine.lang.fields import FIELDS
from engine.lang.ir import Read

_OPENS = frozenset({"open", "openat", "openat2", "open_by_handle_at"})
_SENDS = frozenset({"sendto", "sendmsg", "sendmmsg", "connect"})

BASES = {
    "kernel": "kernel = event.kernel",
    "process": "process = event.process",
    "container": "container = event.container",
    "args": "args = kernel.args",
    "fd": "fd = kernel.fd",
    "parent": "parent = process.parent",
    "flags": 'flags = args.get("flags", 0)\nif flags.__class__ is not int: flags = 0',
    "mode": 'mode = args.get("mode", 0)\nif mode.__class__ is not int: mode = 0',
    "server": "server = fd.is_server if fd is not None and fd.type in ('ipv4', 'ipv6') else None",
    "sender": "sender = (fd.is_server or False) if fd is not None and fd.type in ('ipv4', 'ipv6') else None",
}
"""Local names that expressions may use, with the statements that set them; each only rests on those above it. The
``server`` tells whether this side is it; who sends first is not: ``sender``."""
_NEEDS = {
    "args": {"kernel"},
    "fd": {"kernel"},
    "parent": {"process"},
    "flags": {"kernel", "args"},
    "mode": {"kernel", "args"},
    "server": {"kernel", "fd"},
    "sender": {"kernel", "fd"},
}


def _reader(name: str) -> Callable[..., object]:
    read = FIELDS[name].read
    assert read is not None
    return read


GLOBALS: dict[str, object] = {
    "errno_name": flags.errno_name,
    "may_create": flags.may_create,
    "type_char": flags.type_char,
    "capability_names": flags.capability_names,
    "both_ips": _reader("fd.ip"),
    "both_ports": _reader("fd.port"),
    "both_nets": _reader("fd.net"),
}
"""Functions that expressions may call."""


@dataclass(frozen=True, slots=True)
class Inline:
    """How a value is read: an expression, whether it always has a value, and what it costs (nanoseconds, about)."""

    code: str
    is_total: bool = False
    cost: int = 10

    @property
    def bases(self) -> frozenset[str]:
        """The local names that must be set."""
        return _bases(self.code)


@lru_cache(maxsize=1024)
def _bases(code: str) -> frozenset[str]:
    named = {node.id for node in ast.walk(ast.parse(code, mode="eval")) if isinstance(node, ast.Name)} & BASES.keys()
    return frozenset(named.union(*(_NEEDS.get(name, set()) for name in named)))


_TOTAL = {
    *(
        f"process.{name}"
        for name in ("name", "exe", "exepath", "cmdline", "tty", "sid", "pgid", "vpgid", "vpid", "uid")
    ),
    *(f"process.{name}" for name in ("loginuid", "exe_ino", "is_exe_upper_layer", "is_exe_from_memfd")),
    *(f"kernel.{name}" for name in ("uid", "gid", "pid", "tid", "ppid", "time", "type")),
    "num",
}
"""Attributes that are never None."""
_COSTLY = {"process.cmdline": 250}

_FD_DIRECTORY = (
    "((fd.name.rpartition('/')[0] or '/') if fd is not None and fd.name[:1] == '/'"
    " and fd.type in ('', 'file', 'directory', 'memfd') else None)"
)
_CODE: dict[str, Inline] = {
    "proc.pname": Inline("(parent.name if parent is not None else None)"),
    "proc.pexe": Inline("(parent.exe if parent is not None else None)"),
    "proc.pexepath": Inline("(parent.exepath if parent is not None else None)"),
    "proc.args": Inline("' '.join(process.args)", is_total=True, cost=80),
    "proc.is_vpgid_leader": Inline("(process.vpgid == process.vpid)", is_total=True),
    "proc.is_sid_leader": Inline("(process.sid == process.pid)", is_total=True),
    "thread.cap_effective": Inline("capability_names(kernel.cap_effective)", cost=60),
    "thread.cap_permitted": Inline("capability_names(kernel.cap_permitted)", cost=60),
    "fd.name": Inline("(fd.name if fd is not None else None)"),
    "fd.nameraw": Inline(
        "(given if (given := args.get('name')).__class__ is str and fd is not None else None)", cost=40
    ),
    "fd.num": Inline("(fd.num if fd is not None else None)"),
    "fd.type": Inline("((fd.type or None) if fd is not None else None)"),
    "fd.typechar": Inline("(type_char(fd.type) if fd is not None else None)", cost=60),
    "fd.directory": Inline(_FD_DIRECTORY, cost=90),
    "fd.filename": Inline(
        "(fd.name.rpartition('/')[2] if fd is not None and fd.type in ('file', 'memfd') else None)", cost=80
    ),
    "fd.l4proto": Inline("((fd.l4proto or None) if fd is not None else None)"),
    "container.id": Inline("('host' if container is None else container.id[:12])", is_total=True, cost=30),
    "evt.failed": Inline("(kernel.res is not None and kernel.res < 0)", is_total=True),
    "evt.res": Inline(
        "(None if kernel.res is None else 'SUCCESS' if kernel.res >= 0 else errno_name(kernel.res))", cost=30
    ),
}
_CODE_OF_OPENS: dict[str, Inline] = {
    "evt.is_open_read": Inline("(flags & 3 in (0, 2))", is_total=True),
    "evt.is_open_write": Inline("(flags & 3 in (1, 2))", is_total=True),
    "evt.is_open_exec": Inline(f"(mode & {flags.ANY_EXECUTE} != 0 and may_create(flags))", is_total=True, cost=30),
}


def _both(what: str, otherwise: str) -> Inline:
    """Both endpoints, if there are two."""
    both = "fd is not None and fd.local_ip and fd.remote_ip and fd.type in ('ipv4', 'ipv6')"
    return Inline(f"((fd.local_{what}, fd.remote_{what}) if {both} else {otherwise}(event))", cost=60)


def _endpoint(what: str, role: str, near: str, far: str) -> Inline:
    """The ``near`` side where the role holds, the ``far`` one where it does not."""
    sides = [f"(fd.{side}_{what} if fd.{side}_ip else None)" for side in (near, far)]
    return Inline(f"(None if {role} is None else {sides[0]} if {role} else {sides[1]})", cost=30)


def _of_sockets(role: str) -> dict[str, Inline]:
    server, client = ("local", "remote"), ("remote", "local")
    return {
        "fd.is_server": Inline(role),
        "fd.sip": _endpoint("ip", role, *server),
        "fd.snet": _endpoint("ip", role, *server),
        "fd.sport": _endpoint("port", role, *server),
        "fd.cip": _endpoint("ip", role, *client),
        "fd.cnet": _endpoint("ip", role, *client),
        "fd.cport": _endpoint("port", role, *client),
    }


_CODE |= {
    "fd.ip": _both("ip", "both_ips"),
    "fd.net": _both("ip", "both_nets"),
    "fd.port": _both("port", "both_ports"),
    **_of_sockets("server"),
}
_CODE_OF_SENDS = _of_sockets("sender")

_CALL = 150
_CALLS = {"evt.arg": 900, "evt.args": 5000, "proc.env": 500, "user.name": 200}
"""Nanoseconds to read a field by calling its reader, about."""
_PER_ANCESTOR = 700


def inline(read: Read, event_type: str) -> Inline | None:
    """The expression for a read in the function for ``event_type``; None where its reader must be called."""
    row = FIELDS.get(read.name)
    if row is None or row.read is None or read.source.get is not row.read:
        return None
    if event_type in _OPENS and row.name in _CODE_OF_OPENS:
        return _CODE_OF_OPENS[row.name]
    if event_type in _SENDS and row.name in _CODE_OF_SENDS:
        return _CODE_OF_SENDS[row.name]
    return _CODE.get(row.name) or _attributes(row.read)


def cost_of_read(read: Read, event_type: str) -> int:
    """About how many nanoseconds it takes to read a value."""
    found = inline(read, event_type)
    if found is not None:
        return found.cost
    return _PER_ANCESTOR if read.source.many is Many.SOME else _CALLS.get(read.name, _CALL)


def _attributes(reader: Callable[..., object]) -> Inline | None:
    """``process.name`` for ``attrgetter("process.name")``."""
    if not isinstance(reader, attrgetter):
        return None
    path = str(reader.__reduce__()[1][0])
    code = path if path.partition(".")[0] in BASES else f"event.{path}"
    return Inline(code, path in _TOTAL, _COSTLY.get(path, 10))
