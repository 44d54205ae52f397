"""bpf(2) itself: the commands we use, with the layouts of include/uapi/linux/bpf.h. No bcc is needed for them."""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from probes.kernel.syscalls import number_of

MAP_CREATE, MAP_LOOKUP, MAP_UPDATE, MAP_DELETE, MAP_NEXT_KEY = range(5)
PROG_LOAD, RAW_TRACEPOINT_OPEN, MAP_LOOKUP_BATCH = 5, 17, 24
MAP_TYPE_PROG_ARRAY, MAP_TYPE_PERF_EVENT_ARRAY, MAP_TYPE_RINGBUF = 3, 4, 27
PROG_TYPE_RAW_TRACEPOINT, PROG_TYPE_TRACING = 17, 26
TRACE_RAW_TP = 23
"""How a program of the second type is attached whose arguments the verifier knows: to a raw tracepoint."""

_SIZE = 128
"""Of what is handed to the kernel: what is longer than it knows must be zero behind."""
_MAP = struct.Struct("=IIIIIII16s")
"""type, key_size, value_size, max_entries, flags, inner_map_fd, numa_node, name."""
_PROGRAM = struct.Struct("=IIQQIIQII16sIIIIQIIQII")
"""type, instructions, their address, license, log_level, log_size, log_buf, kern_version, flags, name, ifindex,
expected_attach_type, seven of a program's own types, attach_btf_id."""
_TRACEPOINT = struct.Struct("=QII")
"""name, program, padding."""
_LOG_SIZE = 1 << 20
_TRIES = 5
"""The verifier gives up when its thread is told something meanwhile, and wants to be asked again."""

_libc = ctypes.CDLL(None, use_errno=True)


def bpf(command: int, attributes: bytes) -> int:
    """What bpf(2) returns: a descriptor, for the commands that make one. Raises OSError with the kernel's reason."""
    return bpf_in_place(command, ctypes.create_string_buffer(attributes, max(_SIZE, len(attributes))))


def bpf_in_place(command: int, buffer: ctypes.Array[ctypes.c_char]) -> int:
    """The same for commands that answer in what they are given."""
    result = int(_libc.syscall(number_of("bpf"), command, buffer, len(buffer)))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def create_map(kind: int, key_size: int, value_size: int, entries: int, *, flags: int = 0, name: str = "") -> int:
    """The descriptor of a new map."""
    return bpf(MAP_CREATE, _MAP.pack(kind, key_size, value_size, entries, flags, 0, 0, _name(name)))


def load_program(code: bytes, name: str = "", btf_id: int = 0) -> int:
    """The descriptor of a program for a raw tracepoint, verified. The error ends with the verifier's last words.

    ``btf_id`` is the kernel's type of the tracepoint (``btf_trace_…``, Linux 5.5): the program may follow the pointers
    among its arguments then, and is for this tracepoint only.
    """
    for _ in range(_TRIES):
        try:
            return _load(code, name, btf_id)
        except OSError as error:
            if error.errno != errno.EAGAIN:
                words = f"{name}: {error.strerror}. {_complaint(code, name, btf_id)}".strip()
                raise OSError(error.errno, words) from None
    raise OSError(errno.EAGAIN, f"{name}: the verifier was interrupted again and again")


def attach(tracepoint: str, program: int) -> int:
    """The descriptor of a link: closing it detaches the program from the raw tracepoint; "" is the one that it was
    loaded for."""
    point = ctypes.create_string_buffer(tracepoint.encode())
    return bpf(RAW_TRACEPOINT_OPEN, _TRACEPOINT.pack(ctypes.addressof(point) if tracepoint else 0, program, 0))


def _load(code: bytes, name: str, btf_id: int, log: ctypes.Array[ctypes.c_char] | None = None) -> int:
    instructions, licence = ctypes.create_string_buffer(code, len(code)), ctypes.create_string_buffer(b"GPL")
    told = (1, len(log), ctypes.addressof(log)) if log is not None else (0, 0, 0)
    places = ctypes.addressof(instructions), ctypes.addressof(licence)
    kind, attached_as = (PROG_TYPE_TRACING, TRACE_RAW_TP) if btf_id else (PROG_TYPE_RAW_TRACEPOINT, 0)
    types = *[0] * 7, btf_id
    return bpf(
        PROG_LOAD, _PROGRAM.pack(kind, len(code) // 8, *places, *told, 0, 0, _name(name), 0, attached_as, *types)
    )


def _complaint(code: bytes, name: str, btf_id: int) -> str:
    """The verifier writes down all its ways, and only then what was wrong."""
    log = ctypes.create_string_buffer(_LOG_SIZE)
    try:
        os.close(_load(code, name, btf_id, log))
    except OSError:
        lines = [line for line in log.value.decode(errors="replace").splitlines() if line.strip()]
        return next((line for line in reversed(lines) if not line.startswith(("processed", "verification"))), "")
    return ""


def _name(name: str) -> bytes:
    return name.encode()[:15]
