"""The BPF programs as older kernels get them: without types, and without the helpers of now, they run here, too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.events import KernelEvent, Phase, SourceState
from probes.kernel.bytecode import Bytecode, decode
from probes.kernel.bytecode_cache import write
from probes.kernel.compiling import key_of
from probes.kernel.loader import Loading
from probes.kernel.programs import AUTO
from tests.helpers.kernel import Watched, watching

pytestmark = pytest.mark.live

PAGES = 16
TYPES = "btf_trace_sys_exit"
"""What a kernel has that tells programs the types of a tracepoint's arguments (5.5)."""
TASK, CLOCK = "BPF_FUNC_get_current_task_btf", "BPF_FUNC_ktime_get_boot_ns"
"""Helpers of 5.11 and of 5.8."""
COMPILE = """
import os, sys
from pathlib import Path
from probes.kernel import loader_child
from probes.kernel.btf import VMLINUX, Btf
from probes.kernel.bytecode import encode

class Older(Btf):
    def __init__(self, data):
        for name in map(str.encode, sys.argv[2:]):
            data = data.replace(b"\\0" + name + b"\\0", b"\\0" + b"-" * len(name) + b"\\0")
        super().__init__(data)

answer = os.dup(1)
os.dup2(2, 1)
loader_child.Btf = Older
os.write(answer, encode(loader_child.compiled(Path(sys.argv[1]), "ring", 16, "auto")))
"""
INT80 = Path(__file__).parents[1] / "helpers/lab/programs/int80.c"


def compiled_without(folder: Path, *names: str) -> Bytecode:
    """The byte code for a kernel that is this one without these types and helpers."""
    command = [sys.executable, "-c", COMPILE, str(folder), *names]
    root = Path(__file__).parents[2]
    return decode(subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=root).stdout)


@pytest.mark.parametrize(
    ("names", "typed"), [((), True), ((TYPES,), False), ((TASK,), True), ((TYPES, TASK, CLOCK), False)]
)
async def test_calls_are_told_with_and_without_types(tmp_path: Path, names: tuple[str, ...], typed: bool) -> None:
    """Of 64 and of 32 bits, with their registers."""
    include, cache = tmp_path / "include-tree", tmp_path / "cache"
    include.mkdir()
    made = compiled_without(include, *names)
    assert {bool(each.btf_id) for each in made.programs if each.tracepoint == "sys_exit"} == {typed}
    write(cache, key_of(AUTO, PAGES), made)
    subprocess.run(["gcc", "-o", tmp_path / "int80", INT80], check=True)
    async with watching(loading=Loading(ring_pages=PAGES, cache=cache)) as watched:
        live = await watched.until(SourceState, phase=Phase.LIVE)
        assert isinstance(live, SourceState) and "that was kept" in live.detail  # the kernel took it
        assert await opened_by(watched, "/bin/cat") == [("openat", 0)]
        assert await opened_by(watched, str(tmp_path / "int80")) == [("open", 0)]


async def opened_by(watched: Watched, program: str) -> list[tuple[str, object]]:
    """How a program opens /etc/shadow, and the flags that it gives."""
    events = await watched.run(program, "/etc/shadow")
    opens = [e for e in events if isinstance(e, KernelEvent) and e.args.get("name") == "/etc/shadow"]
    return [(e.type, e.args["flags"]) for e in opens]
