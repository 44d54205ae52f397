"""What the processes of this machine have open, from /proc: the list of descriptors in front of a capture."""

from __future__ import annotations

import contextlib
import re
import stat
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from engine.events import Fd
from probes.addresses import AF_INET, AF_INET6, ip_text
from probes.descriptor_types import PLACELESS

PROC = Path("/proc")

_LISTENING, _ESTABLISHED = "0A", "01"
_TABLES = {"tcp": AF_INET, "tcp6": AF_INET6, "udp": AF_INET, "udp6": AF_INET6}
"""Files of /proc/PID/net → the family of their addresses."""
_NUMBERED = re.compile(r"(\w+):\[(\d+)\]")

Sockets = dict[int, Fd]
"""By inode."""
_Finder = Callable[[], Sockets]


def read_open_files(proc: Path = PROC) -> dict[int, list[Fd]]:
    """The descriptors of each process, by pid. Who ends meanwhile, or may not be looked at, is left out."""
    namespaces = _Namespaces()
    found: dict[int, list[Fd]] = {}
    for folder in proc.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if fds := list(_of_process(folder, namespaces)):
                found[int(folder.name)] = fds
    return found


def _of_process(folder: Path, namespaces: _Namespaces) -> Iterator[Fd]:
    for path in (folder / "fd").iterdir():
        with contextlib.suppress(OSError):
            yield _fd(int(path.name), path, str(path.readlink()), lambda: namespaces.sockets(folder))


def _fd(number: int, path: Path, target: str, sockets: _Finder) -> Fd:
    if target.startswith("/memfd:"):
        return Fd(number, "memfd", target[1:].removesuffix(" (deleted)"))
    if target.startswith("/"):
        return _file(number, path, target)
    if match := _NUMBERED.fullmatch(target):
        return _numbered(number, match[1], int(match[2]), sockets)
    name = target.removeprefix("anon_inode:")
    return Fd(number, PLACELESS.get(name, "file"), name)


def _file(number: int, path: Path, target: str) -> Fd:
    known = path.stat()
    kind = "directory" if stat.S_ISDIR(known.st_mode) else "pipe" if stat.S_ISFIFO(known.st_mode) else "file"
    return Fd(number, kind, target, target, dev=known.st_dev, ino=known.st_ino)


def _numbered(number: int, kind: str, ino: int, sockets: _Finder) -> Fd:
    """``pipe:[7]``, ``socket:[7]``, or something of a namespace."""
    if kind != "socket":
        return Fd(number, "pipe" if kind == "pipe" else "file", f"{kind}:[{ino}]", ino=ino)
    known = sockets().get(ino, Fd(type="netlink"))
    return Fd(
        number, known.type, known.name, l4proto=known.l4proto, local_ip=known.local_ip, local_port=known.local_port,
        remote_ip=known.remote_ip, remote_port=known.remote_port, is_server=known.is_server,
        connected=known.connected, ino=ino,
    )  # fmt: skip


# ── sockets ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Namespaces:
    """The sockets of each network namespace, read once."""

    def __init__(self) -> None:
        self._found: dict[str, Sockets] = {}

    def sockets(self, folder: Path) -> Sockets:
        """Those of the namespace that a process is in."""
        name = str((folder / "ns" / "net").readlink())
        if name not in self._found:
            self._found[name] = read_sockets(folder / "net")
        return self._found[name]


def read_sockets(net: Path) -> Sockets:
    """The sockets that a folder ``/proc/PID/net`` lists. Who listens on a port is the server of its connections."""
    rows = [row for table, family in _TABLES.items() for row in _rows(net / table, family)]
    listening = {row.local for row in rows if row.state == _LISTENING} | {
        ("", row.local[1]) for row in rows if row.state == _LISTENING and ip_address(row.local[0]).is_unspecified
    }
    found = {row.ino: row.fd(listening) for row in rows}
    return found | dict(_unix(net / "unix"))


@dataclass(frozen=True)
class _Row:
    protocol: str
    type: str
    local: tuple[str, int]
    remote: tuple[str, int]
    state: str
    ino: int

    def fd(self, listening: set[tuple[str, int]]) -> Fd:
        """What it is, without a number."""
        fd = Fd(type=self.type, l4proto=self.protocol, local_ip=self.local[0], local_port=self.local[1])
        fd.connected = self.state == _ESTABLISHED and self.remote[1] != 0
        if fd.connected:
            fd.remote_ip, fd.remote_port = self.remote
            fd.is_server = bool(listening & {self.local, ("", self.local[1])})
            ends = [f"{ip}:{port}" for ip, port in (self.local, self.remote)]
            fd.name = "->".join(reversed(ends) if fd.is_server else ends)
        elif self.state == _LISTENING:
            fd.is_server = True
            fd.name = f"{self.local[0]}:{self.local[1]}"
        return fd


def _rows(table: Path, family: int) -> Iterator[_Row]:
    for line in _lines(table):
        words = line.split()
        if len(words) > 9:
            (kind, local), (_, remote) = _end(words[1], family), _end(words[2], family)
            yield _Row(table.name[:3], kind, local, remote, words[3], int(words[9]))


def _end(text: str, family: int) -> tuple[str, tuple[str, int]]:
    """An address in words of 32 bits of this machine's byte order, and a port."""
    address, _, port = text.partition(":")
    raw = b"".join(struct.pack("=I", int(address[at : at + 8], 16)) for at in range(0, len(address), 8))
    kind, ip = ip_text(family, raw)
    return kind, (ip, int(port, 16))


def _unix(table: Path) -> Iterator[tuple[int, Fd]]:
    for line in _lines(table):
        words = line.split(maxsplit=7)
        if len(words) > 6:
            yield int(words[6]), Fd(type="unix", name=words[7].strip() if len(words) > 7 else "")


def _lines(path: Path) -> list[str]:
    """Without the heading; none where the kernel has no such table."""
    try:
        return path.read_text("utf-8", "backslashreplace").splitlines()[1:]
    except OSError:
        return []
