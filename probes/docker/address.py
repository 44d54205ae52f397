"""Where a daemon listens, by what keys it is reached, and whether that place is on this machine."""

from __future__ import annotations

import os
import shlex
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from engine.errors import TiercelError
from probes.machine.cgroups import container_of_process

PLAIN_PORT = 2375
TLS_PORT = 2376
_NETWORK = ("tcp", "http", "https")
FOLLOWED = "it has to be a unix:// or tcp:// address"


@dataclass(frozen=True, slots=True)
class Keys:
    """The folder of ``ca.pem``, ``cert.pem`` and ``key.pem``, as Docker's command line keeps them; those that are
    missing are done without. ``verify``: only a certificate of that authority will do."""

    folder: Path
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A place to listen at, and who it is said to be. ``keys`` are for one that is reached by TLS."""

    url: str
    origin: str
    keys: Keys | None = None

    @property
    def path(self) -> Path | None:
        """The socket; None for one that is reached by the network."""
        return Path(self.url.removeprefix("unix://")) if self.url.startswith("unix://") else None

    def path_on_host(self, proc: Path = Path("/proc/self")) -> str:
        """The socket as others on the host name it; "" where there is none, or where we live in a container."""
        return "" if container_of_process(proc) else str(self.path or "")

    @property
    def place(self) -> str:
        """As a person is told."""
        return str(self.path or self.url)

    def at_network(self) -> tuple[str, int]:
        """Host and port. Raises TiercelError for what is none of ours."""
        try:
            parts = urlsplit(self.url)
            host, port = parts.hostname or "localhost", parts.port
        except ValueError as error:
            raise TiercelError(f"cannot follow Docker at {self.url}: {error}", hint=FOLLOWED) from error
        if parts.scheme not in _NETWORK:
            raise TiercelError(f"cannot follow Docker at {self.url}", hint=FOLLOWED)
        return host, port or (TLS_PORT if self.keys else PLAIN_PORT)


def endpoint_at(url: str, origin: str, keys: Keys | None) -> Endpoint:
    """A place as somebody has written it: without a scheme a path is a socket, and else it is at the network; only
    there are keys of any use.

    Raises TiercelError for what can be no address.
    """
    if not url.isprintable() or " " in url:
        raise TiercelError(f"cannot follow Docker at {url!r} ({origin})", hint=FOLLOWED)
    url = url if "://" in url else f"unix://{url}" if url.startswith("/") else f"tcp://{url}"
    return Endpoint(url, origin, keys if url.startswith(("tcp://", "https://")) else None)


def elsewhere(endpoint: Endpoint) -> str:
    """Why the containers there are not on this machine, whose kernel is watched; "" when they may be.

    A name is looked up, which may take seconds. Raises TiercelError for an address that is none.
    """
    if endpoint.url.startswith("ssh://"):
        return "ssh leads to another machine"
    if endpoint.path is not None:
        return ""
    host, port = endpoint.at_network()
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return f"there is no host {host}"
    return "" if any(_mine(family, address) for family, _, _, _, address in addresses) else "that is another machine"


def _mine(family: int, address: tuple[object, ...]) -> bool:
    """Whether it is an address of this machine: only such a one can be bound."""
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as trial:
        trial.bind((address[0], 0))
        return True
    return False


def watch_it_there(endpoint: Endpoint) -> str:
    """What to do about containers of another machine."""
    return f"run Tiercel on that machine: {_way(endpoint.url)} sudo tiercel; if it is this one after all: --docker URL"


def _way(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = ["-p", str(parts.port)] if parts.scheme == "ssh" and parts.port else []
    except ValueError:
        return "ssh -t HOST"
    user = f"{parts.username}@" if parts.username and parts.scheme == "ssh" else ""
    return shlex.join(["ssh", "-t", *port, f"{user}{parts.hostname or 'HOST'}"])


def each_once(endpoints: Iterator[Endpoint]) -> list[Endpoint]:
    """Those of different places, in their order."""
    found: dict[str, Endpoint] = {}
    for endpoint in endpoints:
        found.setdefault(os.path.realpath(endpoint.path or endpoint.url), endpoint)
    return list(found.values())
