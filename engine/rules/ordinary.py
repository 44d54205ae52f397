"""What an ordinary server does, in small: events by which rules put their tests in order before anything was measured.

Web servers, data bases and jobs in containers, and on the host systemd, sshd, cron, a package manager and a shell. The
mixture is made up; it need not be exact, since it only decides what is tested first. The same seed gives the same
events.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from engine.events import HOST, ContainerInfo, Fd, KernelEvent
from engine.schema import BY_NAME, EventType, Param, ParamType
from engine.state.containers import Container
from engine.state.event import Event
from engine.state.processes import Process

T0 = 1_700_000_000 * 10**9
SEED = 1
SIZE = 100
"""Events of one type."""
_DEFAULT_CAPS, _ALL_CAPS = 0xA80425FB, (1 << 41) - 1
_O_CREAT, _O_TRUNC, _O_CLOEXEC = 0o100, 0o1000, 0o2000000


@dataclass(frozen=True, slots=True)
class Program:
    """A program that runs, and what it opens; ``*`` in a path is some number or name."""

    lineage: str
    """Names from the eldest ancestor to the program, separated by blanks."""
    exepath: str
    arguments: str = ""
    image: str = ""
    """"" on the host."""
    reads: str = ""
    writes: str = ""
    uid: int = 0
    tty: int = 0
    weight: int = 2


_SHIM = "systemd containerd-shim"
PROGRAMS = (
    Program(
        f"{_SHIM} nginx nginx",
        "/usr/sbin/nginx",
        "-g daemon off;",
        "nginx:1.27",
        "/usr/share/nginx/html/* /usr/share/nginx/html/img/*.png /etc/nginx/mime.types",
        "/var/log/nginx/access.log",
        uid=101,
        weight=8,
    ),
    Program(
        f"{_SHIM} gunicorn gunicorn",
        "/usr/local/bin/python3.12",
        "app:main --workers 4",
        "shop/api:2.4",
        "/app/api/*.py /usr/local/lib/python3.12/*.py /app/templates/*.html /var/cache/upload-*",
        "/var/cache/upload-* /app/log/*",
        uid=1000,
        weight=6,
    ),
    Program(
        f"{_SHIM} postgres postgres",
        "/usr/lib/postgresql/16/bin/postgres",
        "-D /var/lib/postgresql/data",
        "postgres:16",
        "/var/lib/postgresql/data/base/16384/* /var/lib/postgresql/data/pg_wal/*",
        "/var/lib/postgresql/data/pg_wal/* /var/lib/postgresql/data/pg_stat_tmp/*",
        uid=999,
        weight=6,
    ),
    Program(
        f"{_SHIM} redis-server",
        "/usr/local/bin/redis-server",
        "*:6379",
        "redis:7",
        "/data/dump.rdb",
        "/data/*.rdb",
        uid=999,
    ),
    Program(
        f"{_SHIM} java",
        "/opt/java/bin/java",
        "-jar /srv/app.jar",
        "shop/orders:7",
        "/srv/lib/*.jar /proc/self/stat /sys/fs/cgroup/cpu.max",
        "/srv/logs/app.log",
        uid=1000,
        weight=4,
    ),
    Program(
        f"{_SHIM} node",
        "/usr/local/bin/node",
        "server.js",
        "shop/web:5",
        "/srv/node_modules/*/package.json /srv/node_modules/*/index.js",
        "/srv/.cache/*",
        uid=1000,
        weight=4,
    ),
    Program(
        f"{_SHIM} sh curl",
        "/usr/bin/curl",
        "-fsS http://127.0.0.1/health",
        "shop/web:5",
        "/etc/ssl/certs/ca-certificates.crt /etc/hosts /etc/resolv.conf",
        "",
        uid=1000,
    ),
    Program(
        "systemd",
        "/usr/lib/systemd/systemd",
        "--system",
        "",
        "/proc/*/stat /sys/fs/cgroup/system.slice/* /proc/1/cgroup",
        "/run/systemd/units/*",
        weight=4,
    ),
    Program(
        "systemd dockerd",
        "/usr/bin/dockerd",
        "-H fd://",
        "",
        "/var/lib/docker/containers/*/config.v2.json",
        "/var/lib/docker/containers/*/*.log",
        weight=3,
    ),
    Program(
        "systemd sshd sshd bash",
        "/usr/bin/bash",
        "",
        "",
        "/home/anna/.bashrc /etc/profile /usr/share/bash-completion/*",
        "/home/anna/.bash_history",
        uid=1000,
        tty=34816,
    ),
    Program("systemd sshd sshd bash ls", "/usr/bin/ls", "-la /srv", "", "/usr/share/locale/*", "", uid=1000, tty=34816),
    Program(
        "systemd cron sh logrotate",
        "/usr/sbin/logrotate",
        "/etc/logrotate.conf",
        "",
        "/etc/logrotate.d/* /var/log/*",
        "/var/log/*.1 /var/lib/logrotate/status",
    ),
    Program(
        "systemd apt-daily apt-get dpkg",
        "/usr/bin/dpkg",
        "--unpack",
        "",
        "/var/lib/dpkg/info/*.list /usr/share/doc/*",
        "/usr/share/doc/*.dpkg-new /usr/lib/*.dpkg-new",
    ),
    Program(
        "systemd prometheus-node",
        "/usr/bin/prometheus-node-exporter",
        "",
        "",
        "/proc/stat /proc/*/io /sys/class/net/*",
        "",
        uid=110,
        weight=3,
    ),
)

_EVERYBODY_READS = (
    "/etc/ld.so.cache",
    "/lib/x86_64-linux-gnu/libc.so.6",
    "/lib/x86_64-linux-gnu/libm.so.6",
    "/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
    "/usr/lib/locale/locale-archive",
    "/etc/localtime",
    "/etc/passwd",
    "/proc/self/status",
    "/dev/null",
)
_WORDS = ("index", "main", "4711", "utils", "16397", "style", "a1b2", "0001", "models", "98")
_HOSTS = ("10.0.0.7", "172.18.0.3", "127.0.0.1", "93.184.216.34", "2001:db8::7")


def ordinary(event_type: str, size: int = SIZE, seed: int = SEED) -> tuple[Event, ...]:
    """Events of one type."""
    return _Server(Random(f"{seed} {event_type}")).events(BY_NAME[event_type], size)  # noqa: S311 - nothing secret


class _Server:
    def __init__(self, random: Random) -> None:
        self._random = random
        self._host = Container(HOST, T0)
        self._host.users = {0: "root", 110: "prometheus", 1000: "anna"}
        self._weights = [program.weight for program in PROGRAMS]
        self._running = [(program, *self._started(number, program)) for number, program in enumerate(PROGRAMS)]

    def events(self, row: EventType, size: int) -> tuple[Event, ...]:
        chosen = self._random.choices(self._running, self._weights, k=size)
        return tuple(
            self._event(number, row, program, process, container)
            for number, (program, process, container) in enumerate(chosen, 1)
        )

    def _started(self, number: int, program: Program) -> tuple[Process, Container | None]:
        """The process with its ancestors, and its container."""
        container = _container(number, program) if program.image else None
        process: Process | None = None
        for depth, name in enumerate(program.lineage.split()):
            inside = container is not None and depth >= len(_SHIM.split())
            process = _process(100 * number + depth + 1, name, process, container if inside else None)
        assert process is not None
        process.exepath = process.exe = program.exepath
        process.args, process.tty = program.arguments.split(), program.tty
        return process, container

    def _event(
        self, number: int, row: EventType, program: Program, process: Process, container: Container | None
    ) -> Event:
        path, flags = self._file(program)
        args = {param.name: value for param in row.params if (value := self._value(param, path, flags)) is not None}
        caps = _DEFAULT_CAPS if container is not None else _ALL_CAPS if program.uid == 0 else 0
        is_lost = self._random.random() < 0.1
        kernel = KernelEvent(
            time=T0 + number, type=row.name, pid=process.pid, tid=process.pid, start=process.start, ppid=process.ppid,
            comm=process.name, uid=program.uid, gid=program.uid, cap_effective=caps, cap_permitted=caps,
            container_id=process.container_id, res=-2 if is_lost else 0, args=args,
            fd=self._descriptor(row, path, is_lost),
        )  # fmt: skip
        return Event(number, kernel, process, container, self._host)

    def _file(self, program: Program) -> tuple[str, int]:
        """A path, and the flags with which it is opened."""
        if program.writes and self._random.random() < 0.15:
            flags = self._random.choice([1 | _O_CREAT | _O_TRUNC, 2, 1 | _O_CREAT])
            return self._filled(self._random.choice(program.writes.split())), flags | _O_CLOEXEC
        own = program.reads.split() if self._random.random() < 0.6 else _EVERYBODY_READS
        return self._filled(self._random.choice(own)), _O_CLOEXEC

    def _filled(self, path: str) -> str:
        while "*" in path:
            path = path.replace("*", self._random.choice(_WORDS), 1)
        return path

    def _value(self, param: Param, path: str, flags: int) -> int | str | None:
        make = _VALUES.get(param.type)
        return make(path, flags) if make is not None and param.register >= 0 else None

    def _descriptor(self, row: EventType, path: str, is_lost: bool) -> Fd | None:
        if not row.fd:
            return None
        if row.category == "net":
            return self._socket()
        return Fd(name=path) if is_lost else Fd(num=3, type="file", name=path, path=path)

    def _socket(self) -> Fd:
        address, port = self._random.choice(_HOSTS), self._random.choice([80, 443, 5432, 6379, 53, 8080])
        kind, is_server = "ipv6" if ":" in address else "ipv4", self._random.random() < 0.5
        return Fd(
            num=4, type=kind, name=f"172.18.0.2:40000->{address}:{port}", l4proto="udp" if port == 53 else "tcp",
            local_ip="172.18.0.2", local_port=40000, remote_ip=address, remote_port=port, is_server=is_server,
            connected=True,
        )  # fmt: skip


def _process(pid: int, name: str, parent: Process | None, container: Container | None) -> Process:
    process = Process(pid, pid)
    process.name = process.exe = name[:15]
    process.exepath, process.cwd, process.vpid = f"/usr/bin/{name}", "/", pid
    process.parent, process.ppid = parent, parent.pid if parent is not None else 0
    process.started = process.exec_time = T0 - 3600 * 10**9
    process.container_id = container.id if container is not None else HOST
    return process


def _container(number: int, program: Program) -> Container:
    container = Container(f"{number:064x}", T0)
    container.info = ContainerInfo(id=container.id, time=T0, name=program.image.split(":")[0], image=program.image)
    container.users = {0: "root", program.uid: "app"}
    return container


def _path(path: str, _flags: int) -> str:
    return path


def _zero(_path: str, _flags: int) -> int:
    return 0


_VALUES: dict[ParamType, Callable[[str, int], int | str]] = {
    ParamType.FSPATH: _path,
    ParamType.FSRELPATH: _path,
    ParamType.CHARBUF: _path,
    ParamType.OPEN_FLAGS: lambda _path, flags: flags,
    ParamType.OPEN_HOW: lambda _path, flags: flags,
    ParamType.DIRFD: lambda _path, _flags: -100,
    ParamType.MODE: lambda _path, _flags: 0o644,
    ParamType.DOMAIN: lambda _path, _flags: 2,
    ParamType.SOCKADDR: lambda _path, _flags: "172.18.0.3:443",
    **dict.fromkeys((ParamType.UINT32, ParamType.UINT64, ParamType.INT64, ParamType.PID, ParamType.FLAGS), _zero),
}
