"""What is known of a container, as the JSON that Falco's container plugin and older libs leave in a capture."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.events import ContainerInfo, Mount
from engine.lang.fields_container import split_image

TYPES = {"docker": 0, "lxc": 1, "libvirt-lxc": 2, "mesos": 3, "rkt": 4, "custom": 5, "cri": 6, "containerd": 7}
TYPES |= {"cri-o": 8, "bpm": 9, "static": 10, "podman": 11}
"""Runtime → libs' number of it."""
_SHORT = 12
"""Digits of the id that Falco uses."""
_HOST = "host"


def short(container_id: str) -> str:
    """Falco's ``container.id``."""
    return container_id[:_SHORT]


def container_json(info: ContainerInfo) -> str:
    """The object ``{"container": …}`` with the keys of libs; what they name and we do not know is empty."""
    return msgspec.json.encode({"container": _container(info)}).decode()


def _container(info: ContainerInfo) -> dict[str, Any]:
    repository, tag, digest = split_image(info.image)
    known = {
        "type": TYPES.get(info.runtime, TYPES["docker"]),
        "id": short(info.id),
        "full_id": info.id,
        "name": info.name,
        "image": info.image,
        "imageid": info.image_id.removeprefix("sha256:"),
        "imagerepo": repository,
        "imagetag": tag,
        "imagedigest": digest,
        "privileged": info.privileged,
        "created_time": info.created // 1_000_000_000,
        "ip": info.ip,
        "labels": info.labels,
        "Mounts": [_mount(mount) for mount in info.mounts],
        "host_network": info.network_mode == _HOST,
        "host_pid": info.pid_mode == _HOST,
        "host_ipc": info.ipc_mode == _HOST,
        "lookup_state": 1 if info.complete else 0,
    }
    return _EMPTY | known | _healthcheck(info.healthcheck)


_EMPTY: dict[str, Any] = {
    "User": "",
    "cni_json": "",
    "cpu_period": 0,
    "cpu_quota": 0,
    "cpu_shares": 0,
    "cpuset_cpu_count": 0,
    "env": [],
    "is_pod_sandbox": False,
    "memory_limit": 0,
    "pod_sandbox_id": "",
    "pod_sandbox_labels": None,
    "port_mappings": [],
    "size": -1,
    "swap_limit": 0,
}


def _mount(mount: Mount) -> dict[str, Any]:
    return {
        "Source": mount.source,
        "Destination": mount.dest,
        "Mode": mount.mode,
        "RW": mount.rw,
        "Propagation": mount.propagation,
    }


def _healthcheck(test: list[str]) -> dict[str, Any]:
    """Docker's list begins with the way in which it is run."""
    if not test or test[0] == "NONE":
        return {}
    shell = test[0] == "CMD-SHELL"
    words = ["/bin/sh", "-c", *test[1:]] if shell else test[1:] if test[0] == "CMD" else test
    return {"Healthcheck": {"exe": words[0], "args": words[1:]}} if words else {}
