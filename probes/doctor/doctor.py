"""What this machine can and cannot do, and for each gap the command that mends it.

:data:`CHECKS` is the table: ``tiercel doctor`` prints its rows, and the live start refuses what has failed. A check
asks the kernel itself where it can (it creates a ring buffer, it attaches an empty program) instead of deducing from a
version. See :mod:`probes.doctor.facts` for the questions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from engine.errors import TiercelError
from engine.invocation import command
from engine.scrub import scrub
from probes.docker.address import Endpoint, watch_it_there
from probes.docker.endpoints import Choice
from probes.doctor.facts import Machine, Transport
from probes.machine.kept_capabilities import TO_RESPOND

RELEASE_WITH_RAW_TRACEPOINTS = (4, 17)
RELEASE_WITHOUT_MEMLOCK = (5, 11)
"""From here on BPF memory is accounted by cgroup, not by RLIMIT_MEMLOCK."""
ARCHITECTURES = ("x86_64", "aarch64")
SMALLEST_TERMINAL = (80, 24)
SQLITE_WITH_RETURNING = (3, 35, 0)
NEEDED_MEMLOCK = 64 * 1024 * 1024


class Status(StrEnum):
    """How a check came out. ``warn`` limits; ``fail`` prevents watching the live kernel."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, what follows from it, and the exact command or action that mends it."""

    status: Status
    found: str
    consequence: str = ""
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A row of the report."""

    name: str
    finding: Finding

    @property
    def failed(self) -> bool:
        """Whether it prevents watching the live kernel."""
        return self.finding.status is Status.FAIL


def _ok(found: str) -> Finding:
    return Finding(Status.OK, found)


def _warn(found: str, consequence: str, mend: str = "") -> Finding:
    return Finding(Status.WARN, found, consequence, mend)


def _fail(found: str, mend: str) -> Finding:
    return Finding(Status.FAIL, found, "no kernel events can be read", mend)


# ── the checks ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _kernel(machine: Machine) -> Finding:
    found = f"{machine.system} {machine.release}"
    if machine.system != "Linux":
        return _fail(found, "run it on the Linux machine that runs the containers")
    if machine.version < RELEASE_WITH_RAW_TRACEPOINTS:
        return _fail(f"{found}, older than 4.17", f"{machine.install('kernel')}, then reboot")
    return _ok(found)


def _architecture(machine: Machine) -> Finding:
    if machine.architecture in ARCHITECTURES:
        return _ok(machine.architecture)
    return _fail(machine.architecture, f"supported are {' and '.join(ARCHITECTURES)}")


def _btf(machine: Machine) -> Finding:
    size = machine.btf_size()
    if size:
        return _ok(f"/sys/kernel/btf/vmlinux, {size / 1e6:.1f} MB")
    mend = f"{machine.install('kernel')}, then reboot: it needs CONFIG_DEBUG_INFO_BTF=y"
    return _fail("no /sys/kernel/btf/vmlinux", mend)


def _bcc(machine: Machine) -> Finding:
    version = machine.bcc_version()
    return _ok(version) if version else _fail("not found", machine.install("bcc"))


def _permission(machine: Machine) -> Finding:
    if machine.may_load_bpf():
        return _ok("root" if machine.is_root() else "CAP_BPF and CAP_PERFMON")
    found = f"user id {machine.uid}, without CAP_BPF and CAP_PERFMON"
    return _fail(found, "run it on the host, not in a container" if machine.is_root() else "start it with sudo")


def _capabilities(machine: Machine) -> Finding:
    rows = machine.kept_capabilities()
    why = "; ".join(f"{row.name.removeprefix('CAP_')}: {row.reason}" for row, _ in rows)
    if missing := [row.name for row, has in rows if not has]:
        return _warn(f"without {', '.join(missing)}", f"the sensor would keep {why}", "start it with sudo")
    names = ", ".join(row.name for row, _ in rows)
    more = f"with --respond also {TO_RESPOND.name.removeprefix('CAP_')}: {TO_RESPOND.reason}"
    return Finding(Status.OK, f"the sensor keeps {names or 'none'}", "; ".join(filter(None, (why, more))))


def _lockdown(machine: Machine) -> Finding:
    mode = machine.lockdown()
    if mode != "confidentiality":
        return _ok(mode or "none")
    return _fail(mode, "boot without lockdown=confidentiality: it forbids BPF to read memory")


def _transport(machine: Machine) -> Finding:
    match machine.transport():
        case Transport.RING:
            return _ok("ring buffer")
        case Transport.PERF:
            return _warn("perf buffer", "more CPU for each event; loss comes earlier", "a kernel from 5.8 on")
        case Transport.UNKNOWN:
            return _warn("not tried", "only root can try", f"sudo {command('doctor')}")
        case Transport.NONE:
            return _fail("BPF maps are refused", "allow bpf(2): seccomp, a container, or CONFIG_BPF_SYSCALL forbids it")


def _tracepoints(machine: Machine) -> Finding:
    attached = machine.attaches_raw_tracepoint("sys_exit")
    if attached is None:
        return _warn("not tried", "only root can try", f"sudo {command('doctor')}")
    if attached:
        return _ok("sys_exit attached and let go")
    return _fail("sys_exit is refused", "run it on the host, not in a container; see dmesg")


def _uring(machine: Machine) -> Finding:
    if machine.has_tracepoint("io_uring_submit_req"):
        return _ok("requests are followed")
    return _warn("requests are not followed", "what programs ask of it is not seen", "a kernel from 6.4 on")


def _memlock(machine: Machine) -> Finding:
    if machine.version >= RELEASE_WITHOUT_MEMLOCK:
        return _ok("counted by cgroup")
    limit = machine.memlock()
    if limit >= NEEDED_MEMLOCK or machine.is_root():
        return _ok(f"{limit / 1e6:.0f} MB" if limit < 1 << 60 else "unlimited")
    return _warn(f"{limit // 1024} KiB", "maps may not fit", "ulimit -l unlimited, as root, before the start")


def _cgroup(machine: Machine) -> Finding:
    found = machine.cgroup_layout()
    if found:
        return _ok(found)
    return _warn("no cgroup tree", "containers cannot be told from the host", "mount -t cgroup2 none /sys/fs/cgroup")


_NO_NAMES = "containers are known by id only: no names, images or mounts"


def _docker(machine: Machine) -> Finding:
    if machine.docker == "none":
        return Finding(Status.OK, "not asked (--docker none)", _NO_NAMES)
    try:
        choice = machine.runtimes()
    except TiercelError as error:
        return _warn(error.message, _NO_NAMES, error.hint)
    if choice.taken is not None:
        return _runtime(machine, choice, choice.taken)
    if choice.passed_over is not None:
        return _warn(choice.note, _NO_NAMES, watch_it_there(choice.passed_over))
    absent = "No such file or directory"
    return _warn(f"{machine.root / 'var/run/docker.sock'}: {absent}", _NO_NAMES, machine.docker_mend(absent))


def _runtime(machine: Machine, choice: Choice, taken: Endpoint) -> Finding:
    """What answers where we would ask, and what else there is."""
    also = [f"there is also {one.place} ({one.origin}): --docker {one.url}" for one in choice.others]
    more = "".join(f"; {text}" for text in (choice.note, *also) if text)
    found = f"{taken.place} ({taken.origin})"
    try:
        daemon = machine.ask(taken)
    except TiercelError as error:
        mend = error.hint or machine.daemon_mend(error.message, taken)
        return _warn(f"{found}: {error.message}{more}", _NO_NAMES, mend)
    said = f"{found}: {daemon.runtime} {daemon.version}{more}"
    if daemon.kernel in ("", machine.release):
        return _ok(said)
    elsewhere = f"its containers run on another kernel, {daemon.kernel}, and are not watched here"
    return _warn(said, elsewhere, "run Tiercel there, or give --docker URL of a daemon of this machine")


def _terminal(machine: Machine) -> Finding:
    size, kind = machine.terminal_size(), machine.environ.get("TERM", "")
    if size is None:
        return _ok(f"none here; {command('watch')} needs none")
    found = f"{kind or 'TERM unset'}, {size[0]}×{size[1]}, {machine.colours()}"
    if kind in ("", "dumb"):
        return _warn(found, "the screen cannot be drawn", "export TERM=xterm-256color")
    if size < SMALLEST_TERMINAL or size[1] < SMALLEST_TERMINAL[1]:
        return _warn(found, "columns and lines will be cut", "enlarge the window to 80×24")
    return _ok(found)


def _locale(machine: Machine) -> Finding:
    encoding = machine.encoding()
    if encoding.lower().replace("-", "") == "utf8":
        return _ok(encoding)
    return _warn(encoding, "signs and frames are drawn as question marks", "export LC_ALL=C.UTF-8")


def _sqlite(machine: Machine) -> Finding:
    found = ".".join(map(str, machine.sqlite))
    if machine.sqlite >= SQLITE_WITH_RETURNING:
        return _ok(found)
    return _fail(f"{found}, older than 3.35", "a Python built against a newer SQLite")


CHECKS: dict[str, Callable[[Machine], Finding]] = {
    "kernel": _kernel,
    "architecture": _architecture,
    "BTF": _btf,
    "bcc": _bcc,
    "permission": _permission,
    "capabilities": _capabilities,
    "lockdown": _lockdown,
    "transport": _transport,
    "tracepoints": _tracepoints,
    "io_uring": _uring,
    "locked memory": _memlock,
    "cgroups": _cgroup,
    "Docker": _docker,
    "terminal": _terminal,
    "locale": _locale,
    "SQLite": _sqlite,
}
"""Name → check, in the order of the report."""


# ── the report ──────────────────────────────────────────────────────────────────────────────────────────────────────


def checks(machine: Machine | None = None) -> list[Check]:
    """Every check, made now."""
    here = machine or Machine()
    return [Check(name, check(here)) for name, check in CHECKS.items()]


def blockers(machine: Machine | None = None) -> list[Check]:
    """The checks that prevent watching the live kernel; empty when it can be watched."""
    return [check for check in checks(machine) if check.failed]


def report(results: Iterable[Check]) -> str:
    """The checks as plain text, one screen."""
    return "\n".join(line for check in results for line in _lines(check))


def _lines(check: Check) -> list[str]:
    finding = check.finding
    lines = [f"{finding.status.upper():<5} {check.name:<14} {scrub(finding.found)}"]
    if finding.consequence or finding.mend:
        lines.append(f"{'':20} {scrub(_advice(finding))}")
    return lines


def _advice(finding: Finding) -> str:
    return f"{finding.consequence}. → {finding.mend}" if finding.mend else finding.consequence


def to_rows(results: Iterable[Check]) -> list[dict[str, str]]:
    """The checks for ``tiercel doctor --json``."""
    return [
        {
            "check": check.name,
            "status": str(check.finding.status),
            "found": scrub(check.finding.found),
            "consequence": scrub(check.finding.consequence),
            "mend": scrub(check.finding.mend),
        }
        for check in results
    ]
