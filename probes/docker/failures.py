"""What goes wrong with Docker, in words that say what to do: never those of the libraries in between.

These are imported only where something has gone wrong with them.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.errors import TiercelError
from probes.docker import tls

if TYPE_CHECKING:
    import aiohttp
    from aiodocker.exceptions import DockerError

NO_CONNECTION = 900
"""The status that aiodocker gives to a connection that could not be made."""

_ABSENT = {errno.ENOENT, errno.ECONNREFUSED, errno.ENOTSOCK, errno.ENOTDIR}
_FORBIDDEN = {errno.EACCES, errno.EPERM}
_ALIEN = "what listens there does not answer as Docker does"


def failures() -> tuple[type[Exception], ...]:
    """What a daemon that is absent, restarting, broken or another thing makes aiodocker raise, which takes the form of
    an answer for granted."""
    from aiodocker.exceptions import DockerError
    from aiohttp import ClientError

    return ClientError, DockerError, OSError, TimeoutError, ValueError, KeyError, TypeError


@contextmanager
def calling(what: str = "") -> Iterator[None]:
    """Turns what a call to Docker raises into a TiercelError: ``what`` it was about, if given, and the reason."""
    try:
        yield
    except failures() as error:
        message, hint = reason(error)
        raise TiercelError(f"{what}: {message}" if what else message, hint=hint) from error


def reason(error: BaseException) -> tuple[str, str]:
    """Why a call failed, and what to do about it ("" where there is no more to say)."""
    from aiodocker.exceptions import DockerError

    if isinstance(error, DockerError):
        if error.status != NO_CONNECTION:
            return _answered(error)
        error = error.__cause__ or error.__context__ or error
    if (failed := tls.failure_of(error)) is not None:
        return tls.why(failed), tls.HINT
    return _broken(error)


def _answered(error: DockerError) -> tuple[str, str]:
    message = str(error.message).strip()
    return message or f"status {error.status}", tls.NO_KEYS_HINT if tls.WANTS_TLS in message else ""


def _broken(error: BaseException) -> tuple[str, str]:
    import aiohttp

    match error:
        case aiohttp.ClientConnectorError():
            return _unconnected(error)
        case aiohttp.ServerDisconnectedError() | ConnectionError():
            return "the daemon has closed the connection", ""
        case TimeoutError():
            return "no answer in time", ""
        case aiohttp.ClientError() | ValueError() | KeyError() | TypeError():
            return _ALIEN, ""
    return str(error) or type(error).__name__, ""


def _unconnected(error: aiohttp.ClientConnectorError) -> tuple[str, str]:
    import aiohttp
    from aiohttp.client_exceptions import UnixClientConnectorError

    where = error.path if isinstance(error, UnixClientConnectorError) else f"{error.host}:{error.port}"
    code = error.os_error.errno
    if code in _ABSENT:
        return f"no daemon listens on {where}", ""
    if code in _FORBIDDEN:
        return f"no permission to use {where}", "root and the members of its group may"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"there is no host {error.host}", ""
    return f"{where} cannot be reached: {os.strerror(code) if code else error.os_error}", ""
