"""The paths that a system call is about: which parameter holds which, and how one is made absolute.

A path is relative to the working directory, or to the folder of a descriptor that stands before it. The kernel's record
names that folder (:attr:`engine.events.KernelEvent.bases`); without it the working directory serves where the call
says so (``AT_FDCWD``). Symbolic links are not followed: rules look at what a program asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from posixpath import join, normpath

from engine.schema import BY_NAME, Param, ParamType, event_type
from engine.state.event import Event

AT_FDCWD = -100

Read = Callable[[Event], str | None]
Parameters = Mapping[str, str]
"""By event type, the parameter that holds the path."""


def absolute(event: Event, param: Param, given: str) -> str:
    """A parameter's path: as given if it is absolute or its folder is not known, else absolute and normalised."""
    if not given or given.startswith("/"):
        return given
    base = _base(event, param)
    return normal(join(base, given)) if base else given


def normal(path: str) -> str:
    """Without ``.``, ``..`` and doubled slashes, as the text alone tells."""
    plain = normpath(path)
    return plain[1:] if plain.startswith("//") else plain


def _base(event: Event, param: Param) -> str:
    """The folder that the parameter is relative to; "" when it is not known."""
    if known := event.kernel.bases.get(param.name):
        return known
    if param.type is ParamType.FSRELPATH and _folder(event, param) != AT_FDCWD:
        return ""
    return event.process.cwd


def _folder(event: Event, param: Param) -> object:
    """The number of the descriptor against which the parameter is resolved: the last DIRFD before it."""
    number: object = None
    for each in event_type(event.kernel.type).params:
        if each is param:
            break
        if each.type is ParamType.DIRFD:
            number = event.kernel.args.get(each.name)
    return number


# ── the fields fs.path.* and evt.abspath* ───────────────────────────────────────────────────────────────────────────

_RENAMES = ("rename", "renameat", "renameat2")
_LINKS = ("link", "linkat")
_SYMLINKS = ("symlink", "symlinkat")

NAME: Parameters = {
    **dict.fromkeys(("open", "openat", "openat2", "creat", "unlinkat", "umount2"), "name"),
    **dict.fromkeys(("mkdir", "mkdirat", "rmdir", "unlink"), "path"),
    **dict.fromkeys(("chmod", "fchmodat"), "filename"),
}
"""Calls on one path. fchmod has none: its descriptor's name counts."""
SOURCE: Parameters = {
    **dict.fromkeys(_RENAMES, "oldpath"),
    **dict.fromkeys(_LINKS, "newpath"),
    **dict.fromkeys(_SYMLINKS, "linkpath"),
    "mount": "dev",
}
"""Falco's view of the two ends: a link's source is the new name, its target what the name stands for."""
TARGET: Parameters = {
    **dict.fromkeys(_RENAMES, "newpath"),
    **dict.fromkeys(_LINKS, "oldpath"),
    **dict.fromkeys(_SYMLINKS, "target"),
    "mount": "dir",
}
NAME_AT: Parameters = {
    **{kind: name for kind, name in NAME.items() if kind in ("openat", "openat2", "unlinkat", "mkdirat", "fchmodat")},
    "symlinkat": "linkpath",
}
"""The calls whose one path is relative to a descriptor."""
OLD_AT: Parameters = dict.fromkeys(("renameat", "renameat2", "linkat"), "oldpath")
NEW_AT: Parameters = dict.fromkeys(OLD_AT, "newpath")


def as_given(parameters: Parameters) -> Read:
    """Reads the path as the program gave it."""

    def read(event: Event) -> str | None:
        given = event.kernel.args.get(parameters.get(event.kernel.type, ""))
        return given if isinstance(given, str) else None

    return read


def resolved(parameters: Parameters) -> Read:
    """Reads the path, absolute and normalised."""
    given, params = as_given(parameters), {kind: _param(kind, name) for kind, name in parameters.items()}

    def read(event: Event) -> str | None:
        path = given(event)
        if not path:
            return None
        whole = absolute(event, params[event.kernel.type], path)
        return normal(whole) if whole.startswith("/") else whole

    return read


def of_success(read: Read) -> Read:
    """The same, missing when the call failed: nothing happened to the path then."""
    return lambda event: None if (event.kernel.res or 0) < 0 else read(event)


def _param(type_: str, name: str) -> Param:
    return next(param for param in BY_NAME[type_].params if param.name == name)
