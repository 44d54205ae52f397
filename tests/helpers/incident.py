"""An incident as data: two containers, somebody enters one by ``docker exec`` and looks around."""

from __future__ import annotations

from engine import protocol as p
from engine.alerts import Alert, Ancestor, ContainerRef, Priority
from tests.helpers.incident_containers import AGENT, DB, SECOND, WEB, containers, figures, image, inspection, log, top
from tests.helpers.sensor import NOW, World

__all__ = [
    "AGENT",
    "DB",
    "SECOND",
    "SHELL",
    "WEB",
    "alert",
    "alerts",
    "containers",
    "events",
    "host_alert",
    "image",
    "incident",
    "log",
    "processes",
]


PTS_0 = 34816
SHELL = (4701, 47_010)


def web(privileged: bool = False) -> ContainerRef:
    """The container that is broken into."""
    return ContainerRef(id=WEB, name="web", image="bbp:1", privileged=privileged)


def lineage(command: str, pid: int, *above: str, at: int = NOW, tty: int = PTS_0) -> list[Ancestor]:
    """A process in web, entered by ``docker exec``; ``above`` are its ancestors inside, nearest first."""
    inside = [command, *above]
    steps = [
        Ancestor(
            pid=pid if index == 0 else SHELL[0],
            start=pid * 10 if index == 0 else SHELL[1],
            name=text.split()[0].rsplit("/", 1)[-1],
            cmdline=text,
            exepath=f"/bin/{text.split()[0].rsplit('/', 1)[-1]}",
            container_id=WEB,
            user="root",
            tty=tty,
            vpid=20 + index,
            started=at - index * 30 * SECOND,
            exit_time=at + SECOND if index == 0 and above else 0,
        )
        for index, text in enumerate(inside)
    ]
    host = [("containerd-shim", 1200), ("systemd", 1)]
    return steps + [
        Ancestor(pid=pid, start=pid, name=name, cmdline=name, exepath=f"/usr/bin/{name}", user="root")
        for name, pid in host
    ]


def alert(
    rule: str,
    priority: Priority,
    command: str,
    target: str,
    *,
    ago: float,
    stack: int,
    pid: int = 4711,
    under: tuple[str, ...] = ("sh",),
) -> Alert:
    """An alert in web, so many seconds ago."""
    time = NOW - int(ago * SECOND)
    steps = lineage(command, pid, *under, at=time)
    return Alert(
        time=time,
        rule=rule,
        priority=priority,
        output=f"{rule}: {command} touched {target or 'its terminal'} in web",
        output_fields={
            "evt.time": time,
            "proc.name": steps[0].name,
            "proc.cmdline": command,
            "user.name": "root",
            "fd.name": target or None,
            "container.id": WEB[:12],
        },
        tags=["T1555", "container", "credentials"],
        hostname="prod-7",
        id=0,
        stack=stack,
        event_num=stack * 100,
        event_type="openat",
        container=web(),
        lineage=steps,
        entry="docker exec",
        target=target,
        user="root",
        tty=PTS_0,
        description="Somebody may be after password hashes: no program of this image needs them.",
    )


def alerts() -> list[Alert]:
    """What fired, the oldest first."""
    made = [
        alert(
            "Redirect stdin/stdout to network",
            Priority.WARNING,
            "nc -ll -p 4444 -e sh",
            "10.0.3.9:51402",
            ago=240,
            stack=1,
        ),
        alert(
            "Redirect stdin/stdout to network",
            Priority.WARNING,
            "nc -ll -p 4444 -e sh",
            "10.0.3.9:51402",
            ago=230,
            stack=1,
        ),
        alert("Terminal shell in container", Priority.NOTICE, "sh", "", ago=60, stack=2, pid=SHELL[0], under=()),
        alert("Sensitive file read", Priority.WARNING, "cat /etc/shadow", "/etc/shadow", ago=31, stack=3),
        alert(
            "Symlink over a sensitive file",
            Priority.WARNING,
            "ln -s /etc/shadow /tmp/l",
            "/etc/shadow",
            ago=22,
            stack=4,
        ),
        alert(
            "File below a binary directory opened", Priority.ERROR, "touch /bin/18211", "/bin/18211", ago=14, stack=5
        ),
        alert(
            "Drop and execute new binary in container",
            Priority.CRITICAL,
            "/tmp/x id",
            "/tmp/x",
            ago=2,
            stack=6,
            pid=4720,
        ),
    ]
    for number, one in enumerate(made, 1):
        one.id = number
    return made


def host_alert(stack: int = 50) -> Alert:
    """The same file read on the host, in no container."""
    one = alert("Sensitive file read", Priority.WARNING, "cat /etc/shadow", "/etc/shadow", ago=1, stack=stack)
    one.container = None
    one.entry = "host"
    for step in one.lineage:
        step.container_id = ""
    return one


