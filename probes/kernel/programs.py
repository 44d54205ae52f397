"""The BPF programs as one C text, and the names by which the loader and the sensor speak of them."""

from __future__ import annotations

from pathlib import Path

from probes.kernel.spec import EVENT_INDEX

AUTO, RING, PERF = "auto", "ring", "perf"
"""The transports: how records come from the kernel."""

FILES = (
    "wire.h",
    "maps.h",
    "task.h",
    "path.h",
    "descriptor.h",
    "filter.h",
    "message.h",
    "syscall.c",
    "uring.c",
    "process.c",
    "cgroup.c",
)
"""In the order of their dependence. They are joined, not included: bcc rewrites only what stands in the main file."""

MAPS = (
    *("events", "specs", "counters", "own_events", "own", "lost_by_cgroup", "options"),
    *("filters", "texts", "cgroup_kinds"),
)
"""The maps the sensor uses."""

STAGES = ("capture_names", "capture_bases", "capture_descriptor", "capture_program", "hold_request")
"""Tail-called programs, in the order of the STAGE_ numbers of bpf/maps.h."""

_NAMED = ("execve", "clone", "procexit", "prctl", "connect", "sendmmsg", "recvmmsg")
"""Events that the C text speaks of, by ``EVENT_`` and their name."""

_FOLDER = Path(__file__).with_name("bpf")


def source(transport: str, ring_pages: int) -> str:
    """The whole C text for a transport (:data:`RING` or :data:`PERF`)."""
    constants = {f"EVENT_{name.upper()}": EVENT_INDEX[name] for name in _NAMED}
    constants["RING_PAGES"] = ring_pages
    if transport == PERF:
        constants["TRANSPORT_PERF"] = 1
    lines = ["#include <linux/types.h>", "#include <kernel_types.h>"]
    lines += [f"#define {name} {value}" for name, value in constants.items()]
    for name in FILES:
        lines += [f'#line 1 "{name}"', (_FOLDER / name).read_text()]
    return "\n".join(lines)
