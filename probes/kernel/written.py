"""The text of functions that make events of system calls' records.

A function is written for a type of event and for what its records carry: nothing that is the same for all of them is
asked with each. It does what ``tests/helpers/plain_decoder.py`` does in a slow and plain way, and a property test holds
it to that. Text stands in it only as :func:`ascii` of a name from the event table.
"""

from __future__ import annotations

import linecache
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine.events import Fd, KernelEvent
from engine.schema import NOT_CAPTURED, RET, EventType, Param, ParamType
from probes.addresses import parse_sockaddr
from probes.kernel.descriptors import file_fd, socket_fd
from probes.kernel.wire import FLAG_COMPAT, FLAG_URING, Section
from probes.paths import absolute, joined

REGISTERS = (RET, 0, 1, 2, 3, 4, 5)
"""In the order in which they stand in a record."""
Presence = tuple[Section, ...]
"""The sections that a record has, in their order."""

_PAYLOADS = (ParamType.BYTES, ParamType.MESSAGE)
_POINTERS = (ParamType.SOCKADDR, ParamType.OPEN_HOW, *_PAYLOADS)
_IS_SERVER = {"connect": False, "accept": True, "accept4": True, "listen": True}
"""What a call says about the side its process is on, …"""
_IS_SERVER_TO_PEER = {
    **dict.fromkeys(("sendto", "sendmsg", "sendmmsg"), False),
    **dict.fromkeys(("recvfrom", "recvmsg", "recvmmsg"), True),
}
"""… and one that tells the address of each datagram: who sends first is the client."""
_64_BITS = (ParamType.INT64, ParamType.UINT64)
_IS_PLAIN = "{0}[:1] == '/' and '/.' not in {0} and '//' not in {0} and {0}[-1] != '/'"
"""A path that :func:`absolute` leaves as it is: a call less for most."""
_DOER = "pid, tid, start, ppid, comm, uid, gid, effective, permitted, container"


