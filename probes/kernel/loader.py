"""Runs the loader child and takes over the descriptors it sends."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import SourceError
from engine.invocation import VARIABLE, command
from probes.kernel.programs import AUTO

_ROOT = Path(__file__).resolve().parents[2]
_MOST_DESCRIPTORS = 64
_LARGEST_REPLY = 65536


@dataclass
class Loaded:
    """What the kernel now holds for us: maps by name, and the links whose closing detaches the programs."""

    maps: dict[str, int]
    links: list[int]
    transport: str
    """"ring" or "perf": what was asked for, or what this kernel can do."""
    seconds: float
    """What compiling, loading and attaching took."""
    closed: bool = field(default=False, init=False)

    def close(self) -> None:
        """Detach everything."""
        if not self.closed:
            self.closed = True
            for fd in (*self.links, *self.maps.values()):
                os.close(fd)


async def load(
    transport: str = AUTO, ring_pages: int = 2048, *, environment: Mapping[str, str] | None = None
) -> Loaded:
    """Start the loader child and wait for its report without blocking the loop.

    ``environment`` is added to that of the child. Raises :class:`SourceError` when the child fails or is killed.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    options = json.dumps({"transport": transport, "ring_pages": ring_pages})
    with ours, tempfile.TemporaryDirectory(prefix="tiercel-") as folder:
        with theirs:
            child = await _start([str(theirs.fileno()), folder, options], theirs.fileno(), environment or {})
        try:
            (message, descriptors), (_, complaint) = await asyncio.gather(_receive(ours), child.communicate())
        finally:
            if child.returncode is None:
                child.kill()
    if descriptors:
        return _loaded(json.loads(message), descriptors)
    raise _failure(message, complaint.decode(errors="replace"), child.returncode)


async def _start(arguments: list[str], channel: int, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # root takes no module from the folder it happens to be started in
        "-m",
        "probes.kernel.loader_child",
        *arguments,
        pass_fds=[channel],
        env={**os.environ, VARIABLE: command(), **environment, "PYTHONPATH": path},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is meant for us, and we end it
    )


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


async def _receive(channel: socket.socket) -> tuple[bytes, list[int]]:
    """The child's one message with its descriptors; empty when the child ended without one."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(channel, _set, ready)
    try:
        await ready
    finally:
        loop.remove_reader(channel)
    message, descriptors, _, _ = socket.recv_fds(channel, _LARGEST_REPLY, _MOST_DESCRIPTORS)
    return message, list(descriptors)


def _loaded(about: dict[str, Any], descriptors: list[int]) -> Loaded:
    names = about["maps"]
    maps = dict(zip(names, descriptors, strict=False))
    return Loaded(maps, descriptors[len(names) :], about["transport"], about["seconds"])


def _failure(message: bytes, complaint: str, status: int | None) -> SourceError:
    """What to say when the child sent no descriptors: its own words, its last line on stderr, or its status."""
    if message:
        error = json.loads(message)
        return SourceError(error["error"], hint=error["hint"])
    if status is not None and status < 0:
        return SourceError(
            f"the loader was killed by signal {-status}", hint="is memory short? see dmesg; then try again"
        )
    lines = complaint.strip().splitlines() or [f"exit status {status}"]
    return SourceError(f"the loader failed: {lines[-1]}", hint=f"{command('doctor')} says what is missing")
