"""io_uring opens, renames, connects … without a system call for it: it is seen all the same."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from engine.events import KernelEvent
from probes.kernel.btf import Btf
from tests.helpers.kernel import Watched, descriptor, watching
from tests.helpers.lab.images import compile_programs

pytestmark = [pytest.mark.live, pytest.mark.asyncio(loop_scope="module")]

NOT_HERE = 77
"""What our program ends with where io_uring is forbidden."""


@pytest.fixture(scope="module")
def uring(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("uring")
    compile_programs(folder)
    return str(folder / "uring")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kernel() -> AsyncIterator[Watched]:
    async with watching() as watched:
        yield watched


async def requests(kernel: Watched, *command: str, cwd: Path) -> list[KernelEvent]:
    """What a program asked io_uring for."""
    return [event for event in await kernel.run(*command, cwd=str(cwd)) if event.io_uring]


async def test_this_kernel_lets_requests_be_followed(uring: str) -> None:
    """Where it does not, the other tests of this module say nothing about it: there is then nothing to be seen, or no
    tracepoint that would tell it (before Linux 6.4)."""
    ended = subprocess.run([uring, "open", "/etc/hostname"], check=False)
    assert ended.returncode != NOT_HERE, "io_uring is disabled here: /proc/sys/kernel/io_uring_disabled"
    assert Btf.of_kernel().has_tracepoint("io_uring_submit_req")


@pytest.mark.parametrize("way", ["", "poll"])
async def test_an_open_tells_the_file_and_the_result(kernel: Watched, uring: str, tmp_path: Path, way: str) -> None:
    (event,) = await requests(kernel, *filter(None, (uring, way, "open", "/etc/passwd")), cwd=tmp_path)
    fd, stat = descriptor(event), Path("/etc/passwd").stat()
    assert (event.type, event.args["name"], event.args["dirfd"]) == ("openat", "/etc/passwd", -100)
    assert (fd.num, fd.type, fd.name, fd.path, fd.ino) == (event.res, "file", "/etc/passwd", "/etc/passwd", stat.st_ino)


async def test_a_relative_path_is_resolved(kernel: Watched, uring: str, tmp_path: Path) -> None:
    (event,) = await requests(kernel, uring, "create", "new", cwd=tmp_path)
    fd = descriptor(event)
    assert (event.bases, fd.name, fd.path, fd.created) == ({"name": str(tmp_path)}, f"{tmp_path}/new", fd.name, True)
    assert (event.args["flags"], event.args["mode"]) == (os.O_WRONLY | os.O_CREAT | 0o100000, 0o644)


async def test_an_open_that_fails_keeps_the_path(kernel: Watched, uring: str, tmp_path: Path) -> None:
    child = subprocess.run([uring, "open", "/nowhere"], check=False)
    assert child.returncode == 1
    event = await kernel.until(KernelEvent, type="openat", io_uring=True, res=-2)
    assert isinstance(event, KernelEvent)
    assert (descriptor(event).num, descriptor(event).name) == (-1, "/nowhere")


async def test_an_open_of_which_nothing_is_told_is_told(kernel: Watched, uring: str, tmp_path: Path) -> None:
    """IOSQE_CQE_SKIP_SUCCESS: the kernel leaves out the end of what succeeds."""
    (event,) = await requests(kernel, uring, "quiet", "open", "/etc/passwd", cwd=tmp_path)
    assert (event.res, descriptor(event).name) == (0, "/etc/passwd")


async def test_an_open_into_a_table_of_the_ring(kernel: Watched, uring: str, tmp_path: Path) -> None:
    """Its number is none of a descriptor: 0 is not standard input."""
    (event,) = await requests(kernel, uring, "slot", "open", "/etc/passwd", cwd=tmp_path)
    assert (event.res, descriptor(event).type, descriptor(event).name) == (0, "file", "/etc/passwd")


async def test_openat2_has_its_flags(kernel: Watched, uring: str, tmp_path: Path) -> None:
    (event,) = await requests(kernel, uring, "open2", "/etc/passwd", cwd=tmp_path)
    assert (event.type, int(event.args["flags"]) & os.O_CLOEXEC, event.args["resolve"]) == ("openat2", os.O_CLOEXEC, 0)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("rename f g", {"type": "renameat2", "oldpath": "f", "newpath": "g"}),
        ("link f g", {"type": "linkat", "oldpath": "f", "newpath": "g"}),
        ("symlink /etc/shadow g", {"type": "symlinkat", "target": "/etc/shadow", "linkpath": "g"}),
        ("unlink f", {"type": "unlinkat", "name": "f", "flags": 0}),
        ("mkdir d", {"type": "mkdirat", "path": "d", "mode": 0o750}),
    ],
)
async def test_changes_of_the_file_tree(
    kernel: Watched, uring: str, tmp_path: Path, words: str, told: dict[str, object]
) -> None:
    (tmp_path / "f").touch()
    (event,) = await requests(kernel, uring, *words.split(), cwd=tmp_path)
    assert {"type": event.type, **event.args, "res": event.res}.items() >= {**told, "res": 0}.items()
    assert set(event.bases.values()) == {str(tmp_path)}


async def test_sockets(kernel: Watched, uring: str, tmp_path: Path) -> None:
    (made,) = await requests(kernel, uring, "socket", cwd=tmp_path)
    assert (made.type, made.args["domain"], made.args["type"], descriptor(made).type) == ("socket", 2, 2, "ipv4")
    (connected,) = await requests(kernel, uring, "connect", "127.0.0.1", "9", cwd=tmp_path)
    assert (connected.type, connected.res, connected.args["addr"]) == ("connect", 0, "127.0.0.1:9")
    assert (descriptor(connected).remote_ip, descriptor(connected).remote_port) == ("127.0.0.1", 9)
    (sent,) = await requests(kernel, uring, "send", "127.0.0.1", "9", cwd=tmp_path)
    assert (sent.type, sent.res, descriptor(sent).remote_port, descriptor(sent).l4proto) == ("sendmsg", 5, 9, "udp")


async def test_a_send_without_a_copy_is_a_send(kernel: Watched, uring: str, tmp_path: Path) -> None:
    (sent,) = await requests(kernel, uring, "send-zc", "127.0.0.1", "9", cwd=tmp_path)
    assert (sent.type, sent.res, descriptor(sent).remote_port, descriptor(sent).l4proto) == ("sendto", 5, 9, "udp")
    assert (sent.args["addr"], sent.args["size"]) == ("127.0.0.1:9", 5)


async def test_a_server(kernel: Watched, uring: str, tmp_path: Path) -> None:
    if Btf.of_kernel().enumerator("io_uring_op", "IORING_OP_BIND") is None:
        pytest.skip("this kernel's io_uring has no bind and listen (before Linux 6.11)")
    (bound,) = await requests(kernel, uring, "bind", "127.0.0.1", "7707", cwd=tmp_path)
    assert (bound.type, bound.res, bound.args["addr"]) == ("bind", 0, "127.0.0.1:7707")
    assert (descriptor(bound).local_ip, descriptor(bound).local_port) == ("127.0.0.1", 7707)
    (listens,) = await requests(kernel, uring, "listen", "127.0.0.1", "7707", cwd=tmp_path)
    assert (listens.type, listens.res, listens.args["backlog"]) == ("listen", 0, 7)
    assert (descriptor(listens).local_port, descriptor(listens).is_server) == (7707, True)


async def test_each_of_many_connections_to_one_request_is_told(kernel: Watched, uring: str, tmp_path: Path) -> None:
    """The request is made once; it has not ended when the program has."""
    told = await requests(kernel, uring, "many", "accept", "127.0.0.1", "47193", cwd=tmp_path)
    accepted = [event for event in told if event.type == "accept4" and event.res is not None and event.res >= 0]
    assert len(accepted) == 3
    assert len({event.res for event in accepted}) == 3
    assert [event.since_boot for event in accepted] == sorted(event.since_boot for event in accepted)
    for event in accepted:
        fd = descriptor(event)
        assert (fd.num, fd.type, fd.local_port) == (event.res, "ipv4", 47193)


@pytest.mark.parametrize(("verb", "told"), [("connect", ("connect", 0)), ("send", ("sendmsg", 5))])
async def test_a_socket_in_a_table_of_the_ring(
    kernel: Watched, uring: str, tmp_path: Path, verb: str, told: tuple[str, int]
) -> None:
    (event,) = await requests(kernel, uring, "slot", verb, "127.0.0.1", "9", cwd=tmp_path)
    assert (event.type, event.res, descriptor(event).num) == (*told, 0)
    assert (descriptor(event).type, descriptor(event).remote_port) == ("ipv4", 9)


@pytest.mark.parametrize("way", ["poll", "quiet"])
async def test_every_way_of_submitting_tells_changes_and_connections(
    kernel: Watched, uring: str, tmp_path: Path, way: str
) -> None:
    (tmp_path / "f").touch()
    (renamed,) = await requests(kernel, uring, way, "rename", "f", "g", cwd=tmp_path)
    assert (renamed.type, renamed.args["oldpath"], renamed.args["newpath"]) == ("renameat2", "f", "g")
    (removed,) = await requests(kernel, uring, way, "unlink", "g", cwd=tmp_path)
    assert (removed.type, removed.args["name"], set(removed.bases.values())) == ("unlinkat", "g", {str(tmp_path)})
    (connected,) = await requests(kernel, uring, way, "connect", "127.0.0.1", "9", cwd=tmp_path)
    assert (connected.type, connected.args["addr"]) == ("connect", "127.0.0.1:9")


async def test_linked_requests_are_told_one_by_one(kernel: Watched, uring: str, tmp_path: Path) -> None:
    first, second = await requests(kernel, uring, "chain", "open", "/etc/passwd", cwd=tmp_path)
    assert [descriptor(event).name for event in (first, second)] == ["/etc/passwd"] * 2
    assert 0 <= (first.res or 0) < (second.res or 0)


async def test_what_is_linked_to_a_failure_is_not_done(kernel: Watched, uring: str, tmp_path: Path) -> None:
    child = subprocess.run([uring, "chain", "open", "/missing"], check=False)
    assert child.returncode == 1
    cancelled = await kernel.until(KernelEvent, type="openat", io_uring=True, res=-errno.ECANCELED)
    assert isinstance(cancelled, KernelEvent)
    assert (descriptor(cancelled).num, descriptor(cancelled).name) == (-1, "/missing")


async def test_what_the_ring_refuses_is_never_told_as_done(kernel: Watched, uring: str, tmp_path: Path) -> None:
    """A refused request is no event: the kernel does not even read its path."""
    child = subprocess.Popen([uring, "refuse", "open", "/etc/passwd"], stdout=subprocess.PIPE)
    assert child.communicate()[0] == f"{-errno.EACCES}\n".encode()
    await kernel.until(KernelEvent, type="procexit", pid=child.pid)
    told = [e.type for e in kernel.inputs if isinstance(e, KernelEvent) and e.pid == child.pid and e.io_uring]
    assert told == []
