"""Events for the rules of ``rules/50_privilege.yaml``."""

from __future__ import annotations

from engine.events import Fd
from tests.helpers.events import called, started
from tests.helpers.shipped.case import (
    BPF_MAP_CREATE,
    BPF_PROG_LOAD,
    EPERM,
    PTRACE_ATTACH,
    PTRACE_CONT,
    PTRACE_TRACEME,
    Case,
)

HOSTS_SHADOW = Fd(num=4, type="file", name="/etc/shadow", path="/etc/shadow")
PR_SET_NAME, PR_GET_NAME = 15, 16

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
        "Memory of another process written",
        {
            "in a container": called("process_vm_writev", "/tmp/inject", res=64, pid=7),
            "on the host": called("process_vm_writev", "/tmp/inject", res=64, pid=7, on_host=True),
        },
        {
            "a debugger on the host": called("process_vm_writev", "/usr/bin/gdb", res=64, pid=7, on_host=True),
            "refused": called("process_vm_writev", "/tmp/inject", res=EPERM, pid=7),
        },
    ),
    Case(
        "Descriptor taken from another process",
        {"a connection": called("pidfd_getfd", "/tmp/steal", res=5, pid_fd=3, target_fd=4)},
        {
            "refused": called("pidfd_getfd", "/tmp/steal", res=EPERM, pid_fd=3, target_fd=4),
            "on the host": called("pidfd_getfd", "/tmp/steal", res=5, pid_fd=3, target_fd=4, on_host=True),
        },
    ),
    Case(
        "File opened by its number from container",
        {"the host's": called("open_by_handle_at", "/tmp/shocker", res=4, fd=HOSTS_SHADOW, mountfd=3, flags=0)},
        {
            "refused": called("open_by_handle_at", "/tmp/shocker", res=EPERM, mountfd=3, flags=0),
            "on the host": called("open_by_handle_at", res=4, fd=HOSTS_SHADOW, mountfd=3, flags=0, on_host=True),
        },
    ),
    Case(
        "Process posing as a kernel thread",
        {
            "a worker": called("prctl", "/tmp/xmrig", option=PR_SET_NAME, arg2_str="kworker/0:1"),
            "the memory's": called("prctl", "/tmp/xmrig", option=PR_SET_NAME, arg2_str="kswapd", on_host=True),
            "by its first argument": started("/tmp/xmrig", exe="[kworker/0:1]"),
        },
        {
            "a thread of its own": called("prctl", "/usr/bin/java", option=PR_SET_NAME, arg2_str="GC Thread#0"),
            "asked for its name": called("prctl", "/tmp/xmrig", option=PR_GET_NAME, arg2_str="kworker/0:1"),
            "test(1)": started("/usr/bin/[", exe="["),
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
