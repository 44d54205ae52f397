"""Who may use a sensor's socket, whatever the folder it lies in does."""

from __future__ import annotations

import contextlib
import ctypes
import grp
import os
import stat
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.service.sockets import ListeningSocket

IN_ATTRIB, IN_CREATE = 0x4, 0x100
NAME = "sensor.sock"


@contextlib.contextmanager
def watched(folder: Path, mask: int) -> Iterator[Callable[[], list[tuple[int, str]]]]:
    """What inotify(7) tells of the files in a folder: (event, name)."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    assert libc.inotify_add_watch(descriptor, os.fsencode(folder), mask) >= 0

    def events() -> list[tuple[int, str]]:
        data, found = os.read(descriptor, 65536), []
        while data:
            _, event, _, length = struct.unpack_from("=iIII", data)
            found.append((event, data[16 : 16 + length].rstrip(b"\0").decode()))
            data = data[16 + length :]
        return found

    try:
        yield events
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def another_group() -> grp.struct_group:
    """A group that this process does not make files with."""
    return next(group for group in grp.getgrall() if group.gr_gid != os.getegid())


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a socket to another group")


@pytest.mark.parametrize("mask", [0, 0o022, 0o777])
def test_the_socket_has_its_mode_from_its_first_moment(tmp_path: Path, mask: int) -> None:
    """Who changes it later, by path, may change what somebody else has put there."""
    with umask(mask), watched(tmp_path, IN_CREATE | IN_ATTRIB) as events, ListeningSocket(tmp_path / NAME):
        assert [event for event, name in events() if name == NAME] == [IN_CREATE]
        assert stat.S_IMODE((tmp_path / NAME).lstat().st_mode) == 0o600
        assert os.umask(mask) == mask


@needs_root
def test_the_socket_has_its_group_from_its_first_moment(tmp_path: Path) -> None:
    group, ours = another_group(), os.getegid()
    with (
        umask(0o077),
        watched(tmp_path, IN_CREATE | IN_ATTRIB) as events,
        ListeningSocket(tmp_path / NAME, group.gr_name),
    ):
        assert [event for event, name in events() if name == NAME] == [IN_CREATE]
        status = (tmp_path / NAME).lstat()
        assert (stat.S_IMODE(status.st_mode), status.st_gid) == (0o660, group.gr_gid)
        assert os.getegid() == ours


@needs_root
def test_a_folder_that_gives_its_own_group_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o2755)
    with (
        pytest.raises(UsageError, match="its own group") as caught,
        ListeningSocket(tmp_path / NAME, another_group().gr_name),
    ):
        pass
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("")
    (tmp_path / NAME).symlink_to(other)
    mode = other.stat().st_mode
    with pytest.raises(UsageError, match="not a socket"), ListeningSocket(tmp_path / NAME):
        pass
    assert other.stat().st_mode == mode


@needs_root
def test_without_the_right_to_a_group_it_is_said_what_to_do(tmp_path: Path) -> None:
    answer, told = os.pipe()
    if not (child := os.fork()):
        os.dup2(told, 1)
        _try_as_nobody(tmp_path / NAME, another_group().gr_name)
    os.close(told)
    os.waitpid(child, 0)
    assert b"newgrp" in os.read(answer, 1000)
    os.close(answer)


def _try_as_nobody(path: Path, group: str) -> None:
    """Ends the process."""
    path.parent.chmod(0o777)
    os.chdir(path.parent)
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    try:
        with ListeningSocket(Path(path.name), group):
            pass
    except UsageError as error:
        os.write(1, error.hint.encode())
    finally:
        os._exit(0)
