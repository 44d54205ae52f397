"""The C library's memory, in a process of its own: what is set holds for all of it."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has no such pools")

COMMON = """
import ctypes, re, sys, threading
from pathlib import Path
from probes.machine import memory
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
"""
POOL = """
if sys.argv[1] == "together":
    memory.keep_together()
found = []
thread = threading.Thread(target=lambda: found.extend(libc.malloc(1000) for _ in range(1000)))
thread.start()
thread.join()
heap = re.search(r"(\\w+)-(\\w+) .*\\[heap\\]", Path("/proc/self/maps").read_text())
begin, end = (int(each, 16) for each in heap.groups())
print(sum(begin <= each < end for each in found))
"""
BACK = """
pages = lambda: int(Path("/proc/self/statm").read_text().split()[1])
memory.keep_together()
held = [libc.malloc(1000) for _ in range(20_000)]
before = pages()
for each in held[:-1]:
    libc.free(each)
kept = pages()
memory.give_back()
print(before - kept < 1000, before - pages() > 4000)
"""


def run(text: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", COMMON + text, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_threads_take_from_one_pool_and_would_not_by_themselves() -> None:
    assert (run(POOL, "together"), run(POOL, "apart")) == ("1000", "0")


def test_free_pages_before_one_that_is_held_go_back_when_asked() -> None:
    assert run(BACK) == "True True"
