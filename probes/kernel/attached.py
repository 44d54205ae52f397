"""Byte code into the kernel, by bpf(2): maps, programs, stages, and the links that attach them.

Descriptors are all that holds any of it: when they are closed, or their process ends however it may, nothing is left.
"""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import struct
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from probes.kernel.bpf_call import attach, create_map, load_program
from probes.kernel.bpf_map import BpfMap
from probes.kernel.bytecode import Bytecode, MapDefinition, Program

_U32 = struct.Struct("=I")
_VERIFIERS = 4
"""Programs verified at once, at most; the longest first."""


@dataclass
class Attached:
    """What the kernel holds for us: maps by name, and the links whose closing detaches the programs."""

    maps: dict[str, int] = field(default_factory=dict)
    links: list[int] = field(default_factory=list)

    def close(self) -> None:
        """Detach everything; may be called again."""
        links, self.links = self.links, []
        maps, self.maps = self.maps, {}
        for descriptor in (*links, *maps.values()):
            os.close(descriptor)


def attached(bytecode: Bytecode, own_pids: Iterable[int]) -> Attached:
    """Make, verify and attach everything, nothing of which stays when anything fails.

    ``own_pids`` are the processes whose doings are only counted, from the first event on. Raises OSError with the
    kernel's reason.
    """
    with contextlib.ExitStack() as failing, contextlib.ExitStack() as passing:
        made = Attached()
        failing.callback(made.close)
        for definition in bytecode.maps:
            made.maps[definition.name] = _map(definition)
        programs = _programs(bytecode.programs, list(made.maps.values()))
        for descriptor in programs.values():
            passing.callback(os.close, descriptor)
        for name, called in bytecode.stages.items():
            _enter(made.maps[name], [programs[each] for each in called])
        _own(made.maps, own_pids)
        for each in bytecode.programs:
            if each.tracepoint:
                made.links.append(attach("" if each.btf_id else each.tracepoint, programs[each.name]))
        failing.pop_all()
        return made


def _enter(stages: int, programs: Iterable[int]) -> None:
    """Fill a map of programs that are called by others. They live as long as somebody holds it."""
    called = BpfMap(stages, _U32.size, _U32.size)
    for number, program in enumerate(programs):
        called.update(_U32.pack(number), _U32.pack(program))


def _own(maps: Mapping[str, int], own_pids: Iterable[int]) -> None:
    own = BpfMap(maps["own"], _U32.size, 1)
    for pid in own_pids:
        own.update(_U32.pack(pid), b"\1")


def _map(definition: MapDefinition) -> int:
    sizes = definition.kind, definition.key_size, definition.value_size, definition.size
    try:
        return create_map(*sizes, flags=definition.flags, name=definition.name)
    except OSError as error:
        if error.errno != errno.EPERM:
            raise
    with contextlib.suppress(OSError, ValueError):  # before Linux 5.11 maps count as locked memory
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return create_map(*sizes, flags=definition.flags, name=definition.name)


def _programs(programs: Iterable[Program], maps: list[int]) -> dict[str, int]:
    """Load all, some at once. What has been loaded is closed when one is refused."""
    ordered = sorted(programs, key=lambda each: len(each.code), reverse=True)
    with ThreadPoolExecutor(_VERIFIERS, "verifier") as verifiers:
        asked = [
            verifiers.submit(load_program, each.linked(maps), each.tracepoint or each.name, each.btf_id)
            for each in ordered
        ]
    refused = [error for each in asked if (error := each.exception())]
    if refused:
        for each in asked:
            if not each.exception():
                os.close(each.result())
        raise refused[0]
    return {each.name: done.result() for each, done in zip(ordered, asked, strict=True)}
