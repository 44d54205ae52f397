"""The sensor's Unix socket: who may use it, and that only one sensor listens on a path."""

from __future__ import annotations

import contextlib
import grp
import os
import socket
import stat
import struct
from pathlib import Path
from types import TracebackType

from engine.errors import UsageError
from engine.invocation import command
from engine.locks import HeldError, locked

SOCKET = "/run/tiercel.sock"
"""Where a shared sensor listens unless told otherwise."""


class ListeningSocket:
    """A context manager: a bound socket that is its owner's alone (0600), or also a group's (0660).

    A lock beside the socket (``….lock``) makes sure that a socket found there is a dead sensor's, which is replaced.
    Raises UsageError when another sensor listens there or the path belongs to something else.
    """

    def __init__(self, path: Path, group: str = "") -> None:
        self._path = path
        self._group = group
        self._cleanup = contextlib.ExitStack()

    def __enter__(self) -> socket.socket:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(locked(self._path))
                listening = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
                _remove_stale(self._path)
                _bind(listening, self._path, self._group)
                stack.callback(_unlink, self._path, self._path.lstat().st_ino)
            except HeldError:
                raise _taken(self._path) from None
            except OSError as error:
                reason = error.strerror or str(error)
                raise UsageError(f"cannot listen on {self._path}: {reason}", hint="name another --socket") from error
            self._cleanup = stack.pop_all()
        return listening

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._cleanup.close()


def peer_uid(connected: socket.socket) -> int:
    """The user id of the process at the other end, as the kernel knows it (unix(7), SO_PEERCRED)."""
    credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    uid: int = struct.unpack("3i", credentials)[1]
    return uid


def _remove_stale(path: Path) -> None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(status.st_mode):
        raise UsageError(f"{path} exists and is not a socket", hint="name another --socket")
    if status.st_uid != os.geteuid():
        raise UsageError(f"{path} belongs to user {status.st_uid}", hint="name another --socket, or remove it")
    if _is_alive(path):
        raise _taken(path)
    path.unlink()


def _is_alive(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
    return True


def _bind(listening: socket.socket, path: Path, group: str) -> None:
    """Make the socket's file with its mode and its group from its first moment.

    To change them by path afterwards would be to change what somebody else may have put there meanwhile.
    """
    gid = _gid_of(group) if group else os.getegid()
    mode = 0o660 if group else 0o600
    os.fchmod(listening.fileno(), mode)  # bind(2) makes the file with the mode of the socket, less the umask
    umask, egid = os.umask(0o777 & ~mode), os.getegid()
    try:
        _become(gid, group)
        listening.bind(str(path))
    finally:
        os.setegid(egid)
        os.umask(umask)
    if group and path.lstat().st_gid != gid:
        path.unlink()
        raise UsageError(f"{path.parent} gives its own group to what is made in it", hint="name another --socket")


def _become(gid: int, group: str) -> None:
    try:
        os.setegid(gid)
    except PermissionError:
        raise UsageError(
            f"only root can let the group {group!r} in", hint=f"or start it as a member of it: newgrp {group}"
        ) from None


def _gid_of(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise UsageError(f"there is no group {group!r}", hint="getent group lists them") from None


def _unlink(path: Path, inode: int) -> None:
    """Remove the socket if it is still ours."""
    with contextlib.suppress(FileNotFoundError):
        if path.lstat().st_ino == inode:
            path.unlink()


def _taken(path: Path) -> UsageError:
    return UsageError(
        f"another sensor listens on {path}",
        hint=f"{command(f'attach {path}')} shows it; name another --socket to run a second one",
    )
