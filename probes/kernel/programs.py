"""The BPF programs as one C text, and the names by which the loader and the sensor speak of them."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from pathlib import Path

from probes.kernel.spec import EVENT_INDEX

AUTO, RING, PERF = "auto", "ring", "perf"
"""The transports: how records come from the kernel."""

BOOT, MONOTONIC = "boot", "monotonic"
"""The clocks: what the time of a record is. Where the kernel lets programs read it (5.8) it is the one since boot."""

RING_PAGE = 4096
"""Bytes of what we call a page of the ring; arm64 has machines with pages of 64 KiB."""

FILES = (
    "wire.h",
    "maps.h",
    "task.h",
    "budget.h",
    "share.h",
    "zoom.h",
    "path.h",
    "descriptor.h",
    "filter.h",
    "message.h",
    "base.h",
    "syscall.c",
    "uring.c",
    "process.c",
    "cgroup.c",
)
"""In the order of their dependence. They are joined, not included: bcc rewrites only what stands in the main file."""

PARTS = (("syscall.c",), tuple(name for name in FILES if name.endswith(".c") and name != "syscall.c"))
"""The programs in halves that take about as long to compile; each with all of the headers."""

MAPS = (
    *("events", "specs", "counters", "own_events", "own", "unknown_own", "lost_by_cgroup", "options"),
    *("filters", "texts", "cgroup_kinds", "budget_roots", "budgets"),
    *("zoomed_cgroups", "zoomed_processes", "zoom_numbers", "zoom_counts"),
)
"""The maps the sensor uses."""

STAGES = {
    "syscall_stages": ("capture_names", "capture_bases", "capture_descriptor"),
    "stages": ("capture_program", "hold_request"),
}
"""Map → the programs in it that are tail-called, in the order of the STAGE_ numbers of bpf/maps.h."""

SYS_EXIT = "sys_exit"
"""The tracepoint whose programs know the types of its arguments, where the kernel tells them."""
OF_SYS_EXIT = {f"raw_tracepoint__{SYS_EXIT}", *STAGES["syscall_stages"]}
"""Its programs."""

_NAMED = ("execve", "clone", "procexit", "prctl", "connect", "sendmmsg", "recvmmsg")
"""Events that the C text speaks of, by ``EVENT_`` and their name."""

_FOLDER = Path(__file__).with_name("bpf")


def source(transport: str, ring_pages: int, part: Sequence[str] = FILES, *, clock: str = BOOT) -> str:
    """The C text for a transport (:data:`RING` or :data:`PERF`), and a ring of so many pages of 4 KiB. A part
    has all headers, too."""
    constants = {f"EVENT_{name.upper()}": EVENT_INDEX[name] for name in _NAMED}
    constants["RING_PAGES"] = max(ring_pages * RING_PAGE // mmap.PAGESIZE, 1)  # bcc counts in pages of this machine
    if transport == PERF:
        constants["TRANSPORT_PERF"] = 1
    if clock == MONOTONIC:
        constants["CLOCK_MONOTONIC"] = 1
    lines = ["#include <linux/types.h>", "#include <kernel_types.h>"]
    lines += [f"#define {name} {value}" for name, value in constants.items()]
    for name in (name for name in FILES if name in part or name.endswith(".h")):
        lines += [f'#line 1 "{name}"', (_FOLDER / name).read_text()]
    return "\n".join(lines)
