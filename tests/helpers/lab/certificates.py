"""Keys of an authority of our own, made by openssl, as Docker's command line and daemon want them."""

from __future__ import annotations

import subprocess
from pathlib import Path

_AUTHORITY = ("-x509", "-subj", "/CN=authority of a test")


def make_keys(folder: Path) -> tuple[Path, Path]:
    """``server`` and ``client`` below a new folder, each with ca.pem, cert.pem and key.pem of one authority."""
    folder.mkdir(parents=True)
    _openssl("req", *_AUTHORITY, "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-keyout", folder / "ca-key.pem", "-out", folder / "ca.pem")  # fmt: skip
    return tuple(_signed(folder, name, more) for name, more in _ENDS.items())  # type: ignore[return-value]


_ENDS = {
    "server": "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n",
    "client": "extendedKeyUsage=clientAuth\n",
}


def _signed(folder: Path, name: str, extensions: str) -> Path:
    own = folder / name
    own.mkdir()
    (own / "ca.pem").write_bytes((folder / "ca.pem").read_bytes())
    (own / "extensions").write_text(extensions)
    _openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", own / "key.pem",
             "-out", own / "request.pem")  # fmt: skip
    _openssl("x509", "-req", "-in", own / "request.pem", "-CA", folder / "ca.pem", "-CAkey", folder / "ca-key.pem",
             "-CAcreateserial", "-days", "2", "-extfile", own / "extensions", "-out", own / "cert.pem")  # fmt: skip
    return own


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