def _signed(value: int) -> int:
    """The lower half of a register as a signed number."""
    return ((value & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000


_GLOBALS: dict[str, object] = {
    "absolute": absolute,
    "joined": joined,
    "file_fd": file_fd,
    "socket_fd": socket_fd,
    "parse_sockaddr": parse_sockaddr,
    "how": struct.Struct("=QQQ").unpack,
    "signed": _signed,
    "Fd": Fd,
    "KernelEvent": KernelEvent,
    "NO_BASES": {},
}


def is_number(param: Param) -> bool:
    """Whether the parameter is what stands in its register."""
    return param.register != NOT_CAPTURED and not param.type.is_string and param.type not in _POINTERS


def written(row: EventType, present: Presence, flags: int, names: Mapping[str, object]) -> Callable[..., KernelEvent]:
    """The function for records of ``row`` with these sections. ``names`` has the ``doers`` by their bytes and
    ``doer``, which is called for one that is not among them. A traceback shows the function's lines."""
    text = source(row, present, flags)
    file = f"<records of {row.name} {' '.join(section.name.lower() for section in present)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope: dict[str, Any] = {**_GLOBALS, **names}
    exec(compile(text, file, "exec", dont_inherit=True), scope)  # noqa: S102 - made of our own table only
    function: Callable[..., KernelEvent] = scope["make"]
    return function


def source(row: EventType, present: Presence, flags: int) -> str:
    """The text of :func:`written`."""
    lines = ["def make(wall, time, values):", *(f"    {line}" for line in _Writer(row, present, flags).lines()), ""]
    return "\n".join(lines)


class _Writer:
    def __init__(self, row: EventType, present: Presence, flags: int) -> None:
        self._row, self._present, self._flags = row, present, flags
        self._numbers = {p.register: p for p in row.params if is_number(p)}
        strings = [(f"{at}", param) for at, param in enumerate(row.strings) if Section(at) in present]
        self._strings = strings
        self._paths = [(at, param) for at, param in strings if param.type is not ParamType.CHARBUF]

    def lines(self) -> Iterator[str]:
        sections = [f"s_{section.name.lower()}" for section in self._present]
        registers = [_variable(register) for register in REGISTERS[1:] if register in self._numbers]
        yield f"{', '.join(['who', 'ret', *registers, *sections])}, = values"
        yield f"{_DOER} = doers.get(who) or doer(who)"
        yield from self._ret()
        yield from self._paths_read()
        yield from self._args()
        yield (
            f"return KernelEvent(wall, {self._row.name!a}, {_DOER}, ret, args, {self._fd()}, None,"
            f" {self._flags & FLAG_COMPAT != 0}, {self._flags & FLAG_URING != 0}, {self._bases()}, time)"
        )

    # ── texts and numbers ───────────────────────────────────────────────────────────────────────────────────────────

    def _ret(self) -> Iterator[str]:
        """A result is told as it is; a parameter has the width of its type."""
        if RET in self._numbers:
            is_wide = self._numbers[RET].type in _64_BITS
            yield "res = ret" if is_wide else "res = ret if -0x80000000 <= ret <= 0x7FFFFFFF else signed(ret)"

    def _paths_read(self) -> Iterator[str]:
        for at, _ in self._strings:
            yield f'name{at} = s_name{at}.decode("utf-8", "backslashreplace")'
        for at, _ in self._paths:
            if self._has(f"BASE{at}"):
                yield f"base{at} = joined(s_base{at})"
        if self._tried() != '""':
            at = self._paths[-1][0]
            base = f"base{at}" if self._has(f"BASE{at}") else "''"
            yield f"tried = name{at} if {_IS_PLAIN.format(f'name{at}')} else absolute(name{at}, {base})"

    def _tried(self) -> str:
        """The path of an open, made absolute."""
        return "tried" if self._row.fd_register == RET and self._paths else '""'

    def _bases(self) -> str:
        """By parameter, what a relative path is relative to; most paths are absolute."""
        based = [(at, param.name) for at, param in self._paths if self._has(f"BASE{at}")]
        every = ", ".join(f"{name!a}: base{at}" for at, name in based)
        if len(based) < 2:
            return "".join(f"{{{every}}} if base{at} else NO_BASES" for at, _ in based) or "NO_BASES"
        return f"{{name: base for name, base in {{{every}}}.items() if base}}"

    def _args(self) -> Iterator[str]:
        known = [f"{p.name!a}: {_variable(register)}" for register, p in self._in_order()]
        known += [f"{param.name!a}: name{at}" for at, param in self._strings]
        yield f"args = {{{', '.join(known)}}}"
        if self._has("SOCKADDR"):
            yield "peer = parse_sockaddr(s_sockaddr)"
            if name := self._name_of(ParamType.SOCKADDR):
                yield f"if peer is not None: args[{name!a}] = peer.text"
        if self._has("PAYLOAD"):
            yield f'args[{self._name_of(*_PAYLOADS)!a}] = s_payload.decode("latin-1")'
        if self._has("HOW"):
            yield f'args[{self._name_of(ParamType.OPEN_HOW)!a}], args["mode"], args["resolve"] = how(s_how)'

    def _in_order(self) -> list[tuple[int, Param]]:
        return [(register, self._numbers[register]) for register in REGISTERS if register in self._numbers]

    # ── descriptors ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _fd(self) -> str:
        """The descriptor that the call returned or was given."""
        if not self._row.fd or self._row.fd_register == NOT_CAPTURED:
            return "None"
        number = _variable(self._row.fd_register)
        return f"{self._opened(number)} if {number} >= 0 else Fd(-1, '', {self._tried()})"

    def _opened(self, number: str) -> str:
        path, tried = "s_path" if self._has("PATH") else "b''", self._tried()
        if self._has("FILE"):
            return f"file_fd({number}, s_file, {path}, {tried})"
        if self._has("SOCKET"):
            is_connect = self._row.name == "connect"
            peer = "peer" if self._has("SOCKADDR") else "None"
            return f"socket_fd({number}, s_socket, {path}, {peer}, {self._is_server()}, connects={is_connect})"
        # Closed again by another thread, or kept in a table of io_uring: opened all the same.
        return f"Fd({number}, 'file' if {tried} else '', {tried})"

    def _is_server(self) -> str:
        alone = _IS_SERVER.get(self._row.name)
        if not self._has("SOCKADDR"):
            return str(alone)
        return f"{alone} if peer is None else {_IS_SERVER_TO_PEER.get(self._row.name, alone)}"

    def _has(self, section: str) -> bool:
        return Section[section] in self._present

    def _name_of(self, *kinds: ParamType) -> str:
        return next((param.name for param in self._row.params if param.type in kinds), "")


def _variable(register: int) -> str:
    return "res" if register == RET else f"a{register}"
