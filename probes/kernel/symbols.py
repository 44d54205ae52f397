"""A short list of the kernel's symbols for bcc, which else reads all of them, twice: half of the time of compiling.

It looks only for the two helpers that read memory. Our C text says which there are by itself (see
:mod:`probes.kernel.headers`), but bcc asks in any case.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

HELPERS = ("probe_read_kernel", "probe_read_user")
_CLONE_NEWNS, _MS_BIND, _MS_REC, _MS_PRIVATE = 0x20000, 0x1000, 0x4000, 0x40000
_ADDRESS = "ffffffffffff0000"
"""One that bcc takes for the kernel's, on any machine."""


def show_only(helpers: Iterable[str], folder: Path) -> None:
    """From now on /proc/kallsyms has these helpers for this process and its children, and nothing else.

    In a mount namespace of its own; where that is forbidden all stays as it is, and bcc takes its time.
    """
    short = folder / "kallsyms"
    short.write_text("".join(f"{_ADDRESS} T bpf_{name}\n" for name in helpers))
    libc = ctypes.CDLL(None, use_errno=True)

    def call(name: str, *arguments: object) -> None:
        if getattr(libc, name)(*arguments) != 0:
            code = ctypes.get_errno()
            raise OSError(code, f"{name}: {os.strerror(code)}")

    with contextlib.suppress(OSError):
        call("unshare", _CLONE_NEWNS)
        call("mount", None, b"/", None, ctypes.c_ulong(_MS_REC | _MS_PRIVATE), None)
        call("mount", os.fsencode(short), b"/proc/kallsyms", None, ctypes.c_ulong(_MS_BIND), None)
