"""Paths as the kernel side sends them, and as Falco names them."""

from __future__ import annotations

import posixpath


def text(raw: bytes) -> str:
    """Bytes as text, invalid UTF-8 written as ``\\xNN``."""
    return raw.decode("utf-8", "backslashreplace")


def joined(names: bytes) -> str:
    """A path from its names, leaf first, each ended by NUL, an empty one last for the root.

    A single name is what has no place in a tree, like ``memfd:x``, or the root itself, "/". Without the root at the
    end the walk was cut short: the path is not known, "".
    """
    *parts, _ = text(names).split("\0")
    if len(parts) == 1:
        return parts[0]
    if not parts or parts[-1]:
        return ""
    parts.reverse()
    return "/".join(parts)


def absolute(path: str, base: str) -> str:
    """Falco's ``fd.name``: made absolute with ``base`` and normalised, symbolic links not followed."""
    if not path.startswith("/"):
        if not base:
            return path
        path = f"{base}/{path}"
    if "//" in path or "/." in path or path.endswith("/"):
        return "/" + posixpath.normpath(path).lstrip("/")
    return path
