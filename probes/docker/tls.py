"""TLS to a daemon, with the keys that Docker's command line has for it.

These files are somebody's, and may be anything: only ordinary ones are read.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from engine.errors import TiercelError
from probes.docker.address import Keys

AUTHORITY, CERTIFICATE, KEY = "ca.pem", "cert.pem", "key.pem"


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
