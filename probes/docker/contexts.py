"""What somebody has chosen for Docker's command line: by variables, or by a context of theirs.

It is read from the environment and the configuration of whoever runs us, also under sudo.
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
from probes.docker.address import Endpoint, Keys, endpoint_at

LONGEST_FILE = 1 << 20
"""Bytes of a configuration that are read."""


@dataclass(frozen=True, slots=True)
class User:
    """Who runs us."""

    uid: int
    home: Path
    run: Path
    """Where the sockets of this user lie."""


def user_of(environ: Mapping[str, str], root: Path = Path("/")) -> User:
    """The user who runs us, under sudo the one who called it."""
    own = not environ.get("SUDO_UID", "").isdecimal()
    uid = os.getuid() if own else int(environ["SUDO_UID"])
    run = Path(environ["XDG_RUNTIME_DIR"]) if own and environ.get("XDG_RUNTIME_DIR") else root / f"run/user/{uid}"
    if own and environ.get("HOME"):
        return User(uid, Path(environ["HOME"]), run)
    try:
        home = Path(pwd.getpwuid(uid).pw_dir)
    except (KeyError, OverflowError):  # nobody, or no number for a user
        home = root / "nonexistent"
    return User(uid, home, run)


def told(environ: Mapping[str, str], root: Path = Path("/")) -> Endpoint | None:
    """What somebody has chosen: by DOCKER_HOST, by a context's name, or by the context in use; None for the default.

    Raises TiercelError for a context that there is not, and for what is no address.
    """
    if url := environ.get("DOCKER_HOST"):
        return given(url, "DOCKER_HOST", environ, root)
    folder = configuration(environ, root)
    name = environ.get("DOCKER_CONTEXT") or str(_json(folder / "config.json").get("currentContext") or "")
    return None if name in ("", "default") else _context(folder / "contexts", name)


def given(url: str, origin: str, environ: Mapping[str, str], root: Path = Path("/")) -> Endpoint:
    """An address that somebody has given, with the keys that DOCKER_TLS_VERIFY (or DOCKER_TLS) says to use."""
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    folder = Path(environ.get("DOCKER_CERT_PATH") or configuration(environ, root))
    keys = Keys(folder, verify) if verify or environ.get("DOCKER_TLS") or url.startswith("https://") else None
    return endpoint_at(url, origin, keys)


def configuration(environ: Mapping[str, str], root: Path = Path("/")) -> Path:
    """The folder of Docker's command line."""
    return Path(environ.get("DOCKER_CONFIG") or user_of(environ, root).home / ".docker")


def _context(folder: Path, name: str) -> Endpoint:
    digest = hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()
    endpoints = _json(folder / "meta" / digest / "meta.json").get("Endpoints")
    endpoint = endpoints.get("docker") if isinstance(endpoints, dict) else None
    if not isinstance(endpoint, dict) or not endpoint.get("Host"):
        raise TiercelError(
            f"there is no Docker context {name!r}", hint="docker context ls lists them; DOCKER_HOST wins"
        )
    keys, skip = folder / "tls" / digest / "docker", bool(endpoint.get("SkipTLSVerify"))
    found = Keys(keys, verify=not skip) if skip or keys.is_dir() else None
    return endpoint_at(str(endpoint["Host"]), f"context {name}", found)


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
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}
