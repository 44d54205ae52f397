"""Containers of a capture: the JSON that Falco and its container plugin leave in the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from engine.events import ContainerInfo, Mount
from engine.state.containers import REMOVED

Json = Mapping[str, Any]

_RUNTIMES = {
    0: "docker", 1: "lxc", 2: "libvirt-lxc", 3: "mesos", 4: "rkt", 5: "custom", 6: "cri", 7: "containerd", 8: "cri-o",
    9: "bpm", 10: "static", 11: "podman",
}  # fmt: skip
"""Falco's numbers for what runs a container."""
ADDED = ("container", "container_added")
GONE = "container_removed"


def parse(data: bytes, time: int, *, removed: bool = False) -> ContainerInfo | None:
    """What the JSON says of a container; None for what is no container."""
    try:
        found = msgspec.json.decode(data.rstrip(b"\0"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    told = found.get("container", found) if isinstance(found, dict) else None
    if not isinstance(told, dict) or not _text(told, "id"):
        return None
    return _info(told, time, removed=removed)


def _info(told: Json, time: int, *, removed: bool) -> ContainerInfo:
    return ContainerInfo(
        id=_text(told, "full_id") or _text(told, "id"),
        time=time,
        name=_text(told, "name"),
        image=_image(told),
        image_id=_text(told, "imageid"),
        state=REMOVED if removed else "running",
        created=_number(told, "created_time") * 10**9,
        labels={str(key): str(value) for key, value in _dict(told, "labels").items()},
        mounts=[_mount(mount) for mount in _list(told, "Mounts") if isinstance(mount, dict)],
        privileged=told.get("privileged") is True,
        network_mode="host" if told.get("host_network") is True else "",
        pid_mode="host" if told.get("host_pid") is True else "",
        ipc_mode="host" if told.get("host_ipc") is True else "",
        ip=_text(told, "ip"),
        runtime=_RUNTIMES.get(_number(told, "type"), "docker"),
    )


def _image(told: Json) -> str:
    image, digest = _text(told, "image"), _text(told, "imagedigest")
    return f"{image}@{digest}" if digest and "@" not in image else image


def _mount(told: Json) -> Mount:
    return Mount(
        source=_text(told, "Source"),
        dest=_text(told, "Destination"),
        mode=_text(told, "Mode"),
        rw=told.get("RW") is not False,
        propagation=_text(told, "Propagation"),
    )


def _text(told: Json, name: str) -> str:
    found = told.get(name)
    return found if isinstance(found, str) else ""


def _number(told: Json, name: str) -> int:
    """A whole number of 32 bits, also as text: JSON of older versions has both."""
    found = told.get(name)
    if isinstance(found, str) and found.isascii() and found.isdigit():
        found = int(found[:18])
    return found if isinstance(found, int) and 0 <= found < 1 << 32 else 0


def _dict(told: Json, name: str) -> Json:
    found = told.get(name)
    return found if isinstance(found, dict) else {}


def _list(told: Json, name: str) -> list[Any]:
    found = told.get(name)
    return found if isinstance(found, list) else []
