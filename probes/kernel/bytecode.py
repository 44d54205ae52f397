"""The compiled probes as plain data: what the compiler hands over, and what is kept for the next start.

Only data, decoded against these types: nothing in it is run by Python, and whatever does not fit is refused. What the
programs may do is the kernel's verifier's business, each time anew.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from probes.kernel.bpf_call import MAP_TYPE_PERF_EVENT_ARRAY
from probes.kernel.bpf_map import possible_cpus

FAILED = 3
"""The compiler's exit code when it has explained why there is no byte code."""
_WORD = re.compile(r"[A-Za-z0-9_]{1,64}")
_MOST = 256
"""Maps, programs or stages: far more than there are."""
_INSTRUCTION = struct.Struct("<BBhi")
_LOAD_64 = 0x18
"""BPF_LD | BPF_IMM | BPF_DW: an instruction of two, whose value is a number, or something the kernel puts there, …"""
_MAP_DESCRIPTOR = 1
"""… as with this source register: the map with this descriptor."""


class MapDefinition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A map as bpf(2) makes it."""

    name: str
    kind: int
    key_size: int
    value_size: int
    entries: int
    flags: int

    @property
    def size(self) -> int:
        """The number of entries to make it with: an array of perf buffers has one for each CPU."""
        return possible_cpus() if self.kind == MAP_TYPE_PERF_EVENT_ARRAY else self.entries


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A program. Where its code speaks of a map stands 0, and ``uses`` says which: (instruction, index of the map)."""

    name: str
    tracepoint: str
    """The raw tracepoint to attach to; "" for one that is called by others."""
    code: bytes
    uses: tuple[tuple[int, int], ...]
    btf_id: int = 0
    """The kernel's type of the tracepoint whose arguments the code follows; 0 where it takes them for numbers."""

    def linked(self, descriptors: Sequence[int]) -> bytes:
        """The code with the descriptors of the maps in it."""
        code = bytearray(self.code)
        for instruction, index in self.uses:
            struct.pack_into("<i", code, instruction * 8 + 4, descriptors[index])
        return bytes(code)


class Bytecode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that the kernel is given."""

    transport: str
    maps: tuple[MapDefinition, ...]
    programs: tuple[Program, ...]
    stages: dict[str, tuple[str, ...]]
    """Names of the programs that are called by others, by the map that they are in and in its order."""
    clock: str
    """What the time of a record is (:data:`probes.kernel.programs.BOOT` or MONOTONIC)."""


def program(name: str, tracepoint: str, code: bytes, maps: Mapping[int, int], btf_id: int = 0) -> Program:
    """A program from what a compiler made, with descriptors of its own in it; ``maps`` says which map each is.

    Raises ValueError where it speaks of anything else than a map.
    """
    raw, uses = bytearray(code), []
    for place, source, value in _wide_loads(code):
        if source == _MAP_DESCRIPTOR and value in maps:
            uses.append((place, maps[value]))
            struct.pack_into("<i", raw, place * 8 + 4, 0)
        elif source:
            raise ValueError(f"{name} refers to something that cannot be kept")
    return Program(name, tracepoint, bytes(raw), tuple(uses), btf_id)


def _wide_loads(code: bytes) -> Iterator[tuple[int, int, int]]:
    """(instruction, source register, value) of each load of 64 bits."""
    place = 0
    while place < len(code) // 8:
        operation, registers, _, value = _INSTRUCTION.unpack_from(code, place * 8)
        if operation == _LOAD_64:
            yield place, registers >> 4, value
            place += 1
        place += 1


def joined(parts: Sequence[Bytecode], stages: dict[str, tuple[str, ...]]) -> Bytecode:
    """One from several that were compiled apart: maps of one name are one. Raises ValueError where they differ."""
    maps = {each.name: each for part in parts for each in part.maps}
    if any(maps[each.name] != each for part in parts for each in part.maps):
        raise ValueError("a map is not the same everywhere")
    places = {name: index for index, name in enumerate(maps)}
    programs = [_moved(each, [places[m.name] for m in part.maps]) for part in parts for each in part.programs]
    return Bytecode(parts[0].transport, tuple(maps.values()), tuple(programs), stages, parts[0].clock)


def _moved(made: Program, places: Sequence[int]) -> Program:
    """With the maps at other places."""
    return msgspec.structs.replace(made, uses=tuple((at, places[index]) for at, index in made.uses))


def encode(bytecode: Bytecode) -> bytes:
    """As bytes."""
    return msgspec.msgpack.encode(bytecode)


def decode(data: bytes) -> Bytecode:
    """From bytes, whatever they are. Raises ValueError for those that are not byte code."""
    bytecode = msgspec.msgpack.decode(data, type=Bytecode)  # its errors are ValueErrors
    _check(bytecode)
    return bytecode


def _check(bytecode: Bytecode) -> None:
    maps, programs = ([each.name for each in part] for part in (bytecode.maps, bytecode.programs))
    points = [each.tracepoint for each in bytecode.programs if each.tracepoint]
    called = [name for names in bytecode.stages.values() for name in names]
    sound = (
        max(len(bytecode.maps), len(bytecode.programs), len(called)) <= _MOST
        and all(map(_WORD.fullmatch, (*maps, *programs, *points)))
        and len(set(maps)) == len(maps)
        and len(set(programs)) == len(programs)
        and set(bytecode.stages) <= set(maps)
        and set(called) <= set(programs)
        and all(map(_sound_map, bytecode.maps))
        and all(_sound_program(each, len(bytecode.maps)) for each in bytecode.programs)
    )
    if not sound:
        raise ValueError("no byte code of these probes")


def _sound_map(made: MapDefinition) -> bool:
    numbers = (made.kind, made.key_size, made.value_size, made.entries, made.flags)
    return all(0 <= number < 1 << 32 for number in numbers)


def _sound_program(made: Program, maps: int) -> bool:
    """The places that ``uses`` names are the loads of maps, and all of them."""
    if not made.code or len(made.code) % 8:
        return False
    loads = [place for place, source, _ in _wide_loads(made.code) if source == _MAP_DESCRIPTOR]
    known = loads == [place for place, _ in made.uses] and all(0 <= index < maps for _, index in made.uses)
    return known and 0 <= made.btf_id < 1 << 32
