"""Which bcc there is, and where."""

from __future__ import annotations

import re
from pathlib import Path

FOLDERS = ("usr/lib/python3/dist-packages/bcc", "usr/lib/python3*/site-packages/bcc")
"""Where Debian and where Fedora and Arch put it; :mod:`probes.kernel.loader_child` looks there."""


def bcc_version(root: Path = Path("/")) -> str:
    """bcc's version and place below ``root``, "" where it is not installed. Not imported: that would load LLVM."""
    found = next((path for pattern in FOLDERS for path in root.glob(f"{pattern}/__init__.py")), None)
    if found is None:
        return ""
    match = re.search(r"__version__ = '([^']+)'", _read(found.with_name("version.py")))
    return f"{match[1] if match else 'version unknown'} in {found.parent}"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
