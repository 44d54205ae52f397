"""BPF maps by bpf(2), so that the sensor needs no bcc once the loader has handed over the descriptors."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator
from pathlib import Path

from probes.kernel.bpf_call import MAP_DELETE, MAP_LOOKUP, MAP_NEXT_KEY, MAP_UPDATE, bpf

_ELEMENT = struct.Struct("=IIQQQ")
"""The part of union bpf_attr for element commands: map_fd, padding, key, value or next key, flags."""


def possible_cpus(path: Path = Path("/sys/devices/system/cpu/possible")) -> int:
    """How many slots a per-CPU map has: the highest possible CPU number plus one ("0-3", "0,2-7")."""
    return int(path.read_text().strip().replace(",", "-").rsplit("-", 1)[-1]) + 1


class BpfMap:
    """A map, keys and values as bytes; owns its descriptor. Failures of the kernel raise OSError."""

    def __init__(self, fd: int, key_size: int, value_size: int) -> None:
        self.fd = fd
        self.key_size, self.value_size = key_size, value_size
        self._key = ctypes.create_string_buffer(key_size)
        self._value = ctypes.create_string_buffer(value_size)

    def update(self, key: bytes, value: bytes) -> None:
        """Set the value of a key."""
        self._element(MAP_UPDATE, key, value)

    def lookup(self, key: bytes) -> bytes | None:
        """The value of a key, None when it is not there."""
        try:
            self._element(MAP_LOOKUP, key)
        except FileNotFoundError:
            return None
        return self._value.raw

    def delete(self, key: bytes) -> None:
        """Remove a key; nothing happens when it is not there."""
        self._key.raw = key
        try:
            bpf(MAP_DELETE, _ELEMENT.pack(self.fd, 0, ctypes.addressof(self._key), 0, 0))
        except FileNotFoundError:
            return

    def keys(self) -> Iterator[bytes]:
        """All keys. A key removed meanwhile makes the walk begin anew, so one may come twice."""
        following = ctypes.create_string_buffer(len(self._key))
        address = 0
        while True:
            try:
                bpf(MAP_NEXT_KEY, _ELEMENT.pack(self.fd, 0, address, ctypes.addressof(following), 0))
            except FileNotFoundError:
                return
            yield following.raw
            self._key.raw = following.raw
            address = ctypes.addressof(self._key)

    def items(self) -> dict[bytes, bytes]:
        """Everything in it."""
        found = ((key, self.lookup(key)) for key in list(self.keys()))
        return {key: value for key, value in found if value is not None}

    def close(self) -> None:
        """Give up the descriptor."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _element(self, command: int, key: bytes, value: bytes | None = None) -> None:
        self._key.raw = key
        if value is not None:
            self._value.raw = value
        bpf(command, _ELEMENT.pack(self.fd, 0, ctypes.addressof(self._key), ctypes.addressof(self._value), 0))


class PerCpuMap(BpfMap):
    """A map with a slot for each CPU; values are padded to 8 bytes and come one behind the other."""

    def __init__(self, fd: int, key_size: int, value_size: int, cpus: int | None = None) -> None:
        self.slot = (value_size + 7) & ~7
        self.cpus = cpus or possible_cpus()
        super().__init__(fd, key_size, self.slot * self.cpus)

    def slots(self, key: bytes) -> list[bytes]:
        """The value of each CPU."""
        return self.split(self.lookup(key) or b"")

    def split(self, raw: bytes) -> list[bytes]:
        """A value of the map as that of each CPU."""
        return [raw[i : i + self.slot] for i in range(0, len(raw), self.slot)]
