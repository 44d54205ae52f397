"""The compiler: makes byte code of the BPF programs for this kernel, hands it over, and exits.

It runs as a process of its own (``python -m probes.kernel.loader_child FOLDER OPTIONS``), because bcc brings 100 MB of
compiler along and changes the working directory. This is the only module that imports bcc.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from engine.errors import SourceError
from engine.invocation import command
from probes.kernel.bpf_trial import knows_types
from probes.kernel.btf import Btf
from probes.kernel.bytecode import Bytecode, MapDefinition, Program, joined, program
from probes.kernel.forked import answered, at_once
from probes.kernel.headers import has_helper, write_headers
from probes.kernel.programs import AUTO, BOOT, MONOTONIC, OF_SYS_EXIT, PARTS, PERF, RING, STAGES, SYS_EXIT, source
from probes.kernel.symbols import HELPERS, show_only

DISTRIBUTION_PACKAGES = ("usr/lib/python3/dist-packages", "usr/lib/python3*/site-packages")
"""Where Debian and Ubuntu, and where Fedora and Arch install bcc: pure Python on ctypes, so any interpreter runs it."""
_TRACEPOINT = "raw_tracepoint__"
"""What bcc puts before the name of the tracepoint."""
_FLAGS = ["-g0", "-Werror=implicit-function-declaration"]
"""Descriptions for debuggers take a tenth of the time, and nobody reads them. A function that a part does not have must
not pass for one of the kernel's."""


def import_bcc() -> Any:
    """The bcc module, also from a virtual environment. Raises :class:`SourceError` when it is not installed."""
    try:
        return _import_bcc()
    except ImportError:
        sys.path += [str(folder) for pattern in DISTRIBUTION_PACKAGES for folder in Path("/").glob(pattern)]
    try:
        return _import_bcc()
    except (ImportError, OSError) as error:
        raise SourceError(f"bcc cannot be imported: {error}", hint="apt-get install python3-bpfcc") from error


def _import_bcc() -> Any:
    module = import_module("bcc")
    if not hasattr(module, "BPF"):
        raise ImportError("another package of the name bcc is installed")
    return module


def best_transport(btf: Btf) -> str:
    """The ring buffer where the kernel has it (5.8), else the perf buffer."""
    return PERF if btf.enumerator("bpf_map_type", "BPF_MAP_TYPE_RINGBUF") is None else RING


def type_of_sys_exit(btf: Btf) -> int:
    """The type of the tracepoint, where the kernel lets programs follow its arguments (5.5); else 0."""
    found = btf.tracepoint(SYS_EXIT)
    return found if found and knows_types(found) else 0


def best_clock(btf: Btf) -> str:
    """The clock that goes on while the machine is suspended, where programs can read it (5.8)."""
    return BOOT if has_helper(btf, "ktime_get_boot_ns") else MONOTONIC


def compiled(folder: Path, transport: str, ring_pages: int, clock: str) -> Bytecode:
    """The probes for this kernel. ``folder`` is for what the compiler reads. Raises :class:`SourceError`."""
    btf = Btf.of_kernel()
    transport = best_transport(btf) if transport == AUTO else transport
    clock = best_clock(btf) if clock == AUTO else clock
    write_headers(folder, btf)
    show_only([name for name in HELPERS if has_helper(btf, name)], folder)
    os.chdir(folder)  # bcc puts the working directory before every include path
    os.environ["BCC_KERNEL_SOURCE"] = str(folder)
    bcc = import_bcc()
    wanted = _Wanted(transport, ring_pages, clock, type_of_sys_exit(btf))
    return joined(at_once(lambda part: _part(bcc, part, wanted), PARTS), STAGES)


class _Wanted(NamedTuple):
    """What all parts have in common; ``btf_id`` is the type of the tracepoint of system calls, 0 for none."""

    transport: str
    ring_pages: int
    clock: str
    btf_id: int


def _part(bcc: Any, part: Sequence[str], wanted: _Wanted) -> Bytecode:
    try:
        flags = [*_FLAGS, "-DTYPED_SYS_EXIT"] if wanted.btf_id else _FLAGS
        text = source(wanted.transport, wanted.ring_pages, part, clock=wanted.clock)
        module = _compiler(bcc)(text=text, cflags=flags)
        maps = dict(_maps(bcc.lib, module.module))
        indexes = {descriptor: index for index, descriptor in enumerate(maps)}
        programs = tuple(_programs(bcc.lib, module, indexes, wanted.btf_id))
        return Bytecode(wanted.transport, tuple(maps.values()), programs, {}, wanted.clock)
    except Exception as error:  # bcc raises nothing more precise
        raise SourceError(
            f"the probes cannot be compiled: {error}", hint=f"{command('doctor')} says what is missing"
        ) from error


def _compiler(bcc: Any) -> Any:
    """bcc's BPF without what it does of its own accord when it has compiled: to load and attach."""

    class Compiler(bcc.BPF):  # type: ignore[misc]
        def _trace_autoload(self) -> None:
            pass

    return Compiler


def _maps(lib: Any, module: Any) -> Iterator[tuple[int, MapDefinition]]:
    """Descriptor → map. bcc declares no types for most of these functions."""
    lib.bpf_num_tables.restype, lib.bpf_num_tables.argtypes = ctypes.c_size_t, [ctypes.c_void_p]
    lib.bpf_table_name.restype = ctypes.c_char_p

    def of(table: int, what: str) -> Any:
        function = getattr(lib, f"bpf_table_{what}")
        function.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
        return function(module, table)

    for i in range(lib.bpf_num_tables(module)):
        sizes = (of(i, f"{what}_id") for what in ("type", "key_size", "leaf_size", "max_entries", "flags"))
        yield of(i, "fd_id"), MapDefinition(of(i, "name").decode(), *(int(size) for size in sizes))


def _programs(lib: Any, module: Any, maps: dict[int, int], btf_id: int) -> Iterator[Program]:
    for i in range(lib.bpf_num_functions(module.module)):
        raw = lib.bpf_function_name(module.module, i)
        name = raw.decode()
        tracepoint = name.removeprefix(_TRACEPOINT) if name.startswith(_TRACEPOINT) else ""
        yield program(name, tracepoint, module.dump_func(raw), maps, btf_id if name in OF_SYS_EXIT else 0)


def main(arguments: list[str]) -> None:
    """Serve one request on standard output, as :func:`probes.kernel.forked.answered`; the exit code says which."""
    answer = os.dup(1)
    os.dup2(2, 1)  # the compiler talks
    made, code = answered(lambda: compiled(Path(arguments[0]), **json.loads(arguments[1])))
    with open(answer, "wb") as file:  # noqa: PTH123 - a descriptor
        file.write(made)
    sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
