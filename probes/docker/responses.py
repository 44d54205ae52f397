"""What is done to a container through Docker's API, and how it stands there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from engine.errors import TiercelError
from engine.response.possible import GRACE, Network, Standing
from engine.scrub import scrub
from probes.docker.api import Json, connected
from probes.docker.failures import calling, reason

if TYPE_CHECKING:
    from aiodocker import Docker

PATIENCE = 60.0
"""Seconds for one answer: to stop takes some, and a daemon under load."""


@asynccontextmanager
async def asking(url: str | None, what: str, patience: float = PATIENCE) -> AsyncIterator[Docker]:
    """Docker, for one thing. Raises TiercelError with ``what`` and Docker's reason."""
    with calling(what):
        async with asyncio.timeout(patience), connected(url) as docker:
            yield docker


async def standing(url: str | None, container_id: str) -> Standing:
    """A container as it is now. Raises TiercelError."""
    async with asking(url, "Docker cannot tell how it is") as docker:
        answer = await docker._query_json(f"containers/{container_id}/json")
    return standing_of(answer)


def standing_of(answer: Json) -> Standing:
    """``GET /containers/<id>/json`` as far as it matters here."""
    networks = (answer.get("NetworkSettings") or {}).get("Networks") or {}
    return Standing(
        id=answer["Id"],
        name=(answer.get("Name") or "").removeprefix("/"),
        image=(answer.get("Config") or {}).get("Image") or "",
        state=(answer.get("State") or {}).get("Status") or "",
        networks=[network_of(name, each or {}, answer["Id"]) for name, each in networks.items()],
        network_mode=(answer.get("HostConfig") or {}).get("NetworkMode") or "",
    )


def network_of(name: str, endpoint: Json, container_id: str) -> Network:
    """A container's end of a network, with all that makes it the same again."""
    asked = endpoint.get("IPAMConfig") or {}
    return Network(
        name=name,
        id=endpoint.get("NetworkID") or name,
        aliases=[alias for alias in endpoint.get("Aliases") or [] if alias != container_id[:12]],
        ipv4=asked.get("IPv4Address") or endpoint.get("IPAddress") or "",
        ipv6=asked.get("IPv6Address") or endpoint.get("GlobalIPv6Address") or "",
        fixed=bool(asked),
        links=list(endpoint.get("Links") or []),
        options=dict(endpoint.get("DriverOpts") or {}),
    )


# ── acts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _pause(docker: Docker, container: Standing, _networks: Sequence[Network]) -> str:
    await _post(docker, container, "pause")
    return "is paused"


async def _unpause(docker: Docker, container: Standing, _networks: Sequence[Network]) -> str:
    await _post(docker, container, "unpause")
    return "goes on"


async def _stop(docker: Docker, container: Standing, _networks: Sequence[Network]) -> str:
    await docker.containers.container(container.id).stop(t=GRACE)
    return "is stopped"


async def _restart(docker: Docker, container: Standing, _networks: Sequence[Network]) -> str:
    await docker.containers.container(container.id).restart(t=GRACE)
    return "is begun anew"


async def _kill(docker: Docker, container: Standing, _networks: Sequence[Network]) -> str:
    await docker.containers.container(container.id).kill()
    return "is killed"


async def _disconnect(docker: Docker, container: Standing, networks: Sequence[Network]) -> str:
    async def leave(network: Network) -> bool:
        await _of_network(docker, network, "disconnect", {"Container": container.id, "Force": True})
        return True

    await _each(networks, leave)
    return f"is disconnected from {_names(networks)}"


async def _reconnect(docker: Docker, container: Standing, networks: Sequence[Network]) -> str:
    same = await _each(networks, lambda network: _connect(docker, container, network))
    other = [network.name for network, kept in zip(networks, same, strict=True) if not kept]
    changed = f", in {', '.join(other)} with another address" if other else ""
    return f"is connected to {_names(networks)} again{changed}"


async def _each(networks: Sequence[Network], do: Callable[[Network], Awaitable[bool]]) -> list[bool]:
    """For all of them, also behind one for which it fails. Raises TiercelError with all that failed."""
    from aiodocker.exceptions import DockerError

    done, failed = [], []
    for network in networks:
        try:
            done.append(await do(network))
        except DockerError as error:
            failed.append(f"{network.name}: {reason(error)[0]}")
    if failed:
        rest = f" (of {len(networks)} networks, {len(done)} are done)" if done else ""
        raise TiercelError(f"Docker refuses: {'; '.join(failed)}{rest}", hint="what is left can be tried again")
    return done


async def _connect(docker: Docker, container: Standing, network: Network) -> bool:
    """With the address that it had; where Docker does not give that, with any. Whether it is the same."""
    from aiodocker.exceptions import DockerError

    try:
        await _of_network(docker, network, "connect", _endpoint(container, network, address=True))
    except DockerError:
        if network.fixed:
            raise
        await _of_network(docker, network, "connect", _endpoint(container, network, address=False))
    else:
        return True
    now = standing_of(await docker._query_json(f"containers/{container.id}/json"))
    return any(each.id == network.id and each.ipv4 == network.ipv4 for each in now.networks)


def _endpoint(container: Standing, network: Network, *, address: bool) -> dict[str, Any]:
    wanted = {"IPv4Address": network.ipv4, "IPv6Address": network.ipv6} if address else {}
    config: dict[str, Any] = {"IPAMConfig": {key: value for key, value in wanted.items() if value}}
    config |= {"Aliases": network.aliases, "Links": network.links, "DriverOpts": network.options}
    return {"Container": container.id, "EndpointConfig": {key: value for key, value in config.items() if value}}


async def _of_network(docker: Docker, network: Network, verb: str, body: dict[str, Any]) -> None:
    await docker._query_json(f"networks/{network.id}/{verb}", method="POST", data=body)


async def _post(docker: Docker, container: Standing, verb: str) -> None:
    async with docker._query(f"containers/{container.id}/{verb}", method="POST"):
        pass


def _names(networks: Sequence[Network]) -> str:
    return ", ".join(network.name for network in networks) or "no network"


Act = Callable[["Docker", Standing, Sequence[Network]], Awaitable[str]]
ACTS: dict[str, Act] = {
    "pause": _pause,
    "unpause": _unpause,
    "stop": _stop,
    "restart": _restart,
    "kill": _kill,
    "disconnect": _disconnect,
    "reconnect": _reconnect,
}
"""By the id of the response; each gives what has become of the container."""


async def act(url: str | None, response: str, container: Standing, networks: Sequence[Network]) -> str:
    """Do it, and say what has become of the container. Raises TiercelError with Docker's reason."""
    if response not in ACTS:
        raise TiercelError(f"Docker has no {response}")
    async with asking(url, "Docker refuses") as docker:
        return f"{scrub(container.name)} {await ACTS[response](docker, container, networks)}"
