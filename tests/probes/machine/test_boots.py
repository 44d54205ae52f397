"""The kernel's name for a boot."""

from __future__ import annotations

import subprocess
from pathlib import Path
from uuid import UUID

from probes.machine.boots import boot_id


def test_it_is_the_kernels_and_the_same_for_all() -> None:
    assert str(UUID(boot_id())) == boot_id()
    said = subprocess.run(["cat", "/proc/sys/kernel/random/boot_id"], check=True, capture_output=True, text=True).stdout
    assert said.strip() == boot_id()


def test_where_it_cannot_be_read_there_is_none(tmp_path: Path) -> None:
    assert boot_id(tmp_path / "boot_id") == ""
