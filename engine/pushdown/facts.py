"""What a probe would see of an event: for the model of the filter, by which tests and figures go."""

from __future__ import annotations

from engine.events import HOST, KernelEvent
from engine.lang import flags
from engine.pushdown.atoms import TEXT_MOST, Fact, Facts, facts_of_path
from engine.schema import BY_NAME, RET, EventType, ParamType

AF_PACKET = 17
EINPROGRESS = 115
SET_ID = 0o6000
O_TRUNC = 0o1000
_COMM = 15
_INTERNET = frozenset({"ipv4", "ipv6"})


def facts_of(event: KernelEvent) -> Facts:
    """The facts of an event that is known already."""
    row = BY_NAME[event.type]
    texts = [event.args.get(param.name) for param in row.strings]
    first, second, *_ = [_bytes(text) for text in texts] + [None, None]
    resolved = event.fd.path.encode() if event.fd is not None and event.fd.path else None
    return Facts(_numbers(event, row, first), _comm(event), (first, second), resolved, _peer(event, row))


def _bytes(text: object) -> bytes | None:
    """As the program gave it; None when it was not readable or is too long."""
    given = text.encode() if isinstance(text, str) else b""
    return given if given and len(given) <= TEXT_MOST else None


def _comm(event: KernelEvent) -> bytes | None:
    """The name that rules see is that of the first thread."""
    return event.comm.encode()[:_COMM] if event.tid == event.pid else None


def _peer(event: KernelEvent, row: EventType) -> tuple[str, int] | None:
    """The address that the call gave, when it could be read."""
    address, fd = address_given(row), event.fd
    if address is None or not event.args.get(address) or fd is None or fd.type not in _INTERNET or not fd.remote_ip:
        return None
    return fd.remote_ip, fd.remote_port


def address_given(row: EventType) -> str | None:
    """The parameter by which a call says whom it connects or sends to."""
    sends = row.name in ("connect", "sendto")
    return next((p.name for p in row.params if sends and p.type is ParamType.SOCKADDR), None)


def _numbers(event: KernelEvent, row: EventType, first: bytes | None) -> dict[Fact, bool]:
    result = event.res or 0
    numbers = {
        Fact.FAILED: result < 0,
        Fact.STDIO: 0 <= result <= 2,
        Fact.CONTAINER: event.container_id != HOST,
        Fact.PENDING: result == -EINPROGRESS,
        Fact.ROOT: event.uid == 0,
    }
    if isinstance(mode := event.args.get("mode"), int):
        numbers[Fact.SET_ID] = bool(mode & SET_ID)
    if first is not None:
        numbers |= facts_of_path(first)
    if row.fd_register >= RET:
        numbers[Fact.INTERNET] = event.fd is not None and event.fd.type in _INTERNET
        for fact, protocol in ((Fact.TCP, "tcp"), (Fact.UDP, "udp")):
            numbers[fact] = numbers[Fact.INTERNET] and event.fd is not None and event.fd.l4proto == protocol
    if isinstance(domain := event.args.get("domain"), int):
        numbers[Fact.PACKET] = domain == AF_PACKET
    return numbers | _open_flags(event, row)


def _open_flags(event: KernelEvent, row: EventType) -> dict[Fact, bool]:
    kinds = (ParamType.OPEN_FLAGS, ParamType.OPEN_HOW)
    name = next((param.name for param in row.params if param.type in kinds), "")
    given = event.args.get(name)
    if not isinstance(given, int):
        return {}
    return {
        Fact.READ: flags.is_read(given),
        Fact.WRITE: flags.is_write(given),
        Fact.MAY_CREATE: flags.may_create(given),
        Fact.TRUNCATE: bool(given & O_TRUNC),
    }
