"""Python expressions for fields, for which a function call would cost more than the field is worth.

A reader that is an :func:`operator.attrgetter` tells its expression itself. :data:`_CODE` has those of others that are
asked often. Everything else is read by calling the row's reader. A test holds each expression against its reader.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from operator import attrgetter

from engine.lang.fields import FIELDS
from engine.lang.ir import Read

BASES = {
    "kernel": "kernel = event.kernel",
    "process": "process = event.process",
    "container": "container = event.container",
    "args": "args = kernel.args",
    "fd": "fd = kernel.fd",
    "parent": "parent = process.parent",
    "flags": 'flags = args.get("flags", 0)\nif flags.__class__ is not int: flags = 0',
}
"""Local names that expressions may use, with the statements that set them; each only rests on those above it."""
_NEEDS = {"args": {"kernel"}, "fd": {"kernel"}, "parent": {"process"}, "flags": {"kernel", "args"}}


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


@cache
def _bases(code: str) -> frozenset[str]:
    named = {node.id for node in ast.walk(ast.parse(code, mode="eval")) if isinstance(node, ast.Name)} & BASES.keys()
    return frozenset(named.union(*(_NEEDS.get(name, set()) for name in named)))


_OPENS = frozenset({"open", "openat", "openat2", "open_by_handle_at"})
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
    "fd.name": Inline("(fd.name if fd is not None and (fd.name or fd.type) else None)"),
    "fd.num": Inline("(fd.num if fd is not None else None)"),
    "fd.type": Inline("((fd.type or None) if fd is not None else None)"),
    "fd.directory": Inline(_FD_DIRECTORY, cost=90),
    "fd.filename": Inline(
        "(fd.name.rpartition('/')[2] if fd is not None and fd.type in ('file', 'memfd') else None)", cost=80
    ),
    "fd.l4proto": Inline("((fd.l4proto or None) if fd is not None else None)"),
    "container.id": Inline("('host' if container is None else container.id[:12])", is_total=True, cost=30),
    "evt.failed": Inline("(kernel.res is not None and kernel.res < 0)", is_total=True),
}
_OF_OPENS: dict[str, Inline] = {
    "evt.is_open_read": Inline("(flags & 3 in (0, 2))", is_total=True),
    "evt.is_open_write": Inline("(flags & 3 in (1, 2))", is_total=True),
}


def inline(read: Read, event_type: str) -> Inline | None:
    """The expression for a read in the function for ``event_type``; None where its reader must be called."""
    row = FIELDS.get(read.name)
    if row is None or row.read is None or read.source.get is not row.read:
        return None
    if event_type in _OPENS and row.name in _OF_OPENS:
        return _OF_OPENS[row.name]
    return _CODE.get(row.name) or _attributes(row.read)


def _attributes(reader: Callable[..., object]) -> Inline | None:
    """``event.process.name`` for ``attrgetter("process.name")``."""
    if not isinstance(reader, attrgetter):
        return None
    path = str(reader.__reduce__()[1][0])
    base = path.partition(".")[0]
    code = path if base in BASES else f"event.{path}"
    return Inline(code, path in _TOTAL, _COSTLY.get(path, 10))
