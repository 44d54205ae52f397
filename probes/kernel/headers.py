"""The include tree for bcc: a few stubs in place of the kernel's headers, and the structs of the running kernel.

With ``BCC_KERNEL_SOURCE`` pointing here bcc never looks for /lib/modules/…/build: no headers need to be installed, and
the structs cannot be those of another kernel.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from probes.kernel.btf import Btf, Kind
from probes.kernel.syscalls import REQUESTS

STRUCTS: dict[str, list[str]] = {
    "task_struct": [
        "thread_info", "pid", "tgid", "real_parent", "group_leader", "cred", "nsproxy", "mm", "fs", "files", "comm",
        "signal", "loginuid", "cgroups", "start_boottime", "real_start_time", "thread_pid", "exit_code",
    ],
    "thread_info": ["status", "flags"],
    "cred": ["euid", "egid", "user_ns", "cap_inheritable", "cap_permitted", "cap_effective"],
    "nsproxy": [
        "mnt_ns", "uts_ns", "ipc_ns", "pid_ns_for_children", "net_ns", "cgroup_ns", "time_ns_for_children",
    ],
    "pid_namespace": ["ns"],
    "mnt_namespace": ["ns"],
    "ns_common": ["inum"],
    "pid": ["level", "numbers"],
    "upid": ["nr", "ns"],
    "signal_struct": ["tty", "pids", "live", "group_exit_code"],
    "tty_struct": ["index", "driver"],
    "tty_driver": ["major", "minor_start"],
    "mm_struct": ["arg_start", "arg_end", "env_start", "env_end", "exe_file"],
    "file": ["f_path", "f_inode", "private_data", "f_mode"],
    "path": ["dentry", "mnt"],
    "dentry": ["d_name", "d_parent", "d_inode"],
    "qstr": ["name"],
    "inode": [
        "i_mode", "i_ino", "i_sb", "i_ctime_sec", "i_ctime_nsec", "i_mtime_sec", "i_mtime_nsec", "__i_ctime",
        "__i_mtime", "i_ctime", "i_mtime",
    ],
    "timespec64": ["tv_sec", "tv_nsec"],
    "super_block": ["s_magic", "s_dev"],
    "vfsmount": ["mnt_root"],
    "mount": ["mnt", "mnt_parent", "mnt_mountpoint"],
    "fs_struct": ["pwd"],
    "files_struct": ["fdt"],
    "fdtable": ["max_fds", "fd"],
    "css_set": ["subsys", "dfl_cgrp"],
    "cgroup_subsys_state": ["cgroup"],
    "cgroup": ["kn", "level", "root", "ancestors", "ancestor_ids"],
    "cgroup_root": ["hierarchy_id"],
    "kernfs_node": ["name", "id", "parent", "__parent"],
    "linux_binprm": ["fdpath", "filename"],
    "socket": ["sk", "type"],
    "sock": ["__sk_common", "sk_protocol"],
    "sock_common": [
        "skc_family", "skc_state", "skc_dport", "skc_num", "skc_daddr", "skc_rcv_saddr", "skc_v6_daddr",
        "skc_v6_rcv_saddr",
    ],
    "unix_sock": ["addr", "peer"],
    "unix_address": ["len", "name"],
    "io_kiocb": ["file", "opcode", "flags", "cqe", "async_data", "ctx"],
    "io_cqe": ["user_data", "res", "fd"],
    "io_uring_cqe": ["user_data", "res"],
    "filename": ["name"],
    "open_how": ["flags", "mode", "resolve"],
    "io_open": ["dfd", "file_slot", "filename", "how"],
    "io_unlink": ["dfd", "flags", "filename"],
    "io_mkdir": ["dfd", "mode", "filename"],
    "io_rename": ["old_dfd", "new_dfd", "oldpath", "newpath", "flags"],
    "io_link": ["old_dfd", "new_dfd", "oldpath", "newpath", "flags"],
    "io_socket": ["domain", "type", "protocol", "file_slot"],
    "io_connect": ["addr", "addr_len"],
    "io_bind": ["addr_len"],
    "io_listen": ["backlog"],
    "io_sr_msg": ["len"],
    "io_async_msghdr": ["msg", "addr"],
    "msghdr": ["msg_name", "msg_namelen"],
    "pt_regs": [
        "bp", "bx", "r10", "r9", "r8", "ax", "cx", "dx", "si", "di", "orig_ax",
        "regs", "pstate", "orig_x0", "syscallno",
    ],
}  # fmt: skip
"""Every field of a kernel struct that the BPF programs touch, old and new names side by side."""

HELPERS = ("get_current_task_btf", "ktime_get_boot_ns")
"""BPF helpers that newer kernels have and older ones do without."""

_TYPES = """
#pragma once
typedef unsigned char u8, __u8; typedef unsigned short u16, __u16; typedef unsigned int u32, __u32;
typedef unsigned long long u64, __u64; typedef signed char s8, __s8; typedef short s16, __s16;
typedef int s32, __s32; typedef long long s64, __s64; typedef u16 __be16, __le16; typedef u32 __be32, __le32, __wsum;
typedef u64 __be64, __le64; typedef unsigned long size_t, uintptr_t; typedef int pid_t; typedef u32 dev_t;
typedef _Bool bool;
#define __aligned_u64 __u64 __attribute__((aligned(8)))
#define NULL ((void *)0)
#define offsetof(type, member) __builtin_offsetof(type, member)
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
"""

_STUBS = {
    "linux/kconfig.h": "#define CONFIG_BPF_SYSCALL 1\n#define CONFIG_ARCH_HAS_SYSCALL_WRAPPER 1\n",
    "linux/types.h": _TYPES,
    "asm/page.h": "#define PAGE_SHIFT 12\n#define PAGE_SIZE (1UL << PAGE_SHIFT)\n",
    "linux/bpf_common.h": "",
    "linux/log2.h": "",
    "uapi/linux/bpf.h": "",
    "uapi/linux/if_packet.h": "",
    "uapi/linux/if_ether.h": "",
    "uapi/linux/ptrace.h": "",
}


def write_headers(folder: Path, btf: Btf, release: str | None = None) -> None:
    """Write the tree below ``folder``/include; ``release`` is the kernel's (``uname -r``)."""
    stubs = _STUBS | {"linux/version.h": _version(release or os.uname().release), "kernel_types.h": kernel_types(btf)}
    for name, text in stubs.items():
        path = folder / "include" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


