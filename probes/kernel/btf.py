"""The running kernel's own type information (BTF), read to write C structs that fit exactly this kernel.

The BPF programs are compiled without kernel headers. For each struct they touch, :meth:`Btf.declare` writes a partial
C declaration: only the fields asked for, at their real offsets, with padding between. A field that this kernel does
not have is left out; a ``HAVE_<struct>_<field>`` macro tells the C code which ones are there.

Format: Documentation/bpf/btf.rst of the kernel.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from engine.errors import SourceError

VMLINUX = Path("/sys/kernel/btf/vmlinux")
_MAGIC = 0xEB9F
_HEADER = struct.Struct("<HBBIIIII")
_TYPE = struct.Struct("<III")
_PAIR = struct.Struct("<II")
_POINTER_SIZE = 8


class Kind(IntEnum):
    """Kinds of types, as numbered by the format."""

    VOID = 0
    INT = 1
    PTR = 2
    ARRAY = 3
    STRUCT = 4
    UNION = 5
    ENUM = 6
    FWD = 7
    TYPEDEF = 8
    VOLATILE = 9
    CONST = 10
    RESTRICT = 11
    FUNC = 12
    FUNC_PROTO = 13
    VAR = 14
    DATASEC = 15
    FLOAT = 16
    DECL_TAG = 17
    TYPE_TAG = 18
    ENUM64 = 19


_FIXED_TAIL = {Kind.INT: 4, Kind.ARRAY: 12, Kind.VAR: 4, Kind.DECL_TAG: 4}
"""Bytes behind the common 12 of a type, by kind."""
_TAIL_PER_MEMBER = {
    Kind.STRUCT: 12,
    Kind.UNION: 12,
    Kind.ENUM: 8,
    Kind.FUNC_PROTO: 8,
    Kind.DATASEC: 12,
    Kind.ENUM64: 12,
}
_TRANSPARENT = {Kind.TYPEDEF, Kind.VOLATILE, Kind.CONST, Kind.RESTRICT, Kind.TYPE_TAG}
_NAMED = {Kind.STRUCT, Kind.UNION, Kind.ENUM, Kind.TYPEDEF, Kind.ENUM64}
_INTEGERS = {1: "unsigned char", 2: "unsigned short", 4: "unsigned int", 8: "unsigned long"}


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a struct: where it lies (bytes), of which type, how many bits if it is a bit-field (else 0)."""

    name: str
    offset: int
    type_id: int
    bits: int = 0


@dataclass(frozen=True, slots=True)
class _Type:
    name: str
    kind: int
    members: int
    bitfields: bool
    size: int
    """Or, of a pointer or a transparent kind, the type it stands on."""


