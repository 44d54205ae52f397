"""Where a container runtime may listen: as Docker's command line finds it, then rootless daemons and Podman's.

A context is read from the configuration of whoever runs us, also under sudo. What is found first is taken.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import TiercelError

LONGEST_FILE = 1 << 20
"""Bytes of a configuration that are read."""
_FOLLOWED = ("unix://", "tcp://", "http://", "https://")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A place to listen at, and who it is said to be."""

    url: str
    origin: str

    @property
    def path(self) -> Path | None:
        """The socket; None for one that is reached by the network."""
        return Path(self.url.removeprefix("unix://")) if self.url.startswith("unix://") else None


@dataclass(frozen=True, slots=True)
class User:
    """Who runs us."""

    uid: int
    home: Path
    run: Path
    """Where the sockets of this user lie."""


def user_of(environ: Mapping[str, str], root: Path = Path("/")) -> User:
    """The user who runs us, under sudo the one who called it."""
    uid = int(environ.get("SUDO_UID", os.getuid()))
    own = "SUDO_UID" not in environ
    run = Path(environ["XDG_RUNTIME_DIR"]) if own and environ.get("XDG_RUNTIME_DIR") else root / f"run/user/{uid}"
    if own and environ.get("HOME"):
        return User(uid, Path(environ["HOME"]), run)
    try:
        home = Path(pwd.getpwuid(uid).pw_dir)
    except KeyError:
        home = root / "nonexistent"
    return User(uid, home, run)


def sockets(environ: Mapping[str, str], root: Path = Path("/")) -> list[Endpoint]:
    """Where daemons listen unless told otherwise, there or not: the system's, the user's, then Podman's."""
    user = user_of(environ, root)
    places = (
        (root / "run/docker.sock", "Docker"),
        (root / "var/run/docker.sock", "Docker"),
        (user.run / "docker.sock", "rootless Docker"),
        (user.home / ".docker/run/docker.sock", "Docker Desktop"),
        (root / "run/podman/podman.sock", "Podman"),
        (user.run / "podman/podman.sock", "rootless Podman"),
    )
    return [Endpoint(f"unix://{path}", origin) for path, origin in places]


def told(environ: Mapping[str, str], root: Path = Path("/")) -> Endpoint | None:
    """What somebody has chosen: by DOCKER_HOST, by a context's name, or by the context in use; None for the default.

    Raises TiercelError for a context that there is not.
    """
    if url := environ.get("DOCKER_HOST"):
        return Endpoint(url, "DOCKER_HOST")
    folder = Path(environ.get("DOCKER_CONFIG") or user_of(environ, root).home / ".docker")
    name = environ.get("DOCKER_CONTEXT") or str(_json(folder / "config.json").get("currentContext") or "")
    if name in ("", "default"):
        return None
    meta = _json(folder / "contexts/meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json")
    endpoint = (meta.get("Endpoints") or {}).get("docker") or {}
    if not endpoint.get("Host"):
        raise TiercelError(
            f"there is no Docker context {name!r}", hint="docker context ls lists them; DOCKER_HOST wins"
        )
    return Endpoint(str(endpoint["Host"]), f"context {name}")


def found(environ: Mapping[str, str], root: Path = Path("/")) -> list[Endpoint]:
    """What somebody has chosen, then the sockets that are there; each once. Raises TiercelError as :func:`told`."""
    chosen = told(environ, root)
    there: dict[str, Endpoint] = {os.path.realpath(chosen.path or chosen.url): chosen} if chosen else {}
    for endpoint in sockets(environ, root):
        if endpoint.path is not None and _is_socket(endpoint.path):
            there.setdefault(os.path.realpath(endpoint.path), endpoint)
    return list(there.values())


def find_daemon(url: str | None = None, environ: Mapping[str, str] = os.environ) -> str:
    """The URL of the daemon: ``url``, or the first that is :func:`found`.

    Raises TiercelError when there is none, or one that cannot be followed from here.
    """
    url = url or next((endpoint.url for endpoint in found(environ)), "")
    if not url:
        looked_at = ", ".join(str(endpoint.path) for endpoint in sockets(environ))
        raise TiercelError("no Docker socket found", hint=f"looked at {looked_at}; set DOCKER_HOST for another one")
    if not url.startswith(_FOLLOWED):
        raise TiercelError(f"cannot follow Docker at {url}", hint="it has to be a unix:// or tcp:// address")
    return url


def _is_socket(path: Path) -> bool:
    try:
        return path.is_socket()
    except OSError:  # of somebody else, who lets us not see it
        return False


def _json(path: Path) -> Mapping[str, Any]:
    """A file's object; {} where there is none, or something else."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return {}
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return {}
        try:
            value = json.loads(file.read(LONGEST_FILE))
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}
