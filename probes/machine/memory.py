"""The C library's memory: one pool for all threads, and what is freed goes back to the kernel.

A pool for each thread is meant for programs that run on many processors; ours takes turns anyway, and what the threads
of the start leave in theirs would stay. Other C libraries than GNU's do without either.
"""

from __future__ import annotations

import ctypes

_M_TRIM_THRESHOLD, _M_ARENA_MAX = -1, -8
_TRIM_FROM = 128 << 10
"""Bytes at the end of the pool that are given back when free. Without saying so it grows with what is freed."""


def keep_together() -> None:
    """To be called before any other thread is started."""
    _call("mallopt", ctypes.c_int(_M_ARENA_MAX), ctypes.c_int(1))
    _call("mallopt", ctypes.c_int(_M_TRIM_THRESHOLD), ctypes.c_int(_TRIM_FROM))


def give_back() -> None:
    """Give the kernel the pages that are free, wherever they lie: takes some milliseconds."""
    _call("malloc_trim", ctypes.c_size_t(0))


def _call(name: str, *arguments: object) -> None:
    function = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*arguments)
