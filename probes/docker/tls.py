"""TLS to a daemon, with the keys that Docker's command line has for it.

These files are somebody's, and may be anything: only ordinary ones are read.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from engine.errors import TiercelError
from probes.docker.address import Keys

AUTHORITY, CERTIFICATE, KEY = "ca.pem", "cert.pem", "key.pem"

HINT = f"{AUTHORITY}, {CERTIFICATE} and {KEY} of its context, or of DOCKER_CERT_PATH, have to be those for this daemon"
NO_KEYS_HINT = "set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, or make a context with its keys"
"""For who talks without TLS to a daemon that wants it."""
WANTS_TLS = "Client sent an HTTP request to an HTTPS server"
"""How such a daemon says so."""
_REFUSED = "it does not accept our certificate"
_WHY = {
    "SSLV3_ALERT_BAD_CERTIFICATE": _REFUSED,
    "TLSV1_ALERT_UNKNOWN_CA": _REFUSED,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": _REFUSED,
    "WRONG_VERSION_NUMBER": "it does not speak TLS",
}


def why(error: ssl.SSLError) -> str:
    """Why TLS has failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted: {error.verify_message}"
    return _WHY.get(error.reason or "", f"TLS fails: {error.reason or error}")


def failure_of(error: BaseException | None) -> ssl.SSLError | None:
    """The failure of TLS that led to an error, the first of them; None where it was another."""
    found = None
    while error is not None:
        found = error if isinstance(error, ssl.SSLError) else found
        error = error.__cause__ or error.__context__
    return found


def context_of(keys: Keys) -> ssl.SSLContext:
    """Raises TiercelError for keys that cannot be read, and say which."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not keys.verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    authority, certificate, key = (keys.folder / name for name in (AUTHORITY, CERTIFICATE, KEY))
    try:
        if keys.verify and authority.exists():
            context.load_verify_locations(_ordinary(authority))
        elif keys.verify:
            context.load_default_certs()
        if certificate.exists():
            context.load_cert_chain(_ordinary(certificate), _ordinary(key), password=_no_password)
    except (OSError, ValueError) as error:  # ssl's own errors are among them
        why = getattr(error, "strerror", None) or str(error)
        raise TiercelError(
            f"the keys in {keys.folder} cannot be used: {why}",
            hint=f"{AUTHORITY}, {CERTIFICATE} and {KEY} have to belong together",
        ) from error
    return context


def _ordinary(path: Path) -> Path:
    if not path.is_file():
        raise OSError(f"{path.name} is missing, or no file")
    return path


def _no_password() -> str:
    """Instead of a question at the terminal."""
    raise ValueError("the key has a password")
