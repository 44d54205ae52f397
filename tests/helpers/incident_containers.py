"""The containers of the incident: what they are, use and write."""

from __future__ import annotations

from typing import Any

from engine import protocol as p
from engine.events import ContainerInfo, Mount
from tests.helpers.sensor import NOW

SECOND = 1_000_000_000
WEB = "21bef7705fda" + "0" * 52
DB = "9f0c3d2e1a4b" + "0" * 52
AGENT = "77aa11bb22cc" + "0" * 52


def containers() -> list[p.ContainerRow]:
    """Three containers, one of them dangerous by its making."""
    hour = 3600 * SECOND
    return [
        p.ContainerRow(
            ContainerInfo(
                id=WEB,
                time=NOW,
                name="web",
                image="bbp:1",
                image_id=f"sha256:{'1b2c' * 16}",
                state="running",
                started=NOW - 2 * hour,
                pid=1300,
                command="httpd -f",
                labels={"team": "shop"},
                network_mode="bridge",
                ip="172.17.0.2",
            ),
            processes=4,
            alerts={"Critical": 1, "Error": 1, "Warning": 4, "Notice": 1},
            last_alert=NOW,
            execs=1,
            last_exec=NOW - 60 * SECOND,
        ),
        p.ContainerRow(
            ContainerInfo(id=DB, time=NOW, name="db", image="postgres:15", state="running", started=NOW - 216 * hour),
            processes=31,
        ),
        p.ContainerRow(
            ContainerInfo(
                id=AGENT,
                time=NOW,
                name="agent",
                image="agent:2.1",
                state="running",
                started=NOW - hour,
                privileged=True,
                mounts=[Mount("/var/run/docker.sock", "/var/run/docker.sock", "rw")],
            ),
            processes=2,
        ),
        p.ContainerRow(
            ContainerInfo(
                id="5" * 64,
                time=NOW,
                name="old",
                image="bbp:0",
                state="exited",
                started=NOW - hour,
                finished=NOW - hour // 12,
                exit_code=137,
                oom_killed=True,
            )
        ),
        p.ContainerRow(
            ContainerInfo(
                id="6" * 64,
                time=NOW,
                name="relic",
                image="bbp:0",
                state="exited",
                started=NOW - 9 * hour,
                finished=NOW - 5 * hour,
            )
        ),
    ]


def figures() -> list[p.ContainerFigure]:
    """What the running ones use; the agent has the host's network."""
    return [
        p.ContainerFigure(WEB, cpu=1.2, memory=12 << 20, received=2048.0, sent=512.0, processes=9),
        p.ContainerFigure(DB, cpu=97.5, memory=310 << 20, memory_limit=320 << 20, received=9e6, sent=4e4, processes=31),
        p.ContainerFigure(AGENT, cpu=0.0, memory=8 << 20, processes=2),
    ]


def top() -> list[p.ProcessFigure]:
    """What the processes of web use."""
    return [p.ProcessFigure(1300, 13000, 0.7, 9 << 20), p.ProcessFigure(1301, 13010, 0.5, 3 << 20)]


def log() -> list[p.LogLine]:
    """What web has written."""
    texts = ("AH00558: httpd: could not determine the name", "GET /index.html 200", "GET /admin 403", "GET /shop 200")
    return [p.LogLine(number, NOW - (10 - number) * SECOND, text, number == 1) for number, text in enumerate(texts, 1)]


def inspection() -> dict[str, Any]:
    """A part of what Docker knows of web."""
    return {
        "Name": "/web",
        "State": {"Status": "running", "Pid": 1300},
        "Config": {"Image": "bbp:1", "Env": ["PATH=/usr/bin", "SHOP_KEY=s3cret"], "Labels": {"team": "shop"}},
        "HostConfig": {"Privileged": False, "CapAdd": None},
    }


def image() -> p.ImageRow:
    """What web was made from."""
    return p.ImageRow(
        id=f"sha256:{'1b2c' * 16}",
        tags=["bbp:1", "bbp:latest"],
        digests=[f"bbp@sha256:{'9e8d' * 16}"],
        created=NOW - 90_000 * SECOND,
        size=48 << 20,
        layers=7,
        architecture="linux/amd64",
        entrypoint=["/entry.sh"],
        command=["httpd", "-f"],
        folder="/srv",
        ports=["80/tcp"],
        tagged=NOW - 80_000 * SECOND,
        pulled=NOW - 80_000 * SECOND,
        history=[
            p.LayerRow(NOW - 90_000 * SECOND, 0, '/bin/sh -c #(nop)  CMD ["httpd" "-f"]'),
            p.LayerRow(NOW - 90_000 * SECOND, 3 << 20, "/bin/sh -c #(nop) COPY shop /srv/shop"),
            p.LayerRow(NOW - 90_000 * SECOND, 40 << 20, "/bin/sh -c apk add --no-cache   httpd"),
            p.LayerRow(NOW - 9_000_000 * SECOND, 5 << 20, "/bin/sh -c #(nop) ADD file:1b2c in /"),
        ],
    )
