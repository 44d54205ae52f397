"""The C structs of bpf/wire.h and their Python mirrors must be the same, byte for byte."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

import probes
from engine.pushdown import atoms
from engine.pushdown.atoms import NAMES, Fact, Match, Subject, TextTest
from engine.pushdown.conditions import MOST_NEEDLES
from probes.kernel import filter_rows, filters, spec, wire

BPF = Path(probes.__file__).parent / "kernel" / "bpf"
TYPES = "typedef unsigned char u8; typedef unsigned short u16; typedef unsigned u32; typedef signed char s8;\n"
TYPES += "typedef unsigned long long u64; typedef int s32; typedef long long s64;\n"

FIELDS = {
    "record": "time kind event flags length reserved start cap_effective cap_permitted cgroup hierarchy pid tid ppid"
    " uid gid comm ret args data",
    "file_info": "ino dev flags mode reserved",
    "socket_info": "family type protocol state local_port remote_port local remote",
    "task_info": "start cap_inheritable cgroup exe_ino exe_ctime exe_mtime hierarchy pid vpid ppid loginuid tty sid"
    " pgid vpgid pid_ns mnt_ns exe_flags comm",
    "counter": "seen delivered lost",
    "cgroup_key": "cgroup hierarchy",
    "loss_key": "cgroup hierarchy cause",
    "loss": "count pid reserved comm",
    "spec": "event present enabled string base fd sockaddr how payload message sockaddr_size_at failures_only"
    " by_command",
    "filter": "table count used texts exact lengths flags how domain mode peer reserved sought needles begins"
    " ends names clauses",
    "text_key": "bits table lookup text",
    "answers": "may may_not",
}
FORMATS = {
    "record": wire.RECORD,
    "file_info": wire.FILE_INFO,
    "socket_info": wire.SOCKET_INFO,
    "task_info": wire.TASK_INFO,
    "counter": wire.COUNTER,
    "cgroup_key": wire.CGROUP_KEY,
    "loss_key": wire.LOSS_KEY,
    "loss": wire.LOSS,
    "spec": spec.SPEC,
    "filter": filter_rows.ROW,
    "text_key": filter_rows.KEY,
    "answers": filter_rows.ANSWERS,
}

_FILTERS = {
    "FILTER_SETS": filter_rows.SETS,
    "FILTER_ROWS": filter_rows.ROWS,
    "CLAUSES": filter_rows.CLAUSES,
    "OPTION_GENERATION": filters.GENERATION,
    "LOOKUPS": filter_rows.LOOKUPS,
    "LOOKUP_SUFFIX": filter_rows.lookup_of(TextTest(Subject.FIRST, Match.SUFFIX, ())),
    "LOOKUP_PEER": filter_rows.lookup_of(TextTest(Subject.PEER, Match.EXACT, ())),
    "LOOKUP_PORT": filter_rows.lookup_of(TextTest(Subject.PORT, Match.EXACT, ())),
    "NEEDLES": MOST_NEEDLES,
    "NEEDLE_SIZE": atoms.NEEDLE,
    "SOUGHT_MOST": atoms.SOUGHT_MOST,
    "TAIL": atoms.TAIL,
    "TEXT_SIZE": atoms.TEXT_MOST + 2,
    "HEAD_BITS": filter_rows.HEAD_BITS,
}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[int]]:
    """What gcc makes of the header: by struct, the offset of each field, then the size; and the constants."""
    lines = [f'\tprintf("{name}{_offsets(name, fields)});' for name, fields in FIELDS.items()]
    constants = [*(f"SECTION_{s.name}" for s in wire.Section), "SECTIONS", *(f"RECORD_{k.name}" for k in wire.Kind)]
    constants += [name for name in vars(wire) if name.startswith(("FILE_", "FLAG_")) and name != "FILE_INFO"]
    constants += [
        "SPEC_COMPAT",
        "SPEC_SOCKETCALL",
        "SPEC_URING",
        "FROM_RETURN",
        "FROM_NOWHERE",
        "BASE_CWD",
        "BASE_NONE",
        "PRESENT",
        "PRESENT_COMPAT",
    ]
    constants += [*_FILTERS, *(f"FACT_{fact.name}" for fact in Fact if fact not in NAMES), "FACT_NAMES"]
    lines += [f'\tprintf("{name} %d\\n", (int){name});' for name in constants]
    folder = tmp_path_factory.mktemp("wire")
    code = f'#include <stdio.h>\n#include <stddef.h>\n{TYPES}#include "{BPF}/wire.h"\nint main(void) {{\n'
    (folder / "layout.c").write_text(code + "\n".join(lines) + "\n}\n")
    subprocess.run(["gcc", "-o", folder / "layout", folder / "layout.c"], check=True)
    output = subprocess.run([folder / "layout"], check=True, capture_output=True, text=True).stdout
    return {line.split()[0]: [int(n) for n in line.split()[1:]] for line in output.splitlines()}


def _offsets(name: str, fields: str) -> str:
    names = fields.split()
    values = ", ".join(f"(int)offsetof(struct {name}, {field})" for field in names)
    return " %d" * (len(names) + 1) + f'\\n", {values}, (int)sizeof(struct {name})'


def offsets_of(layout: struct.Struct) -> list[int]:
    """Where each field of a format begins, then its size: repeated codes like 6Q are one field."""
    position, found, count = 0, [], ""
    for code in layout.format.lstrip("="):
        if code.isdigit():
            count += code
            continue
        found.append(position)
        position += struct.calcsize(f"={count}{code}")
        count = ""
    return [*found, position]


@pytest.mark.parametrize("name", FIELDS)
def test_a_format_is_laid_out_like_its_struct(compiled: dict[str, list[int]], name: str) -> None:
    assert offsets_of(FORMATS[name])[: len(FIELDS[name].split())] == compiled[name][:-1]
    if name != "record":  # which ends with data of any size
        assert FORMATS[name].size == compiled[name][-1]


def test_the_parts_of_a_record_follow_one_another() -> None:
    parts = (wire.TIME, wire.HEAD, wire.DOER, wire.REGISTERS)
    assert "=" + "".join(part.format.lstrip("=") for part in parts) == wire.RECORD.format
    assert (wire.TIME.size, wire.TIME.size + wire.HEAD.size) == (wire.HEAD_AT, wire.DOER_AT)
    assert wire.REGISTERS_AT + wire.REGISTERS.size == wire.RECORD.size


def test_the_constants_agree(compiled: dict[str, list[int]]) -> None:
    sections = {f"SECTION_{section.name}": [section.value] for section in wire.Section}
    kinds = {f"RECORD_{kind.name}": [kind.value] for kind in wire.Kind}
    flags = {
        name: [value]
        for name, value in vars(wire).items()
        if name.startswith(("FILE_", "FLAG_")) and isinstance(value, int)
    }
    specs = {
        "SPEC_COMPAT": [spec.COMPAT_ROWS],
        "SPEC_SOCKETCALL": [spec.SOCKETCALL_ROWS],
        "SPEC_URING": [spec.URING_ROWS],
        "FROM_NOWHERE": [spec.NOWHERE],
    }
    specs |= {"PRESENT": [spec.PRESENT], "PRESENT_COMPAT": [spec.PRESENT_COMPAT]}
    specs |= {"BASE_CWD": [spec.BASE_CWD], "BASE_NONE": [spec.BASE_NONE]}
    of_filters = {name: [value] for name, value in _FILTERS.items()} | {
        **{f"FACT_{f.name}": [1 << f] for f in Fact if f not in NAMES},
        "FACT_NAMES": [1 << NAMES[0]],
    }
    expected = sections | kinds | flags | specs | of_filters
    assert {name: compiled[name] for name in expected} == expected
    assert compiled["SECTIONS"] == [len(wire.Section)]
