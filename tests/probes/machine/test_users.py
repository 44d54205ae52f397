"""Users of containers: their files are hostile, and the reader is root."""

from __future__ import annotations

import ctypes
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.events import HOST, Users
from probes.machine import users
from probes.machine.users import (
    MAX_REMEMBERED,
    MAX_STUCK,
    TRIES,
    UsersOnce,
    read_host_users,
    read_users,
    read_users_in_time,
)
from tests.helpers.world import WEB

Enter = Callable[[], int]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The root directory of a pretended container, with an empty /etc."""
    (tmp_path / "etc").mkdir()
    return tmp_path


@pytest.fixture
def enter(root: Path) -> Iterator[Enter]:
    """Starts a process whose root directory is ``root``; returns its pid."""
    processes: list[subprocess.Popen[bytes]] = []

    def start() -> int:
        if os.getuid() != 0:
            pytest.fail("chroot needs root: run as root or with sudo")
        busybox = root / "busybox"
        busybox.write_bytes(Path("/bin/busybox").read_bytes())
        busybox.chmod(0o755)
        command = ["chroot", str(root), "/busybox", "sh", "-c", "echo ready; exec /busybox cat"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        return process.pid

    yield start
    for process in processes:
        process.communicate()


def test_the_names_of_a_container(root: Path, enter: Enter) -> None:
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\nwheel:x:10:app\n")
    found = read_users(enter(), WEB)
    assert found.container_id == WEB
    assert found.users == {0: "root", 1000: "app"}
    assert found.groups == {0: "root", 10: "wheel"}


def test_missing_files_give_nothing(enter: Enter) -> None:
    found = read_users(enter(), WEB)
    assert (found.users, found.groups) == ({}, {})


def test_a_process_that_has_ended_gives_nothing() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert read_users(ended.pid, WEB).users == {}


def test_bad_lines_are_skipped_and_the_first_of_a_number_counts(root: Path, enter: Enter) -> None:
    lines = ["", "#:", "nobody", "a:x:-1:", "b:x:four:", ":x:4:", "c:x:٤:", "d:x:99999999999:", f"{'e' * 300}:x:6:"]
    (root / "etc/passwd").write_text("\n".join([*lines, "real:x:5:5:", "late:x:5:5:"]))
    assert read_users(enter(), WEB).users == {5: "real"}


def test_invalid_utf8_is_shown_as_it_is(root: Path, enter: Enter) -> None:
    (root / "etc/passwd").write_bytes(b"m\xffller:x:1:1:\n")
    assert read_users(enter(), WEB).users == {1: "m\\xffller"}


@pytest.mark.parametrize("link", ["/etc/passwd", "../../../../../../../../etc/passwd", "/proc/self/root/etc/passwd"])
def test_a_link_in_the_container_does_not_lead_to_the_host(root: Path, enter: Enter, link: str) -> None:
    (root / "etc/passwd").symlink_to(link)
    assert read_users(enter(), WEB).users == {}


def test_a_linked_etc_does_not_lead_to_the_host(root: Path, enter: Enter) -> None:
    (root / "etc").rmdir()
    (root / "etc").symlink_to("/etc")
    assert read_users(enter(), WEB).users == {}


def test_a_fifo_or_a_directory_is_no_file_of_names(root: Path, enter: Enter) -> None:
    os.mkfifo(root / "etc/passwd")
    (root / "etc/group").mkdir()
    found = read_users(enter(), WEB)
    assert (found.users, found.groups) == ({}, {})


def test_an_endless_file_is_read_to_a_bound(root: Path, enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "MAX_BYTES", 40)
    (root / "etc/passwd").write_text("".join(f"u{n}:x:{n}:\n" for n in range(1000)))
    assert 0 < len(read_users(enter(), WEB).users) < 10


def test_a_process_that_has_the_hosts_root_is_not_yet_in_its_container() -> None:
    assert read_users(os.getpid(), WEB).users == {}


def test_the_names_of_the_host() -> None:
    assert read_host_users().users[0] == "root"


def test_a_file_system_that_never_answers_is_given_up(root: Path, enter: Enter) -> None:
    pid = enter()
    libc = ctypes.CDLL(None, use_errno=True)
    device = os.open("/dev/fuse", os.O_RDWR)  # nobody will read the kernel's questions from it
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
    try:
        assert libc.mount(b"hostile", str(root / "etc").encode(), b"fuse", 0, options) == 0, ctypes.get_errno()
        assert read_users_in_time(pid, WEB).users == {}
    finally:
        os.close(device)  # ends the file system, and with it what hangs in it
        libc.umount2(str(root / "etc").encode(), 2)


def test_names_are_read_in_time(root: Path, enter: Enter) -> None:
    (root / "etc/passwd").write_text("app:x:1000:1000::/:/bin/sh\n")
    assert read_users_in_time(enter(), WEB, seconds=30).users == {1000: "app"}


def test_where_no_thread_can_be_had_there_are_no_names_and_later_there_are(root: Path, enter: Enter) -> None:
    """As in a fork bomb, or within a limit on processes."""
    (root / "etc/passwd").write_text("app:x:1000:1000::/:/bin/sh\n")
    pid, before = enter(), threading.stack_size(1 << 46)  # no machine has room for this stack
    try:
        for _ in range(2 * MAX_STUCK):
            assert read_users_in_time(pid, WEB, seconds=30).users == {}
    finally:
        threading.stack_size(before)
    assert read_users_in_time(pid, WEB, seconds=30).users == {1000: "app"}


# ── once for each container ─────────────────────────────────────────────────────────────────────────────────────────


class Reader:
    """Reads what is in place by then; counts how often."""

    def __init__(self) -> None:
        self.times = 0
        self.users: dict[int, str] = {}

    def read(self, _pid: int, container_id: str) -> Users:
        self.times += 1
        return Users(container_id=container_id, users=self.users)


def test_names_are_given_once_and_again_as_long_as_the_file_system_is_not_in_place() -> None:
    reader = Reader()
    once = UsersOnce(reader.read)
    assert once.of(1, "web") == []
    reader.users = {33: "www-data"}
    assert once.of(1, "web") == [Users(container_id="web", users={33: "www-data"})]
    assert once.of(1, "web") == once.of(1, HOST) == []
    assert reader.times == 2


def test_a_container_without_names_is_not_read_for_each_of_its_processes() -> None:
    reader = Reader()
    once = UsersOnce(reader.read)
    for pid in range(10_000):
        assert once.of(pid, "from scratch") == []
    assert reader.times == TRIES


def test_containers_that_come_and_go_for_ever_are_not_remembered_for_ever() -> None:
    once = UsersOnce(Reader().read)
    for number in range(2 * MAX_REMEMBERED):
        once.of(1, f"{number:064x}")
    assert len(once) == MAX_REMEMBERED
