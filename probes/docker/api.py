"""Docker's API as far as we need it: a connection, and its answers as the engine's plain data."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.events import ContainerInfo, Mount
from probes.docker.address import Endpoint
from probes.docker.endpoints import find
from probes.docker.tls import context_of

if TYPE_CHECKING:
    import aiohttp
    from aiodocker import Docker

Json = Mapping[str, Any]

LONGEST_LINE = 8 << 20
"""Bytes of one event: it carries all labels of its container, and aiohttp's default would end the stream at 128 KiB."""
CONNECT_TIMEOUT = 5.0
"""Seconds to connect."""
MAX_CONNECTIONS = 200
"""Questions asked at the same time: an answer about a container that is just starting may take seconds."""


@asynccontextmanager
async def connected(url: str | None = None) -> AsyncIterator[Docker]:
    """A client for the daemon that :func:`probes.docker.endpoints.find` finds.

    Raises TiercelError when there is none, or none of this machine.
    """
    endpoint, _ = await asyncio.to_thread(find, url)
    async with connected_to(endpoint) as docker:
        yield docker


@asynccontextmanager
async def connected_to(endpoint: Endpoint) -> AsyncIterator[Docker]:
    """A client for this daemon.

    Its library is loaded only then, and in a thread: it is a fifth of the sensor's memory, and takes 0.2 s.
    """
    await asyncio.to_thread(importlib.import_module, "aiodocker")
    import aiohttp
    from aiodocker import Docker

    address, connector = await _way_to(endpoint)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT)
    async with (
        aiohttp.ClientSession(connector=connector, timeout=timeout, read_bufsize=LONGEST_LINE) as session,
        Docker(address, connector=connector, session=session) as docker,
    ):
        yield docker


async def _way_to(endpoint: Endpoint) -> tuple[str, aiohttp.BaseConnector]:
    """The address as aiodocker wants it, and what makes the connections."""
    import aiohttp

    if endpoint.path is not None:
        _forget_authorities()
        return "unix://localhost", aiohttp.UnixConnector(str(endpoint.path), limit=MAX_CONNECTIONS)
    host, port = endpoint.at_network()
    name = f"[{host}]" if ":" in host else host
    if endpoint.keys is None:
        return f"http://{name}:{port}", aiohttp.TCPConnector(limit=MAX_CONNECTIONS)
    context = await asyncio.to_thread(context_of, endpoint.keys)
    return f"https://{name}:{port}", aiohttp.TCPConnector(ssl=context, limit=MAX_CONNECTIONS)


def _forget_authorities() -> None:
    """Over a socket of this machine nobody has a certificate; aiohttp holds those of all authorities: 2.5 MB."""
    from aiohttp import connector

    connector._SSL_CONTEXT_VERIFIED = None  # type: ignore[assignment]


# ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def info_of_inspect(answer: Json, time: int) -> ContainerInfo:
    """``GET /containers/<id>/json`` as the engine's metadata. ``time`` is when it was asked."""
    state, config, host = (answer.get(part) or {} for part in ("State", "Config", "HostConfig"))
    return ContainerInfo(
        id=answer["Id"],
        time=time,
        name=(answer.get("Name") or "").removeprefix("/"),
        image=config.get("Image") or "",
        image_id=answer.get("Image") or "",
        state=state.get("Status") or "",
        created=nanoseconds(answer.get("Created") or ""),
        started=nanoseconds(state.get("StartedAt") or ""),
        pid=state.get("Pid") or 0,
        command=" ".join([answer.get("Path") or "", *(answer.get("Args") or [])]).strip(),
        labels=dict(config.get("Labels") or {}),
        mounts=[_mount(mount) for mount in answer.get("Mounts") or []],
        privileged=bool(host.get("Privileged")),
        cap_add=list(host.get("CapAdd") or []),
        network_mode=host.get("NetworkMode") or "",
        pid_mode=host.get("PidMode") or "",
        ipc_mode=host.get("IpcMode") or "",
        ip=_address(answer.get("NetworkSettings") or {}),
        health=(state.get("Health") or {}).get("Status") or "",
        healthcheck=list((config.get("Healthcheck") or {}).get("Test") or []),
        restarts=answer.get("RestartCount") or 0,
        finished=nanoseconds(state.get("FinishedAt") or ""),
        exit_code=state.get("ExitCode") or 0,
        oom_killed=bool(state.get("OOMKilled")),
    )


def info_of_list(row: Json, time: int) -> ContainerInfo:
    """One row of ``GET /containers/json``: not all there is to know."""
    return ContainerInfo(
        id=row["Id"],
        time=time,
        name=next(iter(row.get("Names") or ()), "").removeprefix("/"),
        image=row.get("Image") or "",
        image_id=row.get("ImageID") or "",
        state=row.get("State") or "",
        created=int(row.get("Created") or 0) * 10**9,
        labels=dict(row.get("Labels") or {}),
        complete=False,
    )


def _mount(mount: Json) -> Mount:
    return Mount(
        source=mount.get("Source") or "",
        dest=mount.get("Destination") or "",
        mode=mount.get("Mode") or "",
        rw=bool(mount.get("RW")),
        propagation=mount.get("Propagation") or "",
    )


def _address(settings: Json) -> str:
    networks = (settings.get("Networks") or {}).values()
    addresses = [settings.get("IPAddress"), *(network.get("IPAddress") for network in networks if network)]
    return next((address for address in addresses if address), "")


def nanoseconds(text: str) -> int:
    """Nanoseconds since the epoch of Docker's RFC 3339 times; 0 for its zero time and for what is no time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return 0
    return max(0, int(moment.timestamp() * 1_000_000) * 1000)


def exact_nanoseconds(text: str) -> int:
    """Likewise to the last of nine digits, as log lines have them: they are put in order by it."""
    whole, _, rest = text.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    zone = rest[len(digits) :] or "Z"
    return (nanoseconds(whole + zone) // 10**9 * 10**9 + int(digits.ljust(9, "0"))) if digits else nanoseconds(text)
