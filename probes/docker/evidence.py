"""Evidence of a container, kept on the sensor's machine before anything is done to it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import struct
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import TiercelError
from engine.response.possible import LOG_LINES, Standing
from probes.docker.responses import asking
from probes.docker.runtime import DockerRuntime

if TYPE_CHECKING:
    import aiohttp

LIMIT = 64 << 20
"""Bytes of a log that are kept: a line may be as long as who writes it likes."""

PATIENCE = 600.0
"""Seconds for one piece of evidence: the files of a container may be many."""


async def keep_logs(url: str | None, container: Standing, folder: Path) -> dict[str, str]:
    """The latest lines, both streams as they came, in a file; its path and SHA-256."""
    async with asking(url, "Docker gives no logs", PATIENCE) as docker:
        tty = (await docker._query_json(f"containers/{container.id}/json"))["Config"]["Tty"]
        wanted = {"stdout": 1, "stderr": 1, "timestamps": 1, "tail": LOG_LINES}
        async with docker._query(f"containers/{container.id}/logs", params=wanted, timeout=None) as response:
            parts = _whole(response.content) if tty else _parts(response.content)
            content = await _gathered(parts)
    return await asyncio.to_thread(_write, folder, "logs.txt", content)


async def keep_changes(url: str | None, container: Standing, folder: Path) -> dict[str, str]:
    """``docker diff`` in a file; its path and SHA-256."""
    changes = await DockerRuntime(url).changes(container.id)
    lines = "".join(f"{change.kind} {change.path}\n" for change in changes)
    return await asyncio.to_thread(_write, folder, "diff.txt", [lines.encode(errors="backslashreplace")])


async def commit(url: str | None, container: Standing, image: str) -> dict[str, str]:
    """Its files as an image; the image's name and id."""
    repository, _, tag = image.rpartition(":")
    async with asking(url, "Docker cannot commit it", PATIENCE) as docker:
        answer = await docker.containers.container(container.id).commit(
            repository=repository,
            tag=tag,
            message="evidence, kept by Tiercel",
            config={},  # Podman does not take a request without one
        )
    return {image: answer["Id"]}


def folder_name(container: Standing, moment: str) -> str:
    """``20261128T200000Z-web-0f3c…``: nothing of it can leave a folder."""
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", container.name).strip("-.")[:60]
    return f"{moment}-{plain or 'container'}-{container.id[:12]}"


async def _whole(stream: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    async for chunk in stream.iter_any():
        yield chunk


async def _parts(stream: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Without a terminal each piece has a head: the stream's number, three zeros, its length."""
    while head := await _exactly(stream, 8):
        _stream, length = struct.unpack(">BxxxL", head)
        while length > 0 and (chunk := await stream.read(min(length, 1 << 16))):
            length -= len(chunk)
            yield chunk


async def _exactly(stream: aiohttp.StreamReader, size: int) -> bytes:
    try:
        return await stream.readexactly(size)
    except asyncio.IncompleteReadError:
        return b""


async def _gathered(parts: AsyncIterator[bytes]) -> list[bytes]:
    found, size = [], 0
    async for part in parts:
        if (size := size + len(part)) > LIMIT:
            found.append(b"\n... the rest is left out: it is too long\n")
            break
        found.append(part)
    return found


def _write(folder: Path, name: str, content: Iterable[bytes]) -> dict[str, str]:
    """A new file for the owner alone. Raises TiercelError."""
    path, digest = folder / name, hashlib.sha256()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            for part in content:
                digest.update(part)
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise TiercelError(f"{path} cannot be written: {error.strerror}", hint="free some space") from error
    return {str(path): digest.hexdigest()}