class Btf:
    """The types of one BTF blob. Raises :class:`SourceError` when it is none."""

    def __init__(self, data: bytes) -> None:
        if len(data) < _HEADER.size or _HEADER.unpack_from(data)[0] != _MAGIC:
            raise SourceError("the kernel's type information (BTF) is not readable", hint=f"check {VMLINUX}")
        _, _, _, header, types, types_size, strings, _ = _HEADER.unpack_from(data)
        self._data = data
        self._strings = header + strings
        self._offsets = [0]
        self._named: dict[tuple[int, int], int] = {}
        self._index(header + types, header + types + types_size)

    @classmethod
    def of_kernel(cls, path: Path = VMLINUX) -> Btf:
        """The running kernel's. Raises :class:`SourceError` when it offers none."""
        try:
            return cls(path.read_bytes())
        except OSError as error:
            raise SourceError(
                f"the kernel offers no type information (BTF): {error}",
                hint="a kernel with CONFIG_DEBUG_INFO_BTF=y is needed: Debian 11, Ubuntu 20.10, RHEL 8.2 or newer",
            ) from error

    def _index(self, position: int, end: int) -> None:
        """Finds where each type begins; 120,000 of them, so this loop is written for speed."""
        fixed = [12 + _FIXED_TAIL.get(Kind(k), 0) if k < 20 else 12 for k in range(32)]
        each = [_TAIL_PER_MEMBER.get(Kind(k), 0) if k < 20 else 0 for k in range(32)]
        is_named = [k in _NAMED for k in range(32)]
        unpack, data, offsets, named = _PAIR.unpack_from, self._data, self._offsets, self._named
        append = offsets.append
        while position < end:
            name, info = unpack(data, position)
            kind = (info >> 24) & 31
            if name and is_named[kind]:
                named.setdefault((kind, name), len(offsets))
            append(position)
            position += fixed[kind] + each[kind] * (info & 0xFFFF)

    def _string(self, offset: int) -> str:
        start = self._strings + offset
        return self._data[start : self._data.index(b"\0", start)].decode()

    def _type(self, type_id: int) -> _Type:
        if type_id == 0:
            return _Type("", Kind.VOID, 0, False, 0)
        name, info, size = _TYPE.unpack_from(self._data, self._offsets[type_id])
        return _Type(self._string(name), (info >> 24) & 31, info & 0xFFFF, bool(info >> 31), size)

    def find(self, kind: Kind, name: str) -> int | None:
        """The type of this kind and name."""
        wanted, position = b"\0" + name.encode() + b"\0", self._strings
        while (position := self._data.find(wanted, position)) >= 0:
            position += 1
            if type_id := self._named.get((kind, position - self._strings)):
                return type_id
        return None

    def strip(self, type_id: int) -> int:
        """The type behind typedefs and qualifiers; 0 is void."""
        while (found := self._type(type_id)).kind in _TRANSPARENT:
            type_id = found.size
        return type_id

    def size(self, type_id: int) -> int:
        """Size in bytes."""
        type_id = self.strip(type_id)
        found = self._type(type_id)
        if found.kind == Kind.PTR:
            return _POINTER_SIZE
        if found.kind == Kind.ARRAY:
            element, count = self._array(type_id)
            return count * self.size(element)
        return found.size

    def _array(self, type_id: int) -> tuple[int, int]:
        element, _, count = _TYPE.unpack_from(self._data, self._offsets[type_id] + 12)
        return element, count

    def members(self, type_id: int) -> Iterator[Field]:
        """The members of a struct or union; those of an unnamed struct within it have the name ""."""
        found, position = self._type(type_id), self._offsets[type_id] + 12
        for i in range(found.members):
            name, member, offset = _TYPE.unpack_from(self._data, position + 12 * i)
            bits = offset >> 24 if found.bitfields else 0
            offset = offset & 0xFFFFFF if found.bitfields else offset
            yield Field(self._string(name), offset // 8, member, bits)

    def field(self, type_id: int, name: str) -> Field | None:
        """A member by name, also within unnamed structs and unions."""
        for member in self.members(type_id):
            if member.name == name:
                return member
            if not member.name and (inner := self.field(self.strip(member.type_id), name)):
                return Field(name, member.offset + inner.offset, inner.type_id, inner.bits)
        return None

    def enumerator(self, enum: str, name: str) -> int | None:
        """The value of an enumerator, None where the kernel has none of that name."""
        for kind, step in ((Kind.ENUM, 8), (Kind.ENUM64, 12)):
            if (type_id := self.find(kind, enum)) is None:
                continue
            start = self._offsets[type_id] + 12
            for i in range(self._type(type_id).members):
                label, value = _PAIR.unpack_from(self._data, start + step * i)
                if self._string(label) == name:
                    return int(value)
        return None

    def has_tracepoint(self, name: str) -> bool:
        """Whether a raw tracepoint of this name is built in: for each there is a type ``btf_trace_<name>``."""
        return f"\0btf_trace_{name}\0".encode() in self._data

    def tracepoint(self, name: str) -> int:
        """That type; 0 where there is none."""
        return self.find(Kind.TYPEDEF, f"btf_trace_{name}") or 0

    def tracepoint_arguments(self, name: str) -> int:
        """How many arguments a raw tracepoint has; 0 for one that there is not."""
        if not self.has_tracepoint(name):
            return 0
        place = self._data.index(f"\0btf_trace_{name}\0".encode(), self._strings) + 1 - self._strings
        begin = self._data.index(_PAIR.pack(place, Kind.TYPEDEF << 24))
        pointer = _TYPE.unpack_from(self._data, begin)[2]
        return self._type(self._type(pointer).size).members - 1  # the first one is of the tracepoint itself

    def declare(self, wanted: Mapping[str, Iterable[str]]) -> str:
        """C declarations of these structs with these fields."""
        return _Declarations(self, {name: list(fields) for name, fields in wanted.items()}).text()


class _Declarations:
    """Writes the structs in an order in which each comes after those it contains."""

    def __init__(self, btf: Btf, wanted: dict[str, list[str]]) -> None:
        self._btf = btf
        self._wanted = wanted
        self._lines = [f"struct {name};" for name in wanted]
        self._done: set[str] = set()

    def text(self) -> str:
        for name in self._wanted:
            self._declare(name)
        return "\n".join(self._lines) + "\n"

    def _declare(self, name: str) -> None:
        if name in self._done:
            return
        self._done.add(name)
        type_id = self._btf.find(Kind.STRUCT, name)
        if type_id is None:
            return
        fields = self._present(type_id, self._wanted[name])
        body = self._body(fields, self._btf.size(type_id))
        checks = [f'_Static_assert(__builtin_offsetof(struct {name}, {f.name}) == {f.offset}, "");' for f in fields]
        self._lines += [f"struct {name} {{", *body, "};", *checks]
        self._lines += [f"#define HAVE_{name}_{field.name} 1" for field in fields]

    def _present(self, type_id: int, names: list[str]) -> list[Field]:
        """The fields that exist, by offset; bit-fields and what overlaps an earlier one are left out."""
        found = [field for name in names if (field := self._btf.field(type_id, name)) and not field.bits]
        kept: list[Field] = []
        end = 0
        for field in sorted(found, key=lambda f: f.offset):
            if field.offset >= end:
                kept.append(field)
                end = field.offset + self._btf.size(field.type_id)
        return kept

    def _body(self, fields: list[Field], size: int) -> Iterator[str]:
        position = 0
        for field in fields:
            if field.offset > position:
                yield f"\tunsigned char pad{position}[{field.offset - position}];"
            before, after = self._c_type(field.type_id)
            yield f"\t{before} {field.name}{after};"
            position = field.offset + self._btf.size(field.type_id)
        if size > position:
            yield f"\tunsigned char pad{position}[{size - position}];"

    def _c_type(self, type_id: int) -> tuple[str, str]:
        """What stands before and after the name in a declaration."""
        type_id = self._btf.strip(type_id)
        found = self._btf._type(type_id)
        if found.kind == Kind.PTR:
            return self._c_pointer(self._btf.strip(found.size)), ""
        if found.kind == Kind.ARRAY:
            element, count = self._btf._array(type_id)
            before, after = self._c_type(element)
            return before, f"[{count}]{after}"
        if found.kind == Kind.STRUCT and found.name in self._wanted:
            self._declare(found.name)
            return f"struct {found.name}", ""
        if found.size in _INTEGERS:
            return _INTEGERS[found.size], ""
        return "unsigned char", f"[{found.size}]"

    def _c_pointer(self, target: int) -> str:
        found = self._btf._type(target)
        if found.kind == Kind.STRUCT and found.name:
            return f"struct {found.name} *"
        if found.kind == Kind.PTR:
            return "void **"
        return "char *" if found.kind == Kind.INT and found.size == 1 else "void *"
