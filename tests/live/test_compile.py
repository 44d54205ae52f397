"""The BPF programs for other machines and kernels: bcc compiles them here, too, though they can run only there."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from probes.kernel.btf import Btf, Kind
from probes.kernel.headers import kernel_types, write_headers
from probes.kernel.programs import MONOTONIC, PERF, RING, source
from tests.helpers.btf import Blob

pytestmark = [pytest.mark.live, pytest.mark.beside]

REGISTERS = """struct pt_regs {
	u64 regs[31]; u64 sp; u64 pc; u64 pstate; u64 orig_x0; s32 syscallno; u32 pmr;
};"""
"""The beginning of arm64's struct pt_regs (arch/arm64/include/asm/ptrace.h)."""
COMPILE = """
import sys
from probes.kernel.loader_child import import_bcc
module = import_bcc().lib.bpf_module_create_c_from_string(sys.stdin.buffer.read(), 0, None, 0, False, None)
sys.exit(0 if module else 1)
"""


def write_arm_headers(folder: Path) -> None:
    """The structs of this kernel but for the registers, which alone differ in what we read."""
    write_headers(folder, Btf.of_kernel())
    types = folder / "include/kernel_types.h"
    before, _, after = types.read_text().partition("struct pt_regs {")
    _, _, rest = after.partition("};")
    kept = [line for line in rest.splitlines() if "struct pt_regs," not in line]
    types.write_text("\n".join([before, REGISTERS, *kept, ""]))


def compiled(folder: Path, text: str, **environment: str) -> str:
    """The compiler's complaints; "" when there are none."""
    known = {"BCC_KERNEL_SOURCE": str(folder), "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", COMPILE],
        input=text.encode(),
        env={**os.environ, **known, **environment},
        cwd=folder,
        capture_output=True,
        check=False,
    )
    return done.stderr.decode() if done.returncode else ""


@pytest.mark.parametrize(("transport", "typed"), [(RING, True), (RING, False), (PERF, False)])
def test_the_programs_compile_for_aarch64(tmp_path: Path, transport: str, typed: bool) -> None:
    write_arm_headers(tmp_path)
    check = "#ifndef __aarch64__\n#error this is another machine\n#endif\n"
    check += "#define TYPED_SYS_EXIT\n" if typed else ""
    assert compiled(tmp_path, check + source(transport, 16), ARCH="arm64") == ""


def test_the_programs_compile_for_a_kernel_without_the_helpers_of_now(tmp_path: Path) -> None:
    """As before Linux 5.5: the macros that then stand in the generated header."""
    write_headers(tmp_path, Btf.of_kernel())
    types = tmp_path / "include/kernel_types.h"
    kept = [line for line in types.read_text().splitlines() if "HAVE_BPF_FUNC_" not in line]
    old = kernel_types(Btf(Blob().bytes())).splitlines()
    macros = [line for line in old if "bpf_probe_read" in line] + ["#define KERNFS_ID_HAS_GENERATION 1"]
    assert len(macros) == 5
    macros += [line for line in kernel_types(with_old_start()).splitlines() if "real_start_time" in line][:1]
    text = "\n".join(kept).replace("start_boottime", "real_start_time")
    types.write_text("\n".join([*macros, text, ""]))
    assert compiled(tmp_path, source(PERF, 16, clock=MONOTONIC)) == ""


def with_old_start() -> Btf:
    blob = Blob()
    number = blob.add(Kind.INT, "unsigned long long", 8, struct.pack("<I", 64))
    blob.struct("task_struct", 16, ("start_time", number, 0), ("real_start_time", number, 8))
    return Btf(blob.bytes())
