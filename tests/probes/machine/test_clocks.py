"""The clocks of the machine: those of the kernel, also where this process has others."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from probes.machine import clocks
from probes.machine.clocks import TICK
from probes.machine.procfs import read_process

DAY = 86_400


def test_the_clocks_are_those_of_the_system() -> None:
    begin = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    assert begin <= clocks.since_boot() <= time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    apart = time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    assert abs(clocks.boot_offset() - apart) < 10**9


def test_what_is_known_holds_until_a_clock_was_set() -> None:
    known = clocks.boot_offset()
    assert clocks.boot_offset(known + clocks.NOISE // 100) == known + clocks.NOISE // 100
    assert abs(clocks.boot_offset(known - 10 * clocks.NOISE) - known) < clocks.NOISE


def namespace(folder: Path, offsets: str, *, entered: bool = True) -> Path:
    (folder / "ns").mkdir()
    (folder / "ns/time").symlink_to("time:[4026532600]" if entered else "time:[4026531834]")
    (folder / "ns/time_for_children").symlink_to("time:[4026532600]")
    (folder / "timens_offsets").write_text(offsets)
    return folder


OFFSETS = "monotonic        -100         0\nboottime        86400       250\n"


@pytest.mark.parametrize(("clock", "nanoseconds"), [("boottime", DAY * 10**9 + 250), ("monotonic", -100 * 10**9)])
def test_a_time_namespace_moves_them(tmp_path: Path, clock: str, nanoseconds: int) -> None:
    assert clocks.moved(clock, namespace(tmp_path, OFFSETS)) == nanoseconds


def test_one_that_only_children_will_be_in_moves_nothing(tmp_path: Path) -> None:
    assert clocks.moved("boottime", namespace(tmp_path, OFFSETS, entered=False)) == 0


def test_a_kernel_without_time_namespaces_moves_nothing(tmp_path: Path) -> None:
    assert clocks.moved("boottime", tmp_path) == 0


@pytest.mark.live
def test_a_process_has_the_same_identity_seen_from_a_time_namespace() -> None:
    """There the time since boot, and the starts in /proc, are a day ahead."""
    code = f"""
import asyncio
import time
from pathlib import Path
from probes.machine import clocks
from probes.machine.gauge import Gauge
from probes.machine.process_trees import identity
from probes.machine.procfs import read_process
process = read_process(Path("/proc/{os.getpid()}"), clocks.boot_offset())
print(process.start, process.started, clocks.since_boot(), clocks.suspended())
print(identity({os.getpid()})[1], len(asyncio.run(Gauge().processes([({os.getpid()}, process.start)]))))
print(time.clock_gettime_ns(time.CLOCK_BOOTTIME))
"""
    unshare = ["unshare", "--time", "--boottime", str(DAY), "--monotonic", "7", "--fork"]
    told = subprocess.run([*unshare, sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    start, started, since_boot, suspended, identity, measured, there = map(int, told.split())
    mine = read_process(Path(f"/proc/{os.getpid()}"), clocks.boot_offset())
    assert mine is not None
    now = clocks.since_boot()
    assert there > now + (DAY - 3600) * 10**9, "it is another clock"
    assert (start, start % TICK) == (mine.start, 0)
    assert (identity, measured) == (mine.start, 1), "responses and figures find it, too"
    assert abs(started - mine.started) < 10**9
    assert now - 60 * 10**9 < since_boot <= now
    assert abs(suspended - clocks.suspended()) < 10**9
