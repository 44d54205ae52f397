"""Files, sockets and programs reached by a detour: what is told is what was reached."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from engine.events import KernelEvent
from engine.pushdown.atoms import Match, Subject, TextTest
from engine.pushdown.clauses import only as only_if
from engine.pushdown.filter import Filter
from tests.helpers.kernel import Watched, descriptor, only, watching
from tests.helpers.lab.images import compile_programs

pytestmark = [pytest.mark.live, pytest.mark.asyncio(loop_scope="module")]

SECRET = "/etc/shadow"


@pytest.fixture(scope="module")
def detour(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("detour")
    compile_programs(folder)
    return str(folder / "detour")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kernel() -> AsyncIterator[Watched]:
    async with watching() as watched:
        yield watched


def opened(events: list[KernelEvent], path: str) -> KernelEvent:
    """The last open of the file that lies at ``path`` in our eyes."""
    stat = Path(path).stat()
    same = [e for e in events if e.fd is not None and (e.fd.dev, e.fd.ino) == (stat.st_dev, stat.st_ino)]
    assert same, [(e.type, e.fd and e.fd.path) for e in events]
    return same[-1]


# ── sockets in the place of standard input ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("way", "kind"),
    [("dup", "dup"), ("dup2", "dup2"), ("dup3", "dup3"), ("fcntl", "dup"), ("fcntl-cloexec", "dup")],
)
async def test_a_socket_on_standard_input(kernel: Watched, detour: str, way: str, kind: str) -> None:
    """By fcntl, too, which is told as the dup that it is; its other commands are not told."""
    events = await kernel.run(detour, "socket-by", way, "127.0.0.1", "9")
    duplicate = only([e for e in events if e.type in ("dup", "dup2", "dup3")], kind)
    assert (duplicate.res, descriptor(duplicate).num, descriptor(duplicate).type) == (0, 0, "ipv4")
    assert (descriptor(duplicate).remote_ip, descriptor(duplicate).remote_port) == ("127.0.0.1", 9)


async def test_an_address_written_over_while_the_call_runs(kernel: Watched, detour: str) -> None:
    """By another thread: the address is what stood there at the end, the connection is the one that was made."""
    first, second = (e for e in await kernel.run(detour, "address", "127.0.0.2") if e.type == "connect")
    assert str(second.args["addr"]).startswith("127.0.0.2:")
    assert (descriptor(second).remote_ip, second.res) == ("127.0.0.1", 0)
    assert descriptor(second).remote_port == descriptor(first).remote_port


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2"])
async def test_the_kernel_filters_a_connect_by_what_it_connected_to(detour: str, address: str) -> None:
    """Written over by a harmless address, it would not leave the kernel else; by a wanted one, it would."""
    wanted = Filter({"connect": only_if(TextTest(Subject.PEER, Match.EXACT, (address,)))})
    async with watching(wanted_filter=lambda: wanted) as watched:
        filters = watched.source.filters
        assert filters is not None
        watched.source.select({"connect"})
        await filters.settled.wait()
        events = [e for e in await watched.run(detour, "address", "127.0.0.2") if e.type == "connect"]
    assert [descriptor(e).remote_ip for e in events] == (["127.0.0.1"] * 2 if address == "127.0.0.1" else [])


async def test_a_unix_socket_reached_by_a_link(kernel: Watched, detour: str, tmp_path: Path) -> None:
    """The name is the one that was given, the path is the one that the server took."""
    link = tmp_path / "harmless"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "docker.sock"))
        server.listen()
        link.symlink_to(tmp_path / "docker.sock")
        connect = str(Path(detour).with_name("connect-unix"))
        fd = descriptor(only(await kernel.run(connect, str(link)), "connect"))
    assert (fd.type, fd.name, fd.path) == ("unix", str(link), str(tmp_path / "docker.sock"))


# ── paths ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_path_written_over_while_the_call_runs(kernel: Watched, detour: str, tmp_path: Path) -> None:
    """By another thread: the name is what stood there at the end, the path is that of the file which is open."""
    fifo, harmless = tmp_path / "fifo", tmp_path / "harmless"
    os.mkfifo(fifo)
    harmless.touch()
    events = await kernel.run(detour, "written-over", str(fifo), str(harmless))
    event = next(e for e in events if e.args.get("name") == str(harmless))
    fd, stat = descriptor(event), fifo.stat()
    assert (fd.name, fd.path) == (str(harmless), str(fifo))
    assert (fd.ino, fd.dev) == (stat.st_ino, stat.st_dev)


async def test_a_file_opened_again_by_its_number(kernel: Watched, detour: str) -> None:
    event = opened(await kernel.run(detour, "number", SECRET), SECRET)
    assert descriptor(event).name.startswith("/proc/self/fd/")
    assert descriptor(event).path == SECRET


async def test_a_file_below_the_root_of_a_process(kernel: Watched, detour: str) -> None:
    event = opened(await kernel.run(detour, "open", f"/proc/self/root{SECRET}"), SECRET)
    assert (descriptor(event).name, descriptor(event).path) == (f"/proc/self/root{SECRET}", SECRET)


async def test_links(kernel: Watched, detour: str, tmp_path: Path) -> None:
    """A symbolic one is followed; a hard one is a name like any other of the same file."""
    file, hard, symbolic = tmp_path / "file", tmp_path / "hard", tmp_path / "symbolic"
    file.touch()
    hard.hardlink_to(file)
    symbolic.symlink_to(file)
    by_hard = opened(await kernel.run(detour, "open", str(hard)), str(file))
    by_symbolic = opened(await kernel.run(detour, "open", str(symbolic)), str(file))
    assert (descriptor(by_hard).name, descriptor(by_hard).path) == (str(hard), str(hard))
    assert (descriptor(by_symbolic).name, descriptor(by_symbolic).path) == (str(symbolic), str(file))


async def test_another_root_folder(kernel: Watched, detour: str, tmp_path: Path) -> None:
    """The name is the program's; the path, and what relative names begin with, are those of the mount namespace."""
    (tmp_path / "secret").touch()
    events = await kernel.run(detour, "root", str(tmp_path), "/secret")
    assert (only(events, "chroot").args["path"], only(events, "chroot").res) == (str(tmp_path), 0)
    absolute, relative = (e for e in events if e.args.get("name") in ("/secret", "secret"))
    assert (descriptor(absolute).name, descriptor(absolute).path) == ("/secret", f"{tmp_path}/secret")
    assert (descriptor(relative).name, descriptor(relative).path) == (f"{tmp_path}/secret", f"{tmp_path}/secret")