def processes() -> list[p.ProcessRow]:
    """The host's tree with the containers' in it."""

    def row(pid: int, ppid: int, depth: int, command: str, container: str = "", **more: object) -> p.ProcessRow:
        name = command.split(maxsplit=1)[0].rsplit("/", 1)[-1]
        fields: dict[str, object] = {"start": pid * 10, "exepath": f"/bin/{name}", "user": "root", "uid": 0, "tty": 0}
        fields |= {"vpid": pid, "container_id": WEB if container else "", "started": NOW - 120 * SECOND} | more
        return p.ProcessRow(pid=pid, ppid=ppid, depth=depth, name=name, cmdline=command, container=container, **fields)  # type: ignore[arg-type]

    return [
        row(1, 0, 0, "systemd"),
        row(1200, 1, 1, "containerd-shim"),
        row(1300, 1200, 2, "httpd -f", "web", entry="container start"),
        row(1301, 1300, 3, "httpd -f", "web"),
        row(
            SHELL[0],
            1200,
            2,
            "sh",
            "web",
            start=SHELL[1],
            entry="docker exec",
            tty=PTS_0,
            alerts=1,
            worst=Priority.NOTICE,
            severities={Priority.NOTICE.label: 1},
        ),
        row(
            4711,
            SHELL[0],
            3,
            "cat /etc/shadow",
            "web",
            tty=PTS_0,
            exit_time=NOW - 30 * SECOND,
            alerts=1,
            worst=Priority.WARNING,
            severities={Priority.WARNING.label: 1},
        ),
        row(
            4720,
            SHELL[0],
            3,
            "/tmp/x id",
            "web",
            tty=PTS_0,
            exit_time=NOW - SECOND,
            exit_status=256,
            alerts=1,
            worst=Priority.CRITICAL,
            severities={Priority.CRITICAL.label: 1},
            flags=["new binary"],
        ),
        row(900, 1, 1, "sshd -D"),
    ]


def events() -> list[p.EventRow]:
    """What the culprit did, the oldest first."""

    def cat(num: int, ago: int, result: str, summary: str, kind: p.EventKind = "read") -> p.EventRow:
        type = "execve" if kind == "program" else "openat"
        target = "/bin/cat" if kind == "program" else summary.split(maxsplit=1)[0]
        return p.EventRow(num, NOW - ago * SECOND, type, 4711, "cat", result, summary, 47110, WEB, target, kind, "web")

    return [
        cat(1, 33, "0", "cat /etc/shadow", "program"),
        cat(2, 32, "ENOENT", "/etc/ld.so.preload  read"),
        cat(300, 31, "3", "/etc/shadow  read"),
        p.EventRow(
            301, NOW - 10 * SECOND, "execve", 900, "sshd", "0", "sshd -D", 9000, "", "/usr/sbin/sshd", "program"
        ),
    ]


def rules() -> list[p.RuleRow]:
    """Some rules, one of them off."""

    def row(name: str, priority: Priority, hits: int, line: int, *, enabled: bool = True) -> p.RuleRow:
        return p.RuleRow(
            name=name,
            priority=priority,
            enabled=enabled,
            hits=hits,
            last=NOW - 31 * SECOND if hits else 0,
            tags=["T1555", "credentials"],
            description=f"Why {name} matters.",
            condition="open_read and\ncontainer",
            output="file=%fd.name",
            file="rules/containers.yaml",
            line=line,
            event_types=["open", "openat"],
        )

    return [
        row("Terminal shell in container", Priority.NOTICE, 1, 23),
        row("Sensitive file read", Priority.WARNING, 1, 41),
        row("Redirect stdin/stdout to network", Priority.WARNING, 2, 88),
        row("Drop and execute new binary in container", Priority.CRITICAL, 1, 102),
        row("Package manager started in container", Priority.NOTICE, 0, 120, enabled=False),
    ]


def incident() -> World:
    """All of it."""
    world = World(
        alerts=alerts(),
        containers=containers(),
        processes=processes(),
        events=events(),
        rules=rules(),
        figures=figures(),
        top=top(),
        logs={WEB: log()},
        image=image(),
        inspection=inspection(),
        event_owners={row.num: (row.pid, row.start, row.container_id) for row in events()},
        changes={
            WEB: [
                p.Change("C", "/bin", NOW - 14 * SECOND),
                p.Change("A", "/bin/18211", NOW - 14 * SECOND, "touch (4711) ← sh ← docker exec", 6),
                p.Change(
                    "A",
                    "/tmp/x",
                    NOW - 5 * SECOND,
                    "cp (4720) ← sh ← docker exec",
                    pid=4720,
                    start=47200,
                    executed=NOW - 2 * SECOND,
                ),
                p.Change("D", "/var/log/wtmp"),
            ]
        },
    )
    world.health.problems = [p.Problem(NOW, "Docker closed the connection", "it is tried again every second")]
    return world
