"""Events for the rules of ``rules/50_privilege.yaml``."""

from __future__ import annotations

from tests.helpers.events import called
from tests.helpers.shipped.case import (
    BPF_MAP_CREATE,
    BPF_PROG_LOAD,
    EPERM,
    PTRACE_ATTACH,
    PTRACE_CONT,
    PTRACE_TRACEME,
    Case,
)

CASES = (
    Case(
        "Process traced",
        {
            "in a container": called("ptrace", request=PTRACE_ATTACH, pid=1),
            "by a debugger there": called("ptrace", "/usr/bin/gdb", request=PTRACE_ATTACH, pid=1),
            "on the host": called("ptrace", "/tmp/steal", request=PTRACE_ATTACH, pid=1, on_host=True),
        },
        {
            "a debugger on the host": called("ptrace", "/usr/bin/gdb", request=PTRACE_ATTACH, pid=1, on_host=True),
            "another request": called("ptrace", request=PTRACE_CONT, pid=1),
        },
    ),
    Case(
        "Process guards itself against debuggers",
        {"malware": called("ptrace", "/tmp/x", request=PTRACE_TRACEME)},
        {
            "a debugger's child": called("ptrace", "/tmp/x", request=PTRACE_TRACEME, ancestors=("gdb", "sh")),
            "another request": called("ptrace", "/tmp/x", request=PTRACE_ATTACH, pid=1),
        },
    ),
    Case(
        "Kernel module load",
        {
            "refused": called("finit_module", "/sbin/insmod", uargs="", res=EPERM),
            "modprobe in a container": called("init_module", "/sbin/modprobe", uargs=""),
            "insmod on the host": called("finit_module", "/sbin/insmod", uargs="", on_host=True),
        },
        {"modprobe on the host": called("finit_module", "/sbin/modprobe", uargs="", on_host=True)},
    ),
    Case(
        "Setuid bit set",
        {
            "chmod": called("fchmodat", filename="/tmp/sh", mode=0o4755),
            "on the host": called("chmod", filename="/tmp/sh", mode=0o4755, on_host=True),
        },
        {
            "an ordinary mode": called("chmod", filename="/tmp/sh", mode=0o755),
            "dpkg": called("fchmod", "/usr/bin/dpkg", mode=0o4755),
            "it failed": called("chmod", filename="/bin/sh", mode=0o4755, res=EPERM, uid=1000),
        },
    ),
    Case(
        "BPF program loaded from container",
        {"loaded": called("bpf", cmd=BPF_PROG_LOAD, res=3)},
        {
            "a map": called("bpf", cmd=BPF_MAP_CREATE, res=3),
            "on the host": called("bpf", cmd=BPF_PROG_LOAD, res=3, on_host=True),
        },
    ),
    Case(
        "Page faults handled by a program in container",
        {"a user": called("userfaultfd", flags=0, res=3, uid=1000)},
        {"root": called("userfaultfd", flags=0, res=3), "refused": called("userfaultfd", flags=0, res=EPERM, uid=1000)},
    ),
)
