"""Compiles several texts at once: one here, each other one in a process that is forked off and sends what it has made.

bcc compiles with one thread only, and takes most of the time of a first start.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import traceback
from collections.abc import Callable, Iterable
from typing import TypeVar

from engine.errors import SourceError
from probes.kernel.bytecode import FAILED, Bytecode, decode, encode

_PR_SET_PDEATHSIG = 1
T = TypeVar("T")


def answered(make: Callable[[], Bytecode]) -> tuple[bytes, int]:
    """What to send, and the exit code: byte code and 0, or a line of JSON that says why there is none."""
    try:
        return encode(make()), 0
    except SourceError as error:
        return json.dumps({"error": error.message, "hint": error.hint}).encode(), FAILED


def at_once(make: Callable[[T], Bytecode], things: Iterable[T]) -> list[Bytecode]:
    """The byte code of each, the first made here. Raises :class:`SourceError`."""
    first, *others = things
    waiting = [_forked(lambda thing=thing: make(thing)) for thing in others]  # type: ignore[misc]
    return [make(first), *(wait() for wait in waiting)]


def _forked(make: Callable[[], Bytecode]) -> Callable[[], Bytecode]:
    reading, writing = os.pipe()
    parent, child = os.getpid(), os.fork()
    if not child:
        os.close(reading)
        _die_with(parent)
        _send(make, writing)
    os.close(writing)
    return lambda: _received(reading, child)


def _die_with(parent: int) -> None:
    """Who ends the compiler ends all of it."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _send(make: Callable[[], Bytecode], writing: int) -> None:
    """Make and send it, and end without what a process does at its end: that is the parent's."""
    code = 1
    try:
        made, code = answered(make)
        with open(writing, "wb") as file:
            file.write(made)
    except BaseException:  # noqa: BLE001 - the process is a copy: nobody else would tell
        traceback.print_exc()
    finally:
        os._exit(code)


def _received(reading: int, child: int) -> Bytecode:
    with open(reading, "rb") as file:
        made = file.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == FAILED:
        told = json.loads(made)
        raise SourceError(told["error"], hint=told["hint"])
    if status:
        raise SourceError(f"a part of the probes was not compiled: exit status {status}", hint="try again")
    return decode(made)