async def test_another_root_mount(kernel: Watched, detour: str, tmp_path: Path) -> None:
    """As a container has it: there paths begin at the new root."""
    (tmp_path / "secret").touch()
    events = await kernel.run(detour, "pivot", str(tmp_path), "/secret")
    turned = only(events, "pivot_root")
    assert (turned.args["new_root"], turned.args["put_old"], turned.res) == (".", ".", 0)
    assert set(turned.bases.values()) <= {str(tmp_path), "/"}
    event = opened(events, f"{tmp_path}/secret")
    assert (descriptor(event).name, descriptor(event).path) == ("/secret", "/secret")


async def test_a_bind_mount(kernel: Watched, detour: str, tmp_path: Path) -> None:
    """The path is the one by which the file was reached; nothing says where else it may be found."""
    there, place = tmp_path / "there", tmp_path / "place"
    there.mkdir()
    place.mkdir()
    (there / "secret").touch()
    event = opened(await kernel.run(detour, "bind", str(there), str(place), "secret"), f"{there}/secret")
    assert (descriptor(event).name, descriptor(event).path) == (f"{place}/secret", f"{place}/secret")


@pytest.mark.parametrize(("depth", "length"), [(25, 200), (100, 3)])
async def test_a_path_longer_than_any_call_takes(
    kernel: Watched, detour: str, tmp_path: Path, depth: int, length: int
) -> None:
    """Made step by step; PATH_MAX is what a single call may be given."""
    events = await kernel.run(detour, "deep", str(depth), str(length), "secret", cwd=str(tmp_path))
    path = str(tmp_path) + f"/{'d' * length}" * depth + "/secret"
    event = next(e for e in events if e.args.get("name") == "secret")
    assert (descriptor(event).path, descriptor(event).name) == (path, path)


async def test_a_path_too_deep_to_be_told(kernel: Watched, detour: str, tmp_path: Path) -> None:
    """The kernel side walks 128 names up: there is no path then, the name is as it was given, the file is told."""
    event = next(
        e
        for e in await kernel.run(detour, "deep", "200", "3", "secret", cwd=str(tmp_path))
        if e.args.get("name") == "secret"
    )
    assert (descriptor(event).type, descriptor(event).path, descriptor(event).name) == ("file", "", "secret")
    assert descriptor(event).ino == Path(str(tmp_path) + "/ddd" * 200 + "/secret").stat().st_ino


