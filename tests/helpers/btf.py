"""Type information as a kernel has it, written by hand."""

from __future__ import annotations

import struct

from probes.kernel.btf import Kind


class Blob:
    """Writes BTF."""

    def __init__(self) -> None:
        self.types, self.strings, self.count = b"", b"\0", 0

    def string(self, text: str) -> int:
        if not text:
            return 0
        self.strings += text.encode() + b"\0"
        return len(self.strings) - len(text) - 1

    def add(self, kind: Kind, name: str, size: int, tail: bytes = b"", members: int = 0) -> int:
        self.types += struct.pack("<III", self.string(name), kind << 24 | members, size) + tail
        self.count += 1
        return self.count

    def struct(self, name: str, size: int, *members: tuple[str, int, int], kind: Kind = Kind.STRUCT) -> int:
        tail = b"".join(struct.pack("<III", self.string(n), t, offset * 8) for n, t, offset in members)
        return self.add(kind, name, size, tail, len(members))

    def bytes(self) -> bytes:
        header = struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(self.types), len(self.types), len(self.strings))
        return header + self.types + self.strings
