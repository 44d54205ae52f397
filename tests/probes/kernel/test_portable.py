"""Records of an aarch64 machine, as the rules see them."""

from __future__ import annotations

import struct

import pytest

from engine.events import KernelEvent
from probes.kernel.decode import Decoder
from probes.kernel.portable import portable
from probes.kernel.wire import Section
from tests.helpers.records import record

ARM = {"O_DIRECTORY": 0o40000, "O_NOFOLLOW": 0o100000, "O_DIRECT": 0o200000, "O_LARGEFILE": 0o400000}
X86 = {"O_DIRECTORY": 0o200000, "O_NOFOLLOW": 0o400000, "O_DIRECT": 0o40000, "O_LARGEFILE": 0o100000}
"""From the kernel's arch/arm64/include/uapi/asm/fcntl.h and include/uapi/asm-generic/fcntl.h."""
WRITING = 0o1101
"""O_WRONLY | O_CREAT | O_TRUNC, the same everywhere."""


def openat(flags: int) -> bytes:
    return record("openat", 3, (0, 0, flags))


def decoded(raw: bytes, machine: str) -> KernelEvent:
    return portable(Decoder({}, 0).decode, machine)(raw)


@pytest.mark.parametrize("name", ARM)
def test_flags_of_an_open_have_one_number_on_all_machines(name: str) -> None:
    assert decoded(openat(ARM[name] | WRITING), "aarch64").args["flags"] == X86[name] | WRITING
    assert decoded(openat(X86[name] | WRITING), "x86_64").args["flags"] == X86[name] | WRITING


def test_also_those_within_a_struct() -> None:
    how = struct.pack("=QQQ", ARM["O_NOFOLLOW"], 0, 0)
    raw = record("openat2", 3, sections={Section.HOW: how})
    assert decoded(raw, "aarch64").args["flags"] == X86["O_NOFOLLOW"]


def test_other_flags_are_the_same_everywhere() -> None:
    raw = record("unshare", 0, (0o40000,))
    assert decoded(raw, "aarch64").args["flags"] == 0o40000