async def test_a_way_up_from_too_deep_a_folder(kernel: Watched, detour: str, tmp_path: Path) -> None:
    """The folder is not known, and neither is the name: but where it led is."""
    way = "../" * (200 + len(tmp_path.parts)) + SECRET[1:]
    events = await kernel.run(detour, "deep", "200", "3", way, cwd=str(tmp_path))
    assert {(descriptor(e).name, descriptor(e).path) for e in events if e.args.get("name") == way} == {(SECRET, SECRET)}


async def test_a_file_opened_by_its_number_in_the_file_system(kernel: Watched, detour: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.touch()
    events = await kernel.run(detour, "handle", "secret", cwd=str(tmp_path))
    asked = only(events, "name_to_handle_at")
    assert (asked.args["pathname"], asked.bases["pathname"], asked.res) == ("secret", str(tmp_path), 0)
    assert descriptor(only(events, "open_by_handle_at")).path == str(secret)


@pytest.mark.parametrize("way", ["sendfile", "splice", "copy_file_range"])
async def test_a_copy_made_in_the_kernel(kernel: Watched, detour: str, tmp_path: Path, way: str) -> None:
    """No call reads the file; it was opened before."""
    events = await kernel.run(detour, "copy-by", way, SECRET, str(tmp_path / "copy"))
    assert (descriptor(opened(events, SECRET)).path, opened(events, SECRET).args["flags"]) == (SECRET, 0)
    written = opened(events, str(tmp_path / "copy"))
    assert (int(written.args["flags"]) & os.O_WRONLY, descriptor(written).created) == (os.O_WRONLY, True)


# ── mounts ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_mount_without_mount(kernel: Watched, detour: str, tmp_path: Path) -> None:
    events = await kernel.run(detour, "mount", str(tmp_path))
    assert only(events, "fsopen").args["fsname"] == "tmpfs"
    mounted, moved = only(events, "fsmount"), only(events, "move_mount")
    assert (moved.args["from_dirfd"], moved.args["to_path"], moved.res) == (mounted.res, str(tmp_path), 0)
    assert moved.args["flags"] == 4


async def test_a_copy_of_a_mount(kernel: Watched, detour: str, tmp_path: Path) -> None:
    events = await kernel.run(detour, "copy-mount", "/etc", str(tmp_path))
    tree, moved = only(events, "open_tree"), only(events, "move_mount")
    assert (descriptor(tree).name, int(tree.args["flags"]) & 1) == ("/etc", 1)
    assert (moved.args["from_dirfd"], moved.args["to_path"]) == (tree.res, str(tmp_path))


async def test_a_device_made_by_its_number(kernel: Watched, detour: str, tmp_path: Path) -> None:
    made = next(e for e in await kernel.run(detour, "device", str(tmp_path / "sda"), "8", "0") if "mknod" in e.type)
    name = made.args["path"]
    assert (name, made.res, made.args["dev"]) == (str(tmp_path / "sda"), 0, 8 << 8)
    assert made.args["mode"] == 0o060600


# ── who did it ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_thread_of_another_name(kernel: Watched, detour: str) -> None:
    """The thread is called as it wants; the process is the one that was executed."""
    events = await kernel.run(detour, "thread", SECRET)
    event = opened(events, SECRET)
    assert (event.comm, event.tid != event.pid) == ("kworker/u8:3", True)
    started = only(events, "execve").process
    assert started is not None
    assert (started.comm, started.exepath, started.start) == ("detour", detour, event.start)


async def test_a_thread_whose_first_thread_has_ended(kernel: Watched, detour: str) -> None:
    events = await kernel.run(detour, "leader-gone", SECRET)
    event = opened(events, SECRET)
    assert event.tid != event.pid
    assert (event.pid, event.start) == (events[0].pid, events[0].start)
    assert [e.type for e in events].count("procexit") == 1
    assert events[-1].type == "procexit"


async def test_a_name_written_into_proc(kernel: Watched, detour: str) -> None:
    """No call but a write tells of it; the next event has the name, and the process its program."""
    events = await kernel.run(detour, "name", "kworker/0:1", SECRET)
    assert opened(events, SECRET).comm == "kworker/0:1"
    assert opened(events, SECRET).start == events[0].start


async def test_a_child_in_the_memory_of_its_parent(kernel: Watched, detour: str) -> None:
    """vfork: both have the same memory until the child has executed a program."""
    events = await kernel.run(detour, "vfork", "/bin/true")
    born = only(events, "clone")
    child = [e for e in kernel.inputs if isinstance(e, KernelEvent) and e.pid == born.res]
    begun = only(child, "execve").process
    assert begun is not None
    assert (begun.ppid, begun.exe, child[-1].type) == (born.pid, "/bin/true", "procexit")
    assert (events[0].comm, only(events, "procexit").comm) == ("detour", "detour")
