"""Ways around detectors that watch the usual calls only: each is done, and seen for what it is."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from engine.events import KernelEvent
from engine.lang.event_names import EVENT_NAMES
from tests.helpers.kernel import Watched, descriptor, only, watching

pytestmark = [pytest.mark.live, pytest.mark.asyncio(loop_scope="module")]

CALL = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def call(*given): return libc.syscall(*(ctypes.c_long(n) if isinstance(n, int) else n for n in given))
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kernel() -> AsyncIterator[Watched]:
    async with watching() as watched:
        yield watched


async def done(kernel: Watched, code: str, *arguments: str, cwd: Path | None = None) -> list[KernelEvent]:
    """The events of Python code that makes system calls by their numbers."""
    return await kernel.python(CALL + code, *arguments, cwd=str(cwd) if cwd else None)


async def test_permissions_by_fchmodat2(kernel: Watched, tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    event = only(await done(kernel, "mark()\ncall(452, -100, b'f', 0o4755, 0x100)", cwd=tmp_path), "fchmodat")
    assert (event.args["filename"], event.args["mode"], event.res) == ("f", 0o4755, 0)
    assert event.bases == {"filename": str(tmp_path)}


OTHER_PROCESS = """
import os, signal
read, write = os.pipe()
buffer = ctypes.create_string_buffer(b'secret')
child = os.fork()
if not child:
    signal.pause()
"""
"""A child that has the same memory, at the same addresses."""


async def test_memory_of_another_process(kernel: Watched) -> None:
    code = """
part = (ctypes.c_uint64 * 2)(ctypes.addressof(buffer), 6)
mark()
call(311, child, part, 1, part, 1, 0)
call(310, child, part, 1, part, 1, 0)
os.kill(child, 9)
"""
    events = await done(kernel, OTHER_PROCESS + code)
    written, read = only(events, "process_vm_writev"), only(events, "process_vm_readv")
    assert (written.res, read.res) == (6, 6)
    assert written.args["pid"] == read.args["pid"] != written.pid


async def test_a_descriptor_of_another_process(kernel: Watched) -> None:
    code = "mark()\nprocess = call(434, child, 0)\ncall(438, process, read, 0)\nos.kill(child, 9)\n"
    events = await done(kernel, OTHER_PROCESS + code)
    opened, taken = only(events, "pidfd_open"), only(events, "pidfd_getfd")
    assert (opened.res, opened.args["pid"]) == (taken.args["pid_fd"], opened.args["pid"])
    assert (descriptor(opened).type, descriptor(taken).type, descriptor(taken).num) == ("pidfd", "pipe", taken.res)


async def test_a_file_opened_by_its_number(kernel: Watched, tmp_path: Path) -> None:
    """As out of a container with CAP_DAC_READ_SEARCH: no path is given."""
    secret = tmp_path / "secret"
    secret.touch()
    code = """
import sys
handle = ctypes.create_string_buffer(136)
ctypes.memmove(handle, (ctypes.c_uint32 * 1)(128), 4)
number = ctypes.c_int()
call(303, -100, sys.argv[1].encode(), handle, ctypes.byref(number), 0)
folder = os.open(os.path.dirname(sys.argv[1]), os.O_RDONLY)
mark()
call(304, folder, handle, os.O_RDONLY)
"""
    event = only(await done(kernel, code, str(secret)), "open_by_handle_at")
    assert (descriptor(event).type, descriptor(event).path, descriptor(event).num) == ("file", str(secret), event.res)
    assert event.args["flags"] == os.O_RDONLY


async def test_a_descriptor_closed_at_once_was_open_all_the_same(kernel: Watched) -> None:
    """By another thread, between the end of the call and our look at the descriptor."""
    code = """
import threading
stop = False
def closes():
    while not stop:
        for number in range(3, 9):
            if number not in (99,): call(3, number)
thread = threading.Thread(target=closes)
mark()
thread.start()
for _ in range(3000): call(257, -100, b'/etc/passwd', 0)
stop = True
thread.join()
"""
    opened = [e for e in await done(kernel, code) if e.args.get("name") == "/etc/passwd" and (e.res or 0) >= 0]
    assert len(opened) > 100
    assert {(descriptor(e).type, descriptor(e).name) for e in opened} == {("file", "/etc/passwd")}


async def test_a_new_name_hides_nothing(kernel: Watched) -> None:
    """The thread is called otherwise from then on; the process keeps its program and what it was started with."""
    code = """
PR_SET_NAME = 15
mark()
call(157, PR_SET_NAME, b'kworker/0:1', 0, 0, 0)
stat = open('/proc/self/stat').read().rsplit(')', 1)[1].split()
start, end = int(stat[45]), int(stat[46])
memory = open('/proc/self/mem', 'r+b', 0)
memory.seek(start)
memory.write(b'\\0' * (end - start))
os.open('/etc/passwd', os.O_RDONLY)
"""
    events = await done(kernel, code, "argument")
    renamed = only(events, "prctl")
    assert (renamed.args["option"], renamed.args["arg2_str"], renamed.res) == (15, "kworker/0:1", 0)
    opened = next(e for e in events if e.args.get("name") == "/etc/passwd")
    assert opened.comm == "kworker/0:1"
    started = next(
        e for e in kernel.inputs if isinstance(e, KernelEvent) and e.type == "execve" and e.pid == opened.pid
    )
    assert started.process is not None
    assert (started.process.args[-1], started.start) == ("argument", opened.start)
    assert Path(started.process.exepath).name.startswith("python")


async def test_other_operations_on_itself_have_no_text(kernel: Watched) -> None:
    event = only(await done(kernel, "mark()\ncall(157, 4, b'not a name', 0, 0, 0)"), "prctl")
    assert (event.args["option"], "arg2_str" in event.args) == (4, False)


async def test_a_rule_may_name_each_of_them() -> None:
    assert {"process_vm_writev", "pidfd_getfd", "open_by_handle_at", "prctl", "openat2", "execveat"} <= EVENT_NAMES


DEEP = """
import shutil, sys
for _ in range(int(sys.argv[1])):
    os.mkdir('d' * 255)
    os.chdir('d' * 255)
"""
"""Folders as deep as one likes: their path takes all the room of a record, if it may."""


@pytest.mark.parametrize("depth", [20, 100, 140])
async def test_a_program_in_a_folder_too_deep_to_be_told(kernel: Watched, tmp_path: Path, depth: int) -> None:
    """Whatever the path of the folder and that of the program take, there is room for the program."""
    program = "shutil.copy('/bin/true', 'p')\nmark()\n"
    start = "os.execve('./' * 2040 + 'p', ['p', 'a' * 4000], {'E': 'e' * 4000})"
    event = only(await kernel.python(DEEP + program + start, str(depth), cwd=str(tmp_path)), "execve")
    assert event.process is not None
    assert (event.comm, event.process.args, event.process.pid) == ("p", ["a" * 4000], event.pid)


async def test_a_way_up_from_a_folder_of_long_names(kernel: Watched, tmp_path: Path) -> None:
    """The folder is not told, but there is room for where it led."""
    way = "../" * (120 + len(tmp_path.parts)) + "etc/shadow"
    code = DEEP + "mark()\nos.open(sys.argv[2], os.O_RDONLY)"
    event = only(await kernel.python(code, "120", way, cwd=str(tmp_path)), "openat")
    assert (descriptor(event).name, descriptor(event).path) == ("/etc/shadow", "/etc/shadow")
