"""Cgroups named as containers' are: for the kernel's side they are containers, without a runtime."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from probes.machine.cgroups import hierarchies


@dataclass(frozen=True)
class Cgroup:
    """A cgroup that exists."""

    id: str
    """Of the container that it is named for."""
    path: Path

    @property
    def procs(self) -> str:
        """The file that takes processes in."""
        return str(self.path / "cgroup.procs")

    def run(self, *argv: str) -> int:
        """Run a program in it, whatever becomes of that; its process."""
        script = 'echo $$ > "$0" && exec "$@" 2>/dev/null'
        child = subprocess.Popen(["/bin/sh", "-c", script, self.procs, *argv])
        child.wait()
        return child.pid


@contextlib.contextmanager
def cgroup(number: int = 0, tree: Path | None = None) -> Iterator[Cgroup]:
    """A cgroup with a container's name, another one for each number, in a tree; by default the one that tells most
    containers here."""
    container_id = f"{number:04x}{os.getpid():060x}"
    path = (tree or Path(max(hierarchies())[1])) / f"tiercel-test-{container_id}.scope"
    path.mkdir()
    try:
        yield Cgroup(container_id, path)
    finally:
        path.rmdir()
