"""Which boot of the machine this is."""

from __future__ import annotations

from pathlib import Path

_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id(file: Path = _ID) -> str:
    """The kernel's name for it, in containers the same; "" where it cannot be read."""
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
