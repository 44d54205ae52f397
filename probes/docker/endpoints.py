"""Where container runtimes listen, and which is taken: as Docker's command line finds it, then rootless daemons and
Podman's.

The kernel that we watch is this machine's. So a daemon of another one, which a context may well lead to, is passed
over, and said: its containers do not run here. What is found first on this machine is taken.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import TiercelError
from probes.docker.address import Endpoint, each_once, elsewhere, watch_it_there
from probes.docker.contexts import given, told, user_of


@dataclass(frozen=True, slots=True)
class Choice:
    """What is taken, None for nothing; what else is there; and what somebody chose that cannot be."""

    taken: Endpoint | None
    others: list[Endpoint] = field(default_factory=list)
    passed_over: Endpoint | None = None
    reason: str = ""
    """Why it was passed over."""

    @property
    def note(self) -> str:
        """What is said beside the daemon that is taken; "" where it is what anybody would expect."""
        if self.passed_over is None:
            return ""
        return f"not {_named(self.passed_over)}: {self.reason}, and its containers do not run here"


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


def choose(environ: Mapping[str, str], root: Path = Path("/")) -> Choice:
    """What somebody has chosen if it is on this machine, else the first socket that is there.

    Raises TiercelError as :func:`told`, and for a choice that is no address.
    """
    chosen = told(environ, root)
    reason = elsewhere(chosen) if chosen is not None else ""
    here = each_once(_there(chosen if not reason else None, environ, root))
    return Choice(next(iter(here), None), here[1:], chosen if reason else None, reason)


def find(url: str | None = None, environ: Mapping[str, str] = os.environ) -> tuple[Endpoint, str]:
    """The daemon at ``url``, or the one to choose, and a note if another was passed over (:attr:`Choice.note`).

    Raises TiercelError when there is none, or one that cannot be followed from here.
    """
    if url:
        return by_hand(url, environ), ""
    choice = choose(environ)
    if choice.taken is not None:
        return choice.taken, choice.note
    if choice.passed_over is not None:
        raise _is_elsewhere(choice.passed_over, choice.reason)
    looked_at = ", ".join(endpoint.place for endpoint in sockets(environ))
    raise TiercelError("no Docker socket found", hint=f"looked at {looked_at}; set DOCKER_HOST for another one")


def find_daemon(url: str | None = None, environ: Mapping[str, str] = os.environ) -> str:
    """The URL of what is to :func:`find`. Raises TiercelError likewise."""
    return find(url, environ)[0].url


def by_hand(url: str, environ: Mapping[str, str] = os.environ) -> Endpoint:
    """The daemon that is given by ``--docker``. Raises TiercelError for one that cannot be followed from here."""
    return _followed(given(url, "--docker", environ))


def _followed(endpoint: Endpoint) -> Endpoint:
    """Raises TiercelError for what cannot be reached from here; what is given by hand may have any address."""
    if endpoint.url.startswith("ssh://"):
        raise _is_elsewhere(endpoint, elsewhere(endpoint))
    if endpoint.path is None:
        endpoint.at_network()
    return endpoint


def _is_elsewhere(endpoint: Endpoint, reason: str) -> TiercelError:
    message = f"{_named(endpoint)}: {reason}, and its containers do not run on this kernel"
    return TiercelError(message, hint=watch_it_there(endpoint))


def _named(endpoint: Endpoint) -> str:
    return f"{endpoint.place} ({endpoint.origin})"


def _there(chosen: Endpoint | None, environ: Mapping[str, str], root: Path) -> Iterator[Endpoint]:
    if chosen is not None:
        yield chosen
    for endpoint in sockets(environ, root):
        if endpoint.path is not None and is_socket(endpoint.path):
            yield endpoint


def is_socket(path: Path) -> bool:
    """Whether a socket is there, as far as we may see."""
    try:
        return path.is_socket()
    except OSError:  # of somebody else, who lets us not see it
        return False
