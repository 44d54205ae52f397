"""What an event is about, in a few words: the file, the address, the process it was done to.

The screen shows it as *What*, and an alert carries it as ``target``.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.lang.arguments import text_of
from engine.state.event import Event


def target(event: Event) -> str:
    """The file, address or name that ``event`` is about; "" when there is nothing to name."""
    return _BY_TYPE.get(event.kernel.type, _named)(event)


def _named(event: Event) -> str:
    fd = event.kernel.fd
    if fd is not None and fd.name:
        return fd.name
    return next((str(value) for name in _NAMING if (value := event.kernel.args.get(name))), "")


def _program(event: Event) -> str:
    failed = event.kernel.process is None
    return str(event.kernel.args.get("filename", "")) if failed else event.process.exepath


def _link(event: Event) -> str:
    args = event.kernel.args
    return f"{args.get('linkpath') or args.get('newpath', '')} → {args.get('target') or args.get('oldpath', '')}"


def _move(event: Event) -> str:
    args = event.kernel.args
    return f"{args.get('oldpath', '')} → {args.get('newpath', '')}"


def _traced(event: Event) -> str:
    request = text_of(event, "request")
    pid = event.kernel.args.get("pid")
    return f"{request} {pid}" if pid else request


def _flags(event: Event) -> str:
    name = "nstype" if event.kernel.type == "setns" else "flags"
    return text_of(event, name)


_NAMING = ("path", "name", "filename", "dir", "uargs", "dev")
"""Parameters that name a thing, the most telling first."""

_BY_TYPE: dict[str, Callable[[Event], str]] = {
    "execve": _program,
    "execveat": _program,
    "symlink": _link,
    "symlinkat": _link,
    "link": _link,
    "linkat": _link,
    "rename": _move,
    "renameat": _move,
    "renameat2": _move,
    "ptrace": _traced,
    "unshare": _flags,
    "setns": _flags,
}
