"""Byte code as data: what comes back is what was kept, and nothing that does not fit gets in."""

from __future__ import annotations

import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.kernel.bpf_call import MAP_TYPE_PERF_EVENT_ARRAY
from probes.kernel.bpf_map import possible_cpus
from probes.kernel.bytecode import Bytecode, MapDefinition, Program, decode, encode, joined, program

RETURN = struct.pack("<BBhi", 0xB7, 0, 0, 0) + struct.pack("<BBhi", 0x95, 0, 0, 0)


def load_map(value: int, source: int = 1) -> bytes:
    """r1 = the map with this descriptor."""
    return struct.pack("<BBhi", 0x18, source << 4 | 1, 0, value) + bytes(8)


MAPS = (MapDefinition("own", 1, 4, 1, 4096, 0), MapDefinition("stages", 3, 4, 4, 8, 0))
ENTRY = program("raw_tracepoint__sys_exit", "sys_exit", load_map(9) + load_map(8) + RETURN, {8: 0, 9: 1})
CALLED = program("hold", "", RETURN, {})
SAMPLE = Bytecode("ring", MAPS, (ENTRY, CALLED), {"stages": ("hold",)}, "boot")


def test_what_was_kept_comes_back() -> None:
    assert decode(encode(SAMPLE)) == SAMPLE


def test_the_compilers_descriptors_are_replaced_by_ours() -> None:
    assert ENTRY.uses == ((0, 1), (2, 0))
    assert ENTRY.code == load_map(0) + load_map(0) + RETURN
    assert ENTRY.linked([70, 71]) == load_map(71) + load_map(70) + RETURN


def test_a_number_of_64_bits_is_no_map() -> None:
    number = load_map(8, source=0)
    assert program("p", "", number + RETURN, {8: 0}).linked([70]) == number + RETURN


def test_parts_share_the_maps_of_one_name() -> None:
    other = MapDefinition("held", 1, 8, 8, 64, 0)
    second = program("raw_tracepoint__exec", "exec", load_map(3) + load_map(4) + RETURN, {3: 0, 4: 1})
    first = Bytecode("ring", MAPS, (ENTRY,), {}, "boot")
    parts = [first, Bytecode("ring", (other, MAPS[1]), (second, CALLED), {}, "boot")]
    whole = joined(parts, {"stages": ("hold",)})
    assert (whole.maps, whole.stages) == ((*MAPS, other), {"stages": ("hold",)})
    assert [each.uses for each in whole.programs] == [ENTRY.uses, ((0, 2), (2, 1)), ()]
    assert decode(encode(whole)) == whole


def test_parts_that_disagree_about_a_map_are_refused() -> None:
    larger = msgspec.structs.replace(MAPS[0], entries=1)
    with pytest.raises(ValueError, match="not the same"):
        joined([SAMPLE, Bytecode("ring", (larger,), (), {}, "boot")], {})


@pytest.mark.parametrize("code", [load_map(5), load_map(8, source=2)], ids=["another map", "a value within a map"])
def test_what_cannot_be_kept_is_refused(code: bytes) -> None:
    with pytest.raises(ValueError, match="cannot be kept"):
        program("p", "", code + RETURN, {8: 0})


def test_an_array_of_perf_buffers_has_one_for_each_cpu_of_this_start() -> None:
    assert MapDefinition("events", MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 1, 0).size == possible_cpus()
    assert MAPS[0].size == 4096


def changed(**fields: object) -> bytes:
    return encode(msgspec.structs.replace(SAMPLE, **fields))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode({"transport": "ring"}),
        msgspec.msgpack.encode({**msgspec.to_builtins(SAMPLE), "more": 1}),
        changed(maps=(*MAPS, MAPS[0])),
        changed(maps=(msgspec.structs.replace(MAPS[0], entries=-1), MAPS[1])),
        changed(maps=(msgspec.structs.replace(MAPS[0], entries=1 << 32), MAPS[1])),
        changed(maps=(msgspec.structs.replace(MAPS[0], name="../own"), MAPS[1])),
        changed(maps=()),
        changed(stages={"stages": ("nobody",)}),
        changed(stages={"nowhere": ("hold",)}),
        changed(programs=(msgspec.structs.replace(CALLED, btf_id=-1),)),
        changed(programs=(msgspec.structs.replace(CALLED, btf_id=1 << 32),)),
        changed(programs=(CALLED, CALLED)),
        changed(programs=(Program("hold", "", RETURN[:-1], ()),)),
        changed(programs=(Program("hold", "", b"", ()),)),
        changed(programs=(Program("hold", "sys exit", RETURN, ()),)),
        changed(programs=(Program("hold", "", RETURN, ((0, 0),)),)),
        changed(programs=(Program("hold", "", load_map(0) + RETURN, ()),)),
        changed(programs=(Program("hold", "", load_map(0) + RETURN, ((0, 2),)),)),
        changed(programs=(Program("hold", "", load_map(0) + RETURN, ((0, -1),)),)),
        changed(programs=(Program("hold", "", load_map(0)[:8], ((0, 0),)), *[CALLED] * 300)),
    ],
)
def test_what_does_not_fit_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        decode(data)


ENCODED = encode(SAMPLE)
PLACES = st.integers(0, len(ENCODED) - 1)


@given(st.lists(st.tuples(PLACES, st.integers(0, 255)), max_size=8), st.one_of(st.none(), PLACES))
def test_whatever_is_accepted_can_be_linked(changes: list[tuple[int, int]], cut: int | None) -> None:
    """Also behind a checksum that is right: nothing but a ValueError, or byte code that is sound."""
    data = bytearray(ENCODED)
    for place, value in changes:
        data[place] = value
    try:
        found = decode(bytes(data[:cut]))
    except ValueError:
        return
    descriptors = list(range(100, 100 + len(found.maps)))
    names = {each.name for each in found.programs}
    assert set(found.stages) <= {each.name for each in found.maps}
    assert {name for called in found.stages.values() for name in called} <= names
    for each in found.programs:
        assert len(each.linked(descriptors)) == len(each.code)
