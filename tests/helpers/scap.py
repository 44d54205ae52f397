"""Captures put together event by event, also in forms that nobody writes any more, and the real ones of Falco."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import pytest

from probes.scap import blocks
from probes.scap.table import BY_KEY, SIGNED, TEXTS, VARIABLE, Param
from tests.helpers.vectors import folder

BOOT = 1_767_000_000_000_000_000
T0 = 1_767_225_845_000_000_000
MILLISECOND = 1_000_000
_LETTERS = {1: "b", 2: "h", 4: "i", 8: "q"}


def falco_captures() -> list[Path]:
    """Falco's captures; the test is skipped, saying so, where they are not."""
    place = folder().parent / "captures"
    found = sorted(place.glob("*.scap"))
    if not found:
        pytest.skip(f"Falco's captures are not at {place}")
    return found


def captures_if_there() -> list[Path]:
    """The same; none, and it says so, where they are not."""
    try:
        return falco_captures()
    except pytest.skip.Exception as absent:
        print(f"without real captures: {absent}")
        return []


def block(kind: int, body: bytes) -> bytes:
    """A block with its header, padding and trailer."""
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + blocks.SMALLEST_BLOCK)
    return struct.pack("<I", kind) + length + body + length


def section(major: int = blocks.MAJOR, order: int = blocks.BYTE_ORDER) -> bytes:
    """The header that a file begins with."""
    return block(blocks.SECTION_HEADER, struct.pack(blocks.SECTION_BODY, order, major, blocks.MINOR, 2**64 - 1))


def machine(hostname: str = "vm", boot: int = BOOT) -> bytes:
    """Where the capture was made."""
    return block(0x201, struct.pack(blocks.MACHINE, 2, 1 << 30, 1 << 22, hostname.encode(), boot, 0, 0, 0))


def encoded(param: Param, value: Any) -> bytes:
    """A parameter's value as it is in a file; None is none."""
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, list):
        return b"".join(each.encode() + b"\0" for each in value)
    if param.type in TEXTS or param.size == VARIABLE:
        return str(value).encode() + b"\0"
    letter = _LETTERS[param.size]
    form = f"<{letter}" if param.type in SIGNED else f"<{letter.upper()}"
    return struct.pack(form, value)


def raw_event(
    number: int, values: list[bytes], *, time: int, tid: int, counted: bool = True, large: bool = False
) -> bytes:
    """The header of an event, the lengths of its parameters and their values."""
    lengths = struct.pack(f"<{len(values)}{'I' if large else 'H'}", *map(len, values))
    size = (26 if counted else 22) + len(lengths) + sum(map(len, values))
    header = struct.pack("<QQIH", time, tid, size, number) + (struct.pack("<I", len(values)) if counted else b"")
    return header + lengths + b"".join(values)


def event(key: str, *, tid: int, time: int = T0, kind: int = 0x216, cpu: int = 0, **values: Any) -> bytes:
    """A block with one event; parameters that are not given have no value, trailing ones are not written."""
    row = BY_KEY[key]
    assert values.keys() <= {param.name for param in row.params}, f"{key} has not all of {list(values)}"
    given = max((row.index(name) for name in values), default=-1) + 1
    found = [encoded(param, values.get(param.name)) for param in row.params[:given]]
    about = blocks.BLOCKS[kind]
    head = struct.pack("<HI", cpu, 0) if about.flagged else struct.pack("<H", cpu)
    return block(
        kind, head + raw_event(row.number, found, time=time, tid=tid, counted=about.counted, large=row.is_large)
    )


def processes(*threads: dict[str, Any], kind: int = 0x215) -> bytes:
    """A process list; fields that are not given are 0 or empty."""
    version = blocks.BLOCKS[kind].version
    return block(kind, b"".join(_entry(thread, version) for thread in threads))


def _entry(thread: dict[str, Any], version: int) -> bytes:
    known = {"pid": thread["tid"], "vtid": thread["tid"], "vpid": thread["tid"], "loginuid": 0xFFFFFFFF} | thread
    fields = [field for field in (*blocks.PROCESS, *blocks.PROCESS_APPENDED) if field.since <= version]
    body = b"".join(_field(field, known.get(field.name)) for field in fields)
    return struct.pack("<I", len(body) + 4) + body if version >= 9 else body


def _field(field: blocks.ListField, value: Any) -> bytes:
    if field.type != blocks.TEXT:
        return struct.pack(f"<{field.type}", value or 0)
    text = value if isinstance(value, bytes) else str(value or "").encode()
    return struct.pack("<H", len(text)) + text


def fd(number: int, kind: int, numbers: bytes = b"", name: str | None = None, after: bytes = b"") -> bytes:
    """An entry of an fd list of version 2."""
    text = b"" if name is None else struct.pack("<H", len(name)) + name.encode()
    body = struct.pack(blocks.FD_HEAD, number, 7, kind) + numbers + text + after
    return struct.pack("<I", len(body) + 4) + body


def fds(tid: int, *entries: bytes) -> bytes:
    """The descriptors of a thread."""
    return block(0x218, struct.pack("<q", tid) + b"".join(entries))


def interfaces(*addresses: bytes) -> bytes:
    """The machine's own IPv4 addresses."""
    body = b""
    for address in addresses:
        entry = (
            struct.pack("<HH", 1, 3) + struct.pack(blocks.INTERFACES[1], address, b"\xff\xff\xff\0", b"", 0) + b"eth"
        )
        body += struct.pack("<I", len(entry)) + entry
    return block(0x219, body)


def users(**names: int) -> bytes:
    """The machine's users."""
    body = b""
    for name, uid in names.items():
        texts = b"".join(struct.pack("<H", len(text)) + text for text in (name.encode(), b"/", b"/bin/sh"))
        entry = struct.pack("<BII", blocks.USER, uid, uid) + texts
        body += struct.pack("<I", len(entry) + 4) + entry
    return block(0x220, body)


def written(path: Path, *parts: bytes) -> Path:
    """A capture of these blocks; compressed if its name says so."""
    content = b"".join(parts)
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path
