"""Real system calls, seen by the real kernel: each must arrive with the right fields."""

from __future__ import annotations

import asyncio
import errno
import os
import pty
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from engine.errors import SourceError
from engine.events import HOST, KernelEvent, ProcessInfo, Snapshot
from engine.schema import EVENT_TYPES
from engine.state.processes import Process
from probes.machine import snapshots
from probes.machine.cgroups import hierarchies
from probes.machine.clocks import TICK
from tests.helpers.kernel import Watched, attached_programs, descriptor, only, snapshot, watching

pytestmark = [pytest.mark.live, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kernel() -> AsyncIterator[Watched]:
    async with watching(environment=True) as watched:
        yield watched


def program_of(event: KernelEvent) -> ProcessInfo:
    assert event.process is not None
    return event.process


# ── programs ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_exec_tells_everything_about_the_new_program(kernel: Watched, tmp_path: Path) -> None:
    events = await kernel.run("/bin/echo", "-n", "one", "two words", cwd=str(tmp_path), COLOUR="blue")
    event = only(events, "execve")
    process, program = program_of(event), Path("/bin/echo").resolve()
    assert (process.exe, process.args) == ("/bin/echo", ["-n", "one", "two words"])
    assert (process.exepath, process.cwd, process.comm) == (str(program), str(tmp_path), "echo")
    assert "COLOUR=blue" in process.env
    assert (event.ppid, process.ppid, process.vpid) == (os.getpid(), os.getpid(), event.pid)
    assert (process.sid, process.pgid) == (os.getsid(0), os.getpgid(0))
    assert (process.uid, process.gid, event.uid) == (os.geteuid(), os.getegid(), os.geteuid())
    assert process.cap_effective == event.cap_effective != 0
    stat = program.stat()
    assert (process.exe_ino, process.exe_ctime, process.exe_mtime) == (stat.st_ino, stat.st_ctime_ns, stat.st_mtime_ns)
    assert (event.res, event.args["filename"]) == (0, "/bin/echo")
    assert not process.is_exe_from_memfd
    assert not process.is_exe_upper_layer


async def test_an_exec_on_a_terminal_tells_it_and_the_groups(kernel: Watched) -> None:
    """A session of its own, as of somebody who logged in: its leader, and a process in a group of its own."""
    ours, theirs = pty.openpty()
    script = "echo 7 > /proc/self/loginuid; set -m; /bin/cat /proc/self/loginuid"
    child = await asyncio.create_subprocess_exec(
        *("setsid", "--ctty", "--wait", "sh", "-c", script), stdin=theirs, stdout=subprocess.PIPE, stderr=theirs
    )
    printed, _ = await child.communicate()
    device = os.fstat(theirs).st_rdev
    os.close(ours)
    os.close(theirs)
    await kernel.until(KernelEvent, type="procexit", pid=child.pid)
    executed = (e.process for e in kernel.inputs if isinstance(e, KernelEvent) and e.type == "execve" and e.process)
    leader, member = (process for process in executed if process.tty == device)
    assert (leader.comm, member.comm) == ("sh", "cat")
    assert leader.sid == leader.pgid == leader.vpgid == leader.pid == member.sid
    assert member.pgid == member.vpgid == member.pid == member.vpid
    assert member.loginuid == int(printed) == 7


async def test_an_exec_tells_the_capabilities_that_are_left(kernel: Watched) -> None:
    limit = ("--inh-caps=+net_raw", "--bounding-set=-sys_module", "--reuid=1000", "--clear-groups", "--regid=1001")
    child = await asyncio.create_subprocess_exec("setpriv", *limit, "cat", "/proc/self/status", stdout=subprocess.PIPE)
    printed, _ = await child.communicate()
    await kernel.until(KernelEvent, type="procexit", pid=child.pid)
    status = dict(line.split(":\t", 1) for line in printed.decode().splitlines())
    begun = [e for e in kernel.inputs if isinstance(e, KernelEvent) and e.pid == child.pid and e.type == "execve"][-1]
    process = program_of(begun)
    told = (process.cap_effective, process.cap_permitted, process.cap_inheritable)
    assert told == tuple(int(status[name], 16) for name in ("CapEff", "CapPrm", "CapInh"))
    assert process.cap_inheritable != 0 == process.cap_effective
    assert (begun.uid, begun.gid, process.uid, process.gid) == (1000, 1001, 1000, 1001)


async def test_a_fork_comes_before_the_exec_of_the_child(kernel: Watched) -> None:
    events = await kernel.run("/bin/true")
    fork = next(e for e in kernel.inputs if isinstance(e, KernelEvent) and e.type == "clone" and e.res == events[0].pid)
    child = program_of(fork)
    assert (fork.pid, child.pid, child.ppid) == (os.getpid(), events[0].pid, os.getpid())
    assert child.start == events[0].start
    assert [e.type for e in events][-1] == "procexit"


async def test_threads_are_no_processes(kernel: Watched) -> None:
    code = "import threading\nmark()\nt = threading.Thread(target=lambda: open('/etc/hostname'))\nt.start()\nt.join()"
    events = await kernel.python(code)
    assert "clone" not in [e.type for e in events]
    opened = next(e for e in events if e.args.get("name") == "/etc/hostname")
    assert opened.tid != opened.pid
    assert len([e for e in events if e.type == "procexit"]) == 1


@pytest.mark.parametrize(("code", "status"), [("os._exit(3)", 3 << 8), ("os.kill(os.getpid(), 9)", 9)])
async def test_the_exit_status_is_that_of_wait(kernel: Watched, code: str, status: int) -> None:
    events = await kernel.python(f"pid = os.fork()\nif not pid:\n    {code}\nmark()\nos.waitpid(pid, 0)")
    child = next(
        e.res for e in kernel.inputs if isinstance(e, KernelEvent) and e.type == "clone" and e.pid == events[0].pid
    )
    exit_event = await kernel.until(KernelEvent, type="procexit", pid=child)
    assert isinstance(exit_event, KernelEvent)
    assert (exit_event.args["status"], exit_event.res) == (status, None)


async def test_an_exec_that_fails_tells_what_was_tried(kernel: Watched) -> None:
    code = "mark()\ntry: os.execv('/no/such/program', ['x'])\nexcept OSError: pass"
    event = only(await kernel.python(code), "execve")
    assert (event.res, event.args["filename"], event.process) == (-2, "/no/such/program", None)


async def test_a_program_without_a_file_is_seen_as_such(kernel: Watched) -> None:
    code = (
        "mark()\nf = os.memfd_create('ghost')\nos.write(f, open('/bin/true', 'rb').read())\n"
        "os.execve(f, ['innocent', '-x'], {})"
    )
    events = await kernel.python(code)
    made, executed = only(events, "memfd_create"), only(events, "execveat")
    assert (made.args["name"], descriptor(made).type) == ("ghost", "memfd")
    process = program_of(executed)
    assert (process.exepath, process.exe, process.is_exe_from_memfd) == ("memfd:ghost", "innocent", True)


async def test_long_arguments_are_cut_at_4_kib(kernel: Watched) -> None:
    process = program_of(only(await kernel.run("/bin/true", "a" * 3000, "b" * 3000), "execve"))
    assert process.args[0] == "a" * 3000
    assert process.args[1] == "b" * (4095 - len("/bin/true") - 3002)
    known = Process(process.pid, process.start)
    known.replace(process)
    assert known.is_cut


async def test_text_that_is_not_utf8_is_escaped(kernel: Watched, tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\xfe\n"
    events = await kernel.python(f"mark()\nopen({name!r}, 'w')")
    assert only(events, "openat").args["name"] == f"{tmp_path}/\\xff\\xfe\n"


# ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_open_names_the_file(kernel: Watched) -> None:
    event = only(await kernel.python("mark()\nos.open('/etc/passwd', os.O_RDONLY)"), "openat")
    fd, stat = descriptor(event), Path("/etc/passwd").stat()
    assert (fd.num, fd.type, fd.name, fd.path) == (event.res, "file", "/etc/passwd", "/etc/passwd")
    assert (fd.ino, fd.dev, fd.created) == (stat.st_ino, stat.st_dev, False)
    assert event.args["flags"] == os.O_RDONLY | os.O_CLOEXEC


async def test_a_relative_path_is_resolved_against_the_working_directory(kernel: Watched, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    event = only(
        await kernel.python("mark()\nos.open('deep/../x', os.O_CREAT | os.O_WRONLY)", cwd=str(tmp_path)), "openat"
    )
    fd = descriptor(event)
    assert (event.args["name"], event.bases["name"]) == ("deep/../x", str(tmp_path))
    assert (fd.name, fd.path, fd.created) == (f"{tmp_path}/x", f"{tmp_path}/x", True)


async def test_a_path_below_a_directory_descriptor(kernel: Watched, tmp_path: Path) -> None:
    code = "import sys\nd = os.open(sys.argv[1], os.O_RDONLY)\nmark()\n"
    code += "os.mkdir('new', dir_fd=d)\nos.unlink('gone', dir_fd=d)"
    (tmp_path / "gone").touch()
    events = await kernel.python(code, str(tmp_path))
    made, removed = only(events, "mkdirat"), only(events, "unlinkat")
    assert (made.args["path"], made.bases) == ("new", {"path": str(tmp_path)})
    assert (removed.args["name"], removed.bases, removed.res) == ("gone", {"name": str(tmp_path)}, 0)


async def test_a_link_is_followed_in_the_path_and_not_in_the_name(kernel: Watched, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/etc/passwd")
    fd = descriptor(only(await kernel.python("import sys\nmark()\nopen(sys.argv[1])", str(link)), "openat"))
    assert (fd.name, fd.path) == (str(link), "/etc/passwd")


async def test_an_open_that_fails_keeps_the_path_tried(kernel: Watched) -> None:
    code = "mark()\ntry: open('/nowhere/../none')\nexcept OSError: pass"
    event = only(await kernel.python(code), "openat")
    fd = descriptor(event)
    assert (event.res, fd.num, fd.type, fd.name) == (-2, -1, "", "/none")


async def test_a_path_as_long_as_linux_allows(kernel: Watched, tmp_path: Path) -> None:
    path = f"{tmp_path}/" + "./" * ((4090 - len(str(tmp_path))) // 2 - 2) + "end"
    code = "import sys\nmark()\nopen(sys.argv[1], 'w')"
    event = only(await kernel.python(code, path), "openat")
    assert (event.args["name"], descriptor(event).name) == (path, f"{tmp_path}/end")


async def test_a_deep_path_of_long_names(kernel: Watched, tmp_path: Path) -> None:
    folder = tmp_path / "/".join(letter * 250 for letter in "abcdefghijkl")
    folder.mkdir(parents=True)
    fd = descriptor(only(await kernel.python("mark()\nopen('x', 'w')", cwd=str(folder)), "openat"))
    assert fd.name == fd.path == f"{folder}/x"


async def test_openat2_tells_its_flags(kernel: Watched) -> None:
    code = (
        "import ctypes\nc = ctypes.CDLL(None)\nhow = (ctypes.c_uint64 * 3)(os.O_RDONLY | os.O_CLOEXEC, 0, 4)\n"
        "mark()\nc.syscall(437, -100, b'/etc', how, 24)"
    )
    event = only(await kernel.python(code), "openat2")
    assert event.args["flags"] == os.O_RDONLY | os.O_CLOEXEC
    assert (event.args["resolve"], descriptor(event).type) == (4, "directory")


@pytest.mark.parametrize(
    ("code", "kind", "args"),
    [
        ("os.symlink('/etc/shadow', 'l')", "symlink", {"target": "/etc/shadow", "linkpath": "l"}),
        ("os.link('f', 'l')", "linkat link", {"oldpath": "f", "newpath": "l"}),
        ("os.rename('f', 'l')", "rename", {"oldpath": "f", "newpath": "l"}),
        ("os.unlink('f')", "unlink", {"path": "f"}),
        ("os.mkdir('d', 0o750)", "mkdir", {"path": "d", "mode": 0o750}),
        ("os.chmod('f', 0o4755)", "chmod", {"filename": "f", "mode": 0o4755}),
    ],
)
async def test_changes_of_the_file_tree(
    kernel: Watched, tmp_path: Path, code: str, kind: str, args: dict[str, object]
) -> None:
    (tmp_path / "f").touch()
    event = next(e for e in await kernel.python(f"mark()\n{code}", cwd=str(tmp_path)) if e.type in kind.split())
    assert {name: event.args[name] for name in args} == args
    assert event.res == 0
    assert {base for name, base in event.bases.items()} == {str(tmp_path)}


async def test_unshare_setns_and_ptrace(kernel: Watched) -> None:
    code = (
        "import ctypes\nc = ctypes.CDLL(None)\nf = os.open('/proc/self/ns/uts', os.O_RDONLY)\nmark()\n"
        "c.unshare(0x04000000)\nc.setns(f, 0)\nc.ptrace(16, 999999999, 0, 0)"
    )
    events = await kernel.python(code)
    assert (only(events, "unshare").args["flags"], only(events, "unshare").res) == (0x04000000, 0)
    assert only(events, "setns").res == 0
    traced = only(events, "ptrace")
    assert (traced.args["request"], traced.args["pid"], traced.res) == (16, 999999999, -3)


# ── sockets ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_connection_from_both_sides(kernel: Watched) -> None:
    code = (
        "import socket\nmark()\nl = socket.socket()\nl.bind(('127.0.0.1', 0))\nl.listen()\nport = l.getsockname()[1]\n"
        "c = socket.socket()\nc.connect(l.getsockname())\na, _ = l.accept()\nos.dup2(c.fileno(), 100)"
    )
    events = await kernel.python(code)
    bound, connected, accepted = only(events, "bind"), only(events, "connect"), only(events, "accept4")
    port = descriptor(bound).local_port
    assert descriptor(bound).name == f"127.0.0.1:{port}"
    client, server = descriptor(connected), descriptor(accepted)
    assert (client.type, client.l4proto, client.is_server, client.connected) == ("ipv4", "tcp", False, True)
    assert (client.remote_ip, client.remote_port, connected.args["addr"]) == ("127.0.0.1", port, f"127.0.0.1:{port}")
    assert (server.is_server, server.local_port, server.remote_port) == (True, port, client.local_port)
    assert client.name == server.name == f"127.0.0.1:{client.local_port}->127.0.0.1:{port}"
    duplicate = descriptor(only(events, "dup2"))
    assert (duplicate.num, duplicate.type, duplicate.remote_port) == (100, "ipv4", port)


async def test_a_connection_in_progress_has_its_address(kernel: Watched) -> None:
    code = (
        "import socket\nmark()\ns = socket.socket()\ns.setblocking(False)\ns.connect_ex(('127.0.0.1', 9))\n"
        "t = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)\nt.sendto(b'x', ('::1', 53))"
    )
    events = await kernel.python(code)
    fd = descriptor(only(events, "connect"))
    assert (only(events, "connect").res, fd.remote_ip, fd.remote_port) == (-errno.EINPROGRESS, "127.0.0.1", 9)
    sent = descriptor(only(events, "sendto"))
    assert (sent.type, sent.l4proto, sent.remote_ip, sent.remote_port) == ("ipv6", "udp", "::1", 53)


async def test_a_unix_socket_has_a_path(kernel: Watched, tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        code = "import socket, sys\nmark()\ns = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])"
        fd = descriptor(only(await kernel.python(code, str(path)), "connect"))
    assert (fd.type, fd.name, fd.connected, fd.is_server) == ("unix", str(path), True, False)


DATAGRAMS = """
import socket, sys
server, client = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
server.bind(('127.0.0.1', 0))
port = server.getsockname()
mark()
client.sendto(b'one', port)
server.recvfrom(100)
client.sendmsg([b'two', b'three'], [], 0, port)
server.recvmsg(100)
"""


async def test_datagrams_tell_their_address_and_payload(kernel: Watched) -> None:
    events = await kernel.python(DATAGRAMS)
    sent, received = only(events, "sendto"), only(events, "recvfrom")
    fd, peer = descriptor(sent), descriptor(received)
    assert (fd.remote_ip, fd.remote_port, fd.is_server, fd.connected) == ("127.0.0.1", peer.local_port, False, False)
    assert (sent.args["data"], received.args["data"], sent.res) == ("one", "one", 3)
    assert (peer.is_server, peer.remote_ip, peer.l4proto) == (True, "127.0.0.1", "udp")
    assert peer.name == f"127.0.0.1:{peer.remote_port}->{peer.local_ip}:{peer.local_port}"
    message, answer = only(events, "sendmsg"), only(events, "recvmsg")
    assert (message.args["data"], descriptor(message).remote_port) == ("two", peer.local_port)
    assert (answer.args["data"], descriptor(answer).remote_port) == ("twothree", peer.remote_port)


STREAM = """
import socket
listener = socket.socket()
listener.bind(('127.0.0.1', 0))
listener.listen()
client = socket.create_connection(listener.getsockname())
server, _ = listener.accept()
mark()
server.send(b'\\xca\\xfe\\xba\\xbe' + 100 * b'x')
client.recv(1000)
server.close()
client.recv(1000)
"""


async def test_what_was_received_is_there_as_far_as_it_is_kept(kernel: Watched) -> None:
    first, second = (e for e in await kernel.python(STREAM) if e.type == "recvfrom")
    assert first.args["data"] == "\xca\xfe\xba\xbe" + 76 * "x"
    assert (first.res, descriptor(first).connected) == (104, True)
    assert (second.res, "data" in second.args) == (0, False)


async def test_a_new_namespace_is_told_by_the_birth_of_the_process(kernel: Watched) -> None:
    """By clone3(2), whose flags stand in memory of the program."""
    code = """
import ctypes
CLONE_NEWUTS, CLONE_NEWNET, SIGCHLD = 0x04000000, 0x40000000, 17
arguments = (ctypes.c_uint64 * 11)(CLONE_NEWUTS | CLONE_NEWNET, 0, 0, 0, SIGCHLD)
mark()
if not (pid := ctypes.CDLL(None).syscall(435, arguments, 88)):
    os._exit(0)
os.waitpid(pid, 0)
"""
    born = only(await kernel.python(code), "clone")
    assert born.args["flags"] == 0x44000000
    assert only(await kernel.python("mark()\nos.waitpid(os.fork() or os._exit(0), 0)"), "clone").args["flags"] == 0


# ── 32 bits ─────────────────────────────────────────────────────────────────────────────────────────────────────────

INT80 = r"""
#include <string.h>
#include <sys/mman.h>
static long call(long n, long a, long b, long c) {
	long r;
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
	return r;
}
int main(void) {
	char *low = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	unsigned *words = (unsigned *)(low + 64);
	strcpy(low, "/etc/hostname");
	words[0] = 2, words[1] = 1, words[2] = 0;
	return call(5, (long)low, 0, 0) < 0 || call(102, 1, (long)words, 0) < 0;
}
"""


@pytest.fixture
def int80(tmp_path: Path) -> Path:
    program = tmp_path / "int80"
    (tmp_path / "int80.c").write_text(INT80)
    subprocess.run(["gcc", "-O1", "-o", program, tmp_path / "int80.c"], check=True)
    return program


async def test_a_32_bit_call_is_seen(kernel: Watched, int80: Path) -> None:
    assert shutil.which("gcc")
    events = await kernel.run(str(int80))
    opened = only(events, "open")
    assert (opened.compat, opened.args["name"], descriptor(opened).path) == (True, "/etc/hostname", "/etc/hostname")
    made = only(events, "socket")
    assert (made.compat, made.args["domain"], made.args["type"], descriptor(made).type) == (True, 2, 1, "ipv4")


# ── containers ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def container() -> Iterator[Path]:
    """A cgroup with a container's name, in the tree that tells containers."""
    _, mount = max(hierarchies())
    cgroup = Path(mount) / f"tiercel-test-{os.getpid():064x}.scope"
    cgroup.mkdir()
    yield cgroup
    cgroup.rmdir()


IN_CONTAINER = ["/bin/sh", "-c", 'echo $$ > "$0/cgroup.procs"; exec /bin/cat /etc/hostname']


async def test_a_process_in_a_container_has_its_id(kernel: Watched, container: Path) -> None:
    events = await kernel.run(*IN_CONTAINER, str(container))
    container_id = f"{os.getpid():064x}"
    first, second = (e for e in events if e.type == "execve")
    assert (first.container_id, program_of(second).container_id, second.container_id) == (
        HOST,
        container_id,
        container_id,
    )
    assert {e.container_id for e in events[events.index(second) :]} == {container_id}


async def test_a_container_that_was_there_before_is_known(container: Path) -> None:
    sleeper = subprocess.Popen(
        [*IN_CONTAINER[:2], 'echo $$ > "$0/cgroup.procs"; echo in; cat; exit', str(container)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert sleeper.stdout
    sleeper.stdout.readline()
    async with watching() as watched:
        process = next(p for p in snapshot(watched).processes if p.pid == sleeper.pid)
        assert process.container_id == f"{os.getpid():064x}"
        sleeper.communicate()
        gone = await watched.until(KernelEvent, type="procexit", pid=sleeper.pid)
        assert isinstance(gone, KernelEvent)
        assert gone.container_id == process.container_id


# ── the source itself ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_snapshot_and_the_events_agree_about_identity(kernel: Watched) -> None:
    ours = next(p for p in snapshot(kernel).processes if p.pid == os.getpid())
    assert ours.start % TICK == 0
    await kernel.run("/bin/true")
    fork = next(e for e in kernel.inputs if isinstance(e, KernelEvent) and e.type == "clone" and e.pid == ours.pid)
    assert fork.start == ours.start


async def test_what_is_not_selected_stays_in_the_kernel(kernel: Watched) -> None:
    kernel.source.select({"unlink"})
    quiet = await kernel.run("/bin/cat", "/etc/hostname")
    kernel.source.select({row.name for row in EVENT_TYPES})
    loud = await kernel.run("/bin/cat", "/etc/hostname")
    assert {e.type for e in quiet} == {"execve", "procexit"}
    assert "openat" in {e.type for e in loud}


async def test_the_counters_add_up(kernel: Watched) -> None:
    rows = {row.name: row for row in kernel.source.statistics()}
    assert list(rows) == [row.name for row in EVENT_TYPES]
    assert rows["openat"].seen >= rows["openat"].delivered > 0
    assert all(row.lost == 0 for row in rows.values())


async def test_own_events_are_counted_and_not_delivered() -> None:
    async with watching(own_pids=[os.getpid()]) as watched:
        before = watched.source.own_events
        subprocess.run([sys.executable, "-S", "-c", "open('/etc/hostname')"], check=True)
        assert watched.source.own_events > before
        assert [e for e in watched.inputs if isinstance(e, KernelEvent) and e.ppid == os.getpid()] == []


async def test_the_perf_buffer_carries_the_same() -> None:
    async with watching(transport="perf") as watched:
        events = await watched.run("/bin/cat", "/etc/hostname")
        assert events[0].type == "execve"
        assert descriptor(next(e for e in events if e.args.get("name") == "/etc/hostname")).path == "/etc/hostname"
        assert [e.time for e in events] == sorted(e.time for e in events)


async def test_a_batch_from_perf_buffers_is_short_only_when_all_are_empty() -> None:
    async with watching(transport="perf") as watched:
        code = "import os\nos.sched_setaffinity(0, {0})\nfor _ in range(3000): os.dup2(0, 99)"
        subprocess.run([sys.executable, "-S", "-c", code], check=True)  # blocks the loop, so that nothing is drained
        reader = watched.source._reader
        assert reader is not None
        assert len(reader.drain(2500)) >= 2500


async def test_everything_is_detached_at_the_end() -> None:
    before = attached_programs()
    async with watching():
        assert attached_programs() > before
    assert attached_programs() == before


async def test_environments_are_sent_as_soon_as_somebody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those of the processes that live already; and they stay in the kernel when nobody asks any more."""
    monkeypatch.setattr(snapshots, "PERIOD", 0)
    async with watching() as watched:
        sleeper = subprocess.Popen(["/bin/sleep", "1000"], env={"TOKEN": "x"})
        quiet = await watched.run("/bin/true", TOKEN="y")
        seen = len(watched.inputs)
        watched.source.send_environment(True)
        asked = await watched.run("/bin/true", TOKEN="z")
        again = await watched.until(Snapshot, holds=lambda value: watched.inputs.index(value) >= seen)
        watched.source.send_environment(False)
        after = await watched.run("/bin/true", TOKEN="y")
        sleeper.kill()
        sleeper.wait()
    assert isinstance(again, Snapshot)
    assert next(one.env for one in again.processes if one.pid == sleeper.pid) == ["TOKEN=x"]
    environments = [only(events, "execve").process for events in (quiet, asked, after)]
    assert ["TOKEN=z" in one.env for one in environments if one] == [False, True, False]
    assert [bool(one.env) for one in environments if one] == [False, True, False]


async def test_a_killed_loader_is_an_error_with_a_hint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    killer = tmp_path / "bcc.py"
    killer.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("CACHE_DIRECTORY", str(tmp_path / "cache"))
    with pytest.raises(SourceError, match="signal 9") as caught:
        async with watching():
            pass
    assert caught.value.hint