URING_REQUESTS = tuple(f"IORING_OP_{name.upper()}" for name in REQUESTS)

_READS = ("probe_read_kernel", "probe_read_user")
"""Helpers of 5.5, one for each kind of memory; one helper for both came before."""


def kernel_types(btf: Btf) -> str:
    """The structs, and macros for what else differs between kernels."""
    macros = [f"#define HAVE_BPF_FUNC_{name} 1" for name in HELPERS if has_helper(btf, name)]
    macros += [f"#define bpf_{n}{s} bpf_probe_read{s}" for n in _READS for s in ("", "_str") if not has_helper(btf, n)]
    if btf.find(Kind.UNION, "kernfs_node_id") is not None:  # before 5.5 it is the inode number, then a generation
        macros.append("#define KERNFS_ID_HAS_GENERATION 1")
    pids = btf.enumerator("cgroup_subsys_id", "pids_cgrp_id")
    if pids is not None:
        macros.append(f"#define PIDS_CGROUP {pids}")
    if _has_old_start(btf):
        macros.append("#define start_boottime real_start_time")
    macros += [f"#define {name} {btf.enumerator('pid_type', name)}" for name in ("PIDTYPE_PGID", "PIDTYPE_SID")]
    macros += _uring(btf)
    return "#pragma once\n" + "\n".join(macros) + "\n" + btf.declare(STRUCTS)


def _has_old_start(btf: Btf) -> bool:
    """Before 5.5 the start of a task on the clock since boot has another name."""
    task = btf.find(Kind.STRUCT, "task_struct")
    return task is not None and btf.field(task, "start_boottime") is None


_END_GIVEN = 3
"""Arguments of the tracepoint io_uring_complete where the last one is the struct with the result."""


def _uring(btf: Btf) -> Iterator[str]:
    """Where requests to io_uring can be followed: the tracepoint has the request since 6.4."""
    if not btf.has_tracepoint("io_uring_submit_req"):
        return
    yield "#define HAVE_URING 1"
    if btf.tracepoint_arguments("io_uring_complete") > _END_GIVEN:
        yield "#define URING_END_IN_ARGUMENTS 1"
    numbers = ((name, btf.enumerator("io_uring_op", name)) for name in URING_REQUESTS)
    yield from (f"#define {name} {number}" for name, number in numbers if number is not None)


def has_helper(btf: Btf, name: str) -> bool:
    """Whether the kernel has ``bpf_<name>``."""
    return btf.enumerator("bpf_func_id", f"BPF_FUNC_{name}") is not None


def _version(release: str) -> str:
    numbers = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", release)
    major, minor, patch = (int(n or 0) for n in numbers.groups()) if numbers else (0, 0, 0)
    code = (major << 16) + (minor << 8) + min(patch, 255)
    return f"#define LINUX_VERSION_CODE {code}\n#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))\n"
