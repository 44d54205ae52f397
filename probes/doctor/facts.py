"""Questions to the machine we run on, for :mod:`probes.doctor.doctor`.

Everything is read below ``root``, so that a test can put a machine of files in its place; what only the kernel can
answer is asked by bpf(2) with the smallest object that tells.
"""

from __future__ import annotations

import locale
import os
import platform
import re
import resource
import shutil
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

from probes.docker.address import Endpoint
from probes.docker.endpoints import Choice, by_hand, choose, is_socket, sockets
from probes.docker.ping import Daemon, ping
from probes.kernel.bcc_version import bcc_version
from probes.kernel.bpf_trial import attaches_raw_tracepoint, creates_perf_array, creates_ring
from probes.machine.kept_capabilities import CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN, Capability, kept
from probes.machine.privileges import capabilities

PACKAGES: dict[str, tuple[str, dict[str, str]]] = {
    "debian": ("sudo apt-get install", {"bcc": "python3-bpfcc", "kernel": "linux-image-amd64", "docker": "docker.io"}),
    "ubuntu": ("sudo apt-get install", {"bcc": "python3-bpfcc", "kernel": "linux-generic", "docker": "docker.io"}),
    "fedora": ("sudo dnf install", {"bcc": "python3-bcc", "kernel": "kernel", "docker": "moby-engine"}),
    "arch": ("sudo pacman -S", {"bcc": "python-bcc", "kernel": "linux", "docker": "docker"}),
}
"""Distribution (ID or ID_LIKE of os-release) → how to install, and its names for what we need."""


class Transport(Enum):
    """How events can leave the kernel."""

    RING = auto()
    PERF = auto()
    NONE = auto()
    UNKNOWN = auto()
    """Without permission nobody can tell."""


