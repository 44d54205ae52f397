"""Type information: a small blob made by hand, and the running kernel's own."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from engine.errors import SourceError
from probes.kernel.btf import VMLINUX, Btf, Kind
from probes.kernel.headers import STRUCTS, kernel_types, write_headers
from tests.helpers.btf import Blob


@pytest.fixture
def blob() -> Btf:
    blob = Blob()
    u32 = blob.add(Kind.INT, "unsigned int", 4, struct.pack("<I", 32))
    alias = blob.add(Kind.TYPEDEF, "u32", u32)
    const = blob.add(Kind.CONST, "", alias)
    inner = blob.struct("inner", 8, ("x", alias, 0), ("y", const, 4))
    pointer = blob.add(Kind.PTR, "", inner)
    array = blob.add(Kind.ARRAY, "", 0, struct.pack("<III", pointer, u32, 3))
    unnamed = blob.struct("", 8, ("hidden", alias, 4), kind=Kind.UNION)
    blob.struct("outer", 64, ("first", inner, 8), ("list", array, 16), ("", unnamed, 48), ("alias", inner, 8))
    values = struct.pack("<Ii", blob.string("RED"), 3) + struct.pack("<Ii", blob.string("BLUE"), 5)
    blob.add(Kind.ENUM, "colour", 4, values, 2)
    return Btf(blob.bytes())


def test_fields_are_found_within_unnamed_parts(blob: Btf) -> None:
    outer = blob.find(Kind.STRUCT, "outer")
    assert outer is not None
    hidden = blob.field(outer, "hidden")
    assert hidden is not None
    assert (hidden.offset, blob.size(hidden.type_id)) == (52, 4)
    assert blob.field(outer, "missing") is None


def test_enumerators(blob: Btf) -> None:
    assert (blob.enumerator("colour", "BLUE"), blob.enumerator("colour", "GREEN")) == (5, None)
    assert blob.enumerator("shape", "ROUND") is None


def test_the_type_of_a_tracepoint() -> None:
    blob = Blob()
    function = blob.add(Kind.PTR, "", 0)
    found = blob.add(Kind.TYPEDEF, "btf_trace_sys_exit", function)
    btf = Btf(blob.bytes())
    assert (btf.tracepoint("sys_exit"), btf.tracepoint("sys_enter")) == (found, 0)


def test_declarations_have_the_kernels_offsets(blob: Btf, tmp_path: Path) -> None:
    text = blob.declare({"outer": ["list", "first", "hidden", "alias", "gone"], "inner": ["y"], "absent": ["z"]})
    assert "#define HAVE_outer_list 1" in text
    assert "HAVE_outer_gone" not in text
    assert "HAVE_outer_alias" not in text  # it overlaps what came first
    (tmp_path / "a.c").write_text(
        "#include <stddef.h>\n" + text + '_Static_assert(offsetof(struct outer, first.y) == 12, "");\n'
        '_Static_assert(sizeof(((struct outer *)0)->list) == 24 && sizeof(struct outer) == 64, "");\n'
    )
    subprocess.run(["gcc", "-fsyntax-only", tmp_path / "a.c"], check=True)


def test_what_a_kernel_does_not_have_is_made_up_for(blob: Btf) -> None:
    """Before Linux 5.5 one helper reads all memory, and a cgroup's number has two parts."""
    old = Blob()
    old.struct("kernfs_node_id", 8, kind=Kind.UNION)
    types = kernel_types(Btf(old.bytes()))
    assert "#define bpf_probe_read_kernel bpf_probe_read\n" in types
    assert "#define bpf_probe_read_user_str bpf_probe_read_str\n" in types
    assert "#define KERNFS_ID_HAS_GENERATION 1" in types
    assert "KERNFS_ID_HAS_GENERATION" not in kernel_types(blob)


@pytest.mark.live
def test_the_running_kernel_needs_no_old_helpers() -> None:
    assert "#define bpf_" not in kernel_types(Btf.of_kernel())


@pytest.mark.parametrize("data", [b"", b"\x7fELF" + b"\0" * 40])
def test_what_is_no_btf_is_refused(data: bytes) -> None:
    with pytest.raises(SourceError, match="BTF"):
        Btf(data)


def test_a_kernel_without_btf_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        Btf.of_kernel(tmp_path / "vmlinux")
    assert "CONFIG_DEBUG_INFO_BTF" in caught.value.hint


@pytest.mark.live
def test_the_running_kernels_structs_compile(tmp_path: Path) -> None:
    btf = Btf.of_kernel(VMLINUX)
    write_headers(tmp_path, btf, "6.1.0-13-amd64")
    assert (tmp_path / "include/kernel_types.h").read_text() == kernel_types(btf)
    assert "LINUX_VERSION_CODE 393472" in (tmp_path / "include/linux/version.h").read_text()
    (tmp_path / "a.c").write_text("#include <linux/types.h>\n#include <kernel_types.h>\n")
    subprocess.run(["gcc", "-fsyntax-only", f"-I{tmp_path}/include", tmp_path / "a.c"], check=True)


@pytest.mark.live
def test_every_struct_we_touch_is_in_the_running_kernel() -> None:
    btf = Btf.of_kernel()
    assert [name for name in STRUCTS if btf.find(Kind.STRUCT, name) is None] == []
