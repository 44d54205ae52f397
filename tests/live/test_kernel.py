"""Real system calls, seen by the real kernel: each must arrive with the right fields."""

from __future__ import annotations

import asyncio
import os
import pty
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from engine.events import KernelEvent
from engine.state.processes import Process
from tests.helpers.kernel import Watched, descriptor, only, program_of, watching

pytestmark = [pytest.mark.live, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kernel() -> AsyncIterator[Watched]:
    async with watching(environment=True) as watched:
        yield watched


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
