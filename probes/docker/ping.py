"""One question to a daemon, without a library and without a loop: what it is."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from dataclasses import dataclass

from engine.errors import TiercelError
from probes.docker import tls
from probes.docker.address import Endpoint
from probes.docker.dialects import kernel_of, runtime_of

PATIENCE = 3.0
"""Seconds for each step of it."""
_LONGEST = 1 << 20
_ALIEN = "what listens there does not answer as Docker does"


@dataclass(frozen=True, slots=True)
class Daemon:
    """What answered."""

    runtime: str
    version: str
    kernel: str
    """The release of the kernel it runs on, "" where it does not tell."""


class _Connection(http.client.HTTPConnection):
    """To a socket of this machine."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self._path)


def ping(endpoint: Endpoint) -> Daemon:
    """Raises TiercelError with the reason why nothing that we can use has answered."""
    connection = _connection(endpoint)
    try:
        connection.request("GET", "/version")
        answer = connection.getresponse()
        body = answer.read(_LONGEST)
        if answer.status != http.client.OK:
            said = _said(body) or f"status {answer.status}"
            raise TiercelError(said, hint=tls.NO_KEYS_HINT if tls.WANTS_TLS in said else "")
        return _daemon(body)
    except ssl.SSLError as error:
        raise TiercelError(tls.why(error), hint=tls.HINT) from error
    except OSError as error:
        raise TiercelError(error.strerror or str(error)) from error
    except (http.client.HTTPException, ValueError) as error:
        raise TiercelError(_ALIEN) from error
    finally:
        connection.close()


def _connection(endpoint: Endpoint) -> http.client.HTTPConnection:
    if endpoint.path is not None:
        return _Connection(str(endpoint.path))
    host, port = endpoint.at_network()
    if endpoint.keys is None:
        return http.client.HTTPConnection(host, port, timeout=PATIENCE)
    return http.client.HTTPSConnection(host, port, timeout=PATIENCE, context=tls.context_of(endpoint.keys))


def _daemon(body: bytes) -> Daemon:
    version = json.loads(body)
    if not isinstance(version, dict) or "ApiVersion" not in version:
        raise TiercelError(_ALIEN)
    return Daemon(runtime_of(version), str(version.get("Version") or ""), kernel_of(version))


def _said(body: bytes) -> str:
    """The reason in a refusal: Docker's is JSON, that of a TLS server to plain talk is text."""
    text = body.decode(errors="replace").strip()[:200]
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text