@dataclass(frozen=True)
class Machine:
    """The machine; every field can be another's for a test."""

    root: Path = Path("/")
    system: str = field(default_factory=platform.system)
    release: str = field(default_factory=platform.release)
    architecture: str = field(default_factory=platform.machine)
    uid: int = field(default_factory=os.geteuid)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    sqlite: tuple[int, ...] = sqlite3.sqlite_version_info
    docker: str = ""
    """What is given by ``--docker``: a URL, "none" to do without, "" to look for it."""

    @property
    def version(self) -> tuple[int, int]:
        """Major and minor number of the kernel; (0, 0) where there is none to read."""
        match = re.match(r"(\d+)\.(\d+)", self.release)
        return (int(match[1]), int(match[2])) if match else (0, 0)

    def read(self, path: str) -> str:
        """A file's text below ``root``, "" where it cannot be read."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    # ── the distribution ────────────────────────────────────────────────────────────────────────────────────────────

    def distribution(self) -> str:
        """A key of :data:`PACKAGES`, "" for others."""
        release = dict(line.split("=", 1) for line in self.read("etc/os-release").splitlines() if "=" in line)
        names = [release.get("ID", ""), *release.get("ID_LIKE", "").strip('"').split()]
        return next((name for name in (name.strip('"') for name in names) if name in PACKAGES), "")

    def install(self, what: str) -> str:
        """The command that installs ``what`` (bcc, kernel, docker)."""
        distribution = self.distribution()
        if not distribution:
            return f"install your distribution's package of {what}"
        command, names = PACKAGES[distribution]
        return f"{command} {names[what]}"

    # ── the kernel ──────────────────────────────────────────────────────────────────────────────────────────────────

    def btf_size(self) -> int:
        """Bytes of the kernel's own type information, 0 without."""
        try:
            return (self.root / "sys/kernel/btf/vmlinux").stat().st_size
        except OSError:
            return 0

    def bcc_version(self) -> str:
        """bcc's version and place, "" where it is not installed. Not imported: that would load LLVM."""
        return bcc_version(self.root)

    def is_root(self) -> bool:
        """Whether we run with root's user id."""
        return self.uid == 0

    def may_load_bpf(self) -> bool:
        """Whether this process has CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, which holds both."""
        effective = capabilities().get("CapEff", 0) if self.system == "Linux" else 0
        return bool(effective >> CAP_SYS_ADMIN & 1 or (effective >> CAP_PERFMON & 1 and effective >> CAP_BPF & 1))

    def kept_capabilities(self) -> list[tuple[Capability, bool]]:
        """What a sensor keeps here, and whether this process has it."""
        if self.system != "Linux":
            return []
        effective = capabilities()["CapEff"]
        return [(row, bool(effective >> row.number & 1)) for row in kept()]

    def lockdown(self) -> str:
        """The kernel's lockdown mode: none, integrity, confidentiality; "" where there is no such thing."""
        match = re.search(r"\[(\w+)\]", self.read("sys/kernel/security/lockdown"))
        return match[1] if match else ""

    def transport(self) -> Transport:
        """How events can leave this kernel: tried, not deduced."""
        if not self.may_load_bpf():
            return Transport.UNKNOWN
        if creates_ring():
            return Transport.RING
        return Transport.PERF if creates_perf_array() else Transport.NONE

    def attaches_raw_tracepoint(self, name: str) -> bool | None:
        """Whether an empty program can be attached to a raw tracepoint; None without the permission to try."""
        return attaches_raw_tracepoint(name) if self.may_load_bpf() else None

    def has_tracepoint(self, name: str) -> bool:
        """Whether the kernel's type information knows of this raw tracepoint."""
        try:
            return f"\0btf_trace_{name}\0".encode() in (self.root / "sys/kernel/btf/vmlinux").read_bytes()
        except OSError:
            return False

    def memlock(self) -> int:
        """Bytes that may be locked in memory."""
        soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
        return sys.maxsize if soft == resource.RLIM_INFINITY else soft

    def cgroup_layout(self) -> str:
        """Which cgroup trees are mounted: "v2", "v1", "v1 and v2"; "" for none."""
        kinds = {line.split()[2] for line in self.read("proc/self/mounts").splitlines() if len(line.split()) > 2}
        names = [name for name, kind in (("v1", "cgroup"), ("v2", "cgroup2")) if kind in kinds]
        return " and ".join(names)

    # ── Docker and the terminal ─────────────────────────────────────────────────────────────────────────────────────

    def runtimes(self) -> Choice:
        """Where container runtimes can be asked, and which is taken.

        Raises TiercelError for a context of Docker's that there is not, and for a URL that cannot be followed.
        """
        return Choice(by_hand(self.docker, self.environ)) if self.docker else choose(self.environ, self.root)

    def ask(self, endpoint: Endpoint) -> Daemon:
        """What answers there. Raises TiercelError with the reason why nothing does."""
        return ping(endpoint)

    def daemon_mend(self, problem: str, endpoint: Endpoint) -> str:
        """What makes a daemon answer; of a place that somebody chose and where none usually is, what to choose."""
        usual = next((one for one in sockets(self.environ, self.root) if one.url == endpoint.url), None)
        if usual is not None or problem == "Permission denied":
            return self.docker_mend(problem, (usual or endpoint).origin)
        here = [one.url for one in sockets(self.environ, self.root) if one.path is not None and is_socket(one.path)]
        known = f"there is {here[0]}" if here else "without one Tiercel looks for a socket itself"
        return f"start what is to listen there, or mend {endpoint.origin}: {known}"

    def docker_mend(self, problem: str, origin: str = "Docker") -> str:
        """What makes the socket answer."""
        if problem == "Permission denied":
            return "start it with sudo"
        if "Podman" in origin:
            return f"{'sudo systemctl' if origin == 'Podman' else 'systemctl --user'} start podman.socket"
        if shutil.which("dockerd", path=self.environ.get("PATH", "") + ":/usr/sbin"):
            return "sudo systemctl start docker" if self._has_systemd() else "sudo service docker start"
        return self.install("docker")

    def _has_systemd(self) -> bool:
        return (self.root / "run/systemd/system").is_dir()

    def terminal_size(self) -> tuple[int, int] | None:
        """Columns and lines of the terminal; None when stdout is none."""
        try:
            size = os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else 1)
        except OSError:
            return None
        return size.columns, size.lines

    def colours(self) -> str:
        """How many colours the terminal says it has."""
        if self.environ.get("NO_COLOR"):
            return "no colours (NO_COLOR)"
        if self.environ.get("COLORTERM", "") in ("truecolor", "24bit"):
            return "16 million colours"
        return "256 colours" if "256color" in self.environ.get("TERM", "") else "16 colours"

    def encoding(self) -> str:
        """The locale's encoding."""
        return locale.getencoding()
