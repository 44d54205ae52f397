"""Events for the rules of ``rules/10_containers.yaml``."""

from __future__ import annotations

from tests.helpers.events import ALL_CAPS, PTS, called, opened, started, written
from tests.helpers.shipped.case import (
    CLONE_FILES,
    EACCES,
    ENOENT,
    ENTERING,
    EPERM,
    FIRST,
    NEWNS,
    PRIVILEGED,
    Case,
    mounted,
    unix,
)

CASES = (
    Case(
        "Privileged container started",
        {"docker run --privileged": started("/bin/sleep", container=PRIVILEGED, **FIRST)},
        {
            "docker run": started("/bin/sleep", **FIRST),
            "a later process": started("/bin/sleep", container=PRIVILEGED),
            "the start failed": started("/bin/slep", container=PRIVILEGED, res=ENOENT, **FIRST),
        },
    ),
    Case(
        "Container started with a container runtime's socket",
        {
            "Docker's": started("/bin/sleep", **mounted("/var/run/docker.sock")),
            "its folder": started("/bin/sleep", **mounted("/run")),
        },
        {"another socket": started("/bin/sleep", **mounted("/run/app/app.sock"))},
    ),
    Case(
        "Container started with a sensitive host path",
        {
            "the root": started("/bin/sleep", **mounted("/", "/host")),
            "/etc": started("/bin/sleep", **mounted("/etc")),
        },
        {
            "a volume": started("/bin/sleep", **mounted("/var/lib/docker/volumes/data/_data")),
            "the time zone": started("/bin/sleep", **mounted("/etc/localtime")),
        },
    ),
    Case(
        "Terminal shell in container",
        {
            "docker exec -it": started("/bin/sh", **ENTERING),
            "parent unknown": started("/bin/bash", ancestors=(), tty=PTS),
        },
        {
            "without a terminal": started("/bin/sh", ancestors=("runc",)),
            "a shell in a shell": started("/bin/sh", tty=PTS),
            "not a shell": started("/bin/ls", **ENTERING),
            "on the host": started("/bin/sh", on_host=True, tty=PTS),
        },
    ),
    Case(
        "Privileged exec into container",
        {"docker exec --privileged": started("/bin/sh", caps=ALL_CAPS, **ENTERING)},
        {
            "docker exec": started("/bin/sh", **ENTERING),
            "what it starts": started("/bin/cat", caps=ALL_CAPS),
        },
    ),
    Case(
        "Command executed in container",
        {"docker exec": started("/bin/ls", ancestors=("runc",))},
        {"what it starts": started("/bin/ls"), "the container's program": started("/bin/sleep", **FIRST)},
    ),
    Case(
        "Connection to a container runtime's socket",
        {
            "Docker's": called("connect", fd=unix("/var/run/docker.sock")),
            "Docker's, by a link": called("connect", fd=unix("/tmp/harmless", "/run/docker.sock")),
            "not allowed": called("connect", fd=unix("/run/containerd/containerd.sock"), res=EACCES),
        },
        {
            "another socket": called("connect", fd=unix("/dev/log")),
            "it is not there": called("connect", fd=unix("/var/run/docker.sock"), res=ENOENT),
            "on the host": called("connect", "/usr/bin/docker", fd=unix("/var/run/docker.sock"), on_host=True),
        },
    ),
    Case(
        "Kernel control file written from container",
        {
            "release_agent": written("/tmp/cg/release_agent"),
            "core_pattern": written("/proc/sys/kernel/core_pattern"),
        },
        {
            "read": opened("/proc/sys/kernel/core_pattern"),
            "another setting": written("/proc/sys/net/ipv4/ip_forward"),
            "on the host": written("/proc/sys/kernel/core_pattern", on_host=True),
        },
    ),
    Case(
        "Namespace changed in container",
        {
            "unshare": called("unshare", flags=NEWNS),
            "refused": called("unshare", flags=NEWNS, res=EPERM),
            "setns": called("setns", nstype=0),
            "a child with a namespace of its own": called("clone", res=9, flags=NEWNS),
        },
        {
            "nothing of a namespace": called("unshare", flags=CLONE_FILES),
            "an ordinary child": called("clone", res=9, flags=0),
            "runc at work": called("setns", "/usr/bin/runc", nstype=NEWNS),
            "on the host": called("unshare", flags=NEWNS, on_host=True),
        },
    ),
    Case(
        "Mount in container",
        {
            "a disk": called("mount", dev="/dev/sda1", dir="/mnt", flags=0),
            "without mount(2)": called(
                "move_mount", from_dirfd=4, from_path="", to_dirfd=-100, to_path="/mnt", flags=4
            ),
        },
        {
            "refused": called("mount", dev="/dev/sda1", dir="/mnt", flags=0, res=EPERM),
            "runc at work": called("mount", "/usr/bin/runc", dev="proc", dir="/proc", flags=0),
            "on the host": called("mount", dev="/dev/sda1", dir="/mnt", flags=0, on_host=True),
        },
    ),
    Case(
        "Package manager in container",
        {"apt-get": started("/usr/bin/apt-get", "install", "curl")},
        {
            "what it starts": started("/usr/bin/dpkg", "--unpack", ancestors=("apt-get", "sh", "runc")),
            "on the host": started("/usr/bin/apt-get", on_host=True),
        },
    ),
)
