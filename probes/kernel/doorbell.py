"""How the reader of the ring sleeps when there is nothing to read.

While events come the reader looks every 10 ms, and nobody wakes it. When it has found nothing it asks to be woken and
sleeps: on a quiet machine it costs nothing, and the first event is read at once. `wake_reader` in bpf/maps.h is the
other side.
"""

from __future__ import annotations

import asyncio
import struct

from probes.kernel.bpf_map import BpfMap

ASLEEP = 2
"""The option of bpf/maps.h that asks for a wakeup; the kernel takes it back with the first."""

_U32 = struct.Struct("=I")
_ASLEEP = _U32.pack(ASLEEP)


class Doorbell:
    """Wakes the reader of the ring with the descriptor ``fd``, which must be open as long as this is used."""

    def __init__(self, fd: int, options: BpfMap) -> None:
        self._fd = fd
        self._options = options

    async def wait(self, seconds: float) -> None:
        """Return when the ring holds something, after ``seconds`` at the latest."""
        loop = asyncio.get_running_loop()
        rung = asyncio.Event()
        self._options.update(_ASLEEP, _U32.pack(1))
        loop.add_reader(self._fd, rung.set)  # looks once itself: what came before the question was asked is seen
        timer = loop.call_later(seconds, rung.set)
        try:
            await rung.wait()
        finally:
            timer.cancel()
            loop.remove_reader(self._fd)
            self._options.update(_ASLEEP, _U32.pack(0))
