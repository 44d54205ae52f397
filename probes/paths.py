"""Paths as the kernel side sends them, and as Falco names them."""

from __future__ import annotations

import posixpath
from functools import lru_cache


def text(raw: bytes) -> str:
    """Bytes as text, invalid UTF-8 written as ``\\xNN``."""
    return raw.decode("utf-8", "backslashreplace")


def joined(names: bytes) -> str:
    """A path from its names, leaf first, each ended by NUL, an empty one last for the root.

    A single name is what has no place in a tree, like ``memfd:x``, or the root itself, "/". Without the root at the
    end the walk was cut short: the path is not known, "".
    """
    leaf, _, above = names.partition(b"\0")
    folder = _folder(above)
    return f"{folder}{text(leaf)}" if folder else _alone(names)


@lru_cache(maxsize=1024)
def _folder(names: bytes) -> str:
    """The path of a folder with a slash behind it, "" where there is none: most files lie in few folders."""
    parts = text(names).split("\0")[:-1]
    return "/".join([*reversed(parts), ""]) if parts and not parts[-1] else ""


def _alone(names: bytes) -> str:
    *parts, _ = text(names).split("\0")
    return parts[0] if len(parts) == 1 else ""


def absolute(path: str, base: str) -> str:
    """Falco's ``fd.name``: made absolute with ``base`` and normalised, symbolic links not followed."""
    if path[:1] != "/":
        if not base:
            return path
        path = f"{base}/{path}"
    if "/." in path or "//" in path or path[-1] == "/":
        return "/" + posixpath.normpath(path).lstrip("/")
    return path
