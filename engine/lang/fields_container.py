"""``container.*``: where it happened, as far as the runtime has told.

As in Falco's container plugin: on the host the id and name are ``host``, image fields are empty and nothing is
privileged; of a container that is not known yet only the id has a value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.events import ContainerInfo, Mount
from engine.lang.field import Field, Getter, index
from engine.lang.patterns import glob
from engine.lang.types import FieldType
from engine.state.event import Event
from engine.state.lineage import entry_process

_HOST = "host"


def _told(read: Callable[[ContainerInfo], Any], on_host: Any = None) -> Getter:
    """A reader of what the runtime told; missing before that."""

    def get(event: Event) -> Any:
        if event.container is None:
            return on_host
        info = event.container.info
        return None if info is None else read(info)

    return get


def _inspected(read: Callable[[ContainerInfo], Any], on_host: Any = None) -> Getter:
    """A reader of what only ``inspect`` tells."""
    return _told(lambda info: read(info) if info.complete else None, on_host)


def _id(event: Event) -> str:
    return _HOST if event.container is None else event.container.id[:12]


def _full_id(event: Event) -> str:
    return "" if event.container is None else event.container.id


def split_image(image: str) -> tuple[str, str, str]:
    """Repository, tag and digest: ``("reg:5000/a/b", "1.2", "sha256:…")``."""
    name, _, digest = image.partition("@")
    repository, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        return name, "", digest
    return repository, tag, digest


def label(name: str, *, length: int | None = None) -> Getter:
    """A reader of one label, or of its first characters."""
    return _told(lambda info: found[:length] if (found := info.labels.get(name)) is not None else None)


def _labels(info: ContainerInfo) -> str:
    return ",".join(f"{name}:{value}" for name, value in sorted(info.labels.items()))


def _healthcheck(info: ContainerInfo) -> str | None:
    """The command that tells its health; NONE when it was switched off, missing when there never was one."""
    kind, *command = info.healthcheck or ("",)
    return " ".join(command) or kind or None


def _start(event: Event) -> int | None:
    """Start of the container's first process, else what the runtime says."""
    if event.container is None:
        return None
    if event.process.pidns_start:
        return event.process.pidns_start
    first = entry_process(event.process)
    if first.vpid == 1 and first.started:
        return first.started
    return event.container.info.started or None if event.container.info else None


def _duration(event: Event) -> int | None:
    started = _start(event)
    return event.kernel.time - started if started else None


def _writable(mount: Mount) -> str:
    return "true" if mount.rw else "false"


def _mount_text(mount: Mount) -> str:
    return f"{mount.source}:{mount.dest}:{mount.mode}:{_writable(mount)}:{mount.propagation}"


def _mounts(info: ContainerInfo) -> str:
    return ",".join(map(_mount_text, info.mounts))


def _mount(key: Callable[[Mount], str], read: Callable[[Mount], str]) -> Callable[[str], Getter]:
    """A reader of the first mount that the argument picks: by number, or by a glob on one of its paths."""

    def bind(argument: str) -> Getter:
        if argument.isdigit():
            number = index("container.mount", argument)
            return _inspected(lambda info: read(info.mounts[number]) if number < len(info.mounts) else None)
        matches = glob(argument)
        return _inspected(lambda info: next((read(mount) for mount in info.mounts if matches(key(mount))), None))

    return bind


def _source(mount: Mount) -> str:
    return mount.source


def _dest(mount: Mount) -> str:
    return mount.dest


T = FieldType


def _mount_row(part: str, what: str, read: Callable[[Mount], str], key: Callable[[Mount], str]) -> Field:
    return Field(
        f"container.mount{part}",
        T.CHARBUF,
        f"{what} (glob, or number)",
        f"container.mount{part}[/etc*] exists",
        bind=_mount(key, read),
        argument="DEST" if key is _dest else "SOURCE",
    )


def _shares(kind: str) -> Callable[[ContainerInfo], bool]:
    return lambda info: getattr(info, f"{kind}_mode") == _HOST


FIELDS = (
    Field("container.id", T.CHARBUF, "12 digits, or host", "container.id != host", _id),
    Field(
        "container.full_id", T.CHARBUF, "64 digits, empty on the host", "container.full_id startswith 3f2a", _full_id
    ),
    Field(
        "container.name",
        T.CHARBUF,
        "Name of the container, or host",
        "container.name = web",
        _told(lambda info: info.name, _HOST),
    ),
    Field(
        "container.type",
        T.CHARBUF,
        "The runtime: docker, podman, or host",
        "container.type = docker",
        _told(lambda info: info.runtime, _HOST),
    ),
    Field(
        "container.image",
        T.CHARBUF,
        "Image as given when it was started",
        "container.image startswith nginx",
        _told(lambda info: info.image, ""),
    ),
    Field(
        "container.image.repository",
        T.CHARBUF,
        "Image without tag and digest",
        "container.image.repository = nginx",
        _told(lambda info: split_image(info.image)[0], ""),
    ),
    Field(
        "container.image.tag",
        T.CHARBUF,
        "Tag of the image",
        "container.image.tag = latest",
        _told(lambda info: split_image(info.image)[1], ""),
    ),
    Field(
        "container.image.digest",
        T.CHARBUF,
        "Digest of the image",
        "container.image.digest startswith sha256:",
        _told(lambda info: split_image(info.image)[2], ""),
    ),
    Field(
        "container.image.id",
        T.CHARBUF,
        "Id of the image",
        "container.image.id startswith 3f2a",
        _told(lambda info: info.image_id, ""),
    ),
    Field(
        "container.privileged",
        T.BOOL,
        "It was started with --privileged",
        "container.privileged = true",
        _inspected(lambda info: info.privileged, on_host=False),
    ),
    Field(
        "container.ip",
        T.CHARBUF,
        "Address of the container",
        "container.ip = 172.17.0.2",
        _inspected(lambda info: info.ip),
    ),
    Field("container.start_ts", T.ABSTIME, "When its first process began", "container.start_ts > 0", _start),
    Field("container.duration", T.RELTIME, "Nanoseconds since it began", "container.duration < 60000000000", _duration),
    Field("container.label", T.CHARBUF, "A label", "container.label[team] = a", bind=label, argument="NAME"),
    Field(
        "container.mounts",
        T.CHARBUF,
        "source:dest:mode:rw:propagation of all mounts, joined by commas",
        "container.mounts contains /var/run/docker.sock",
        _inspected(_mounts),
    ),
    _mount_row("", "The first mount from a source", _mount_text, _source),
    _mount_row(".source", "Source of the first mount at a place", _source, _dest),
    _mount_row(".dest", "Place of the first mount from a source", _dest, _source),
    _mount_row(".mode", "Mode of the first mount from a source", lambda mount: mount.mode, _source),
    _mount_row(".rdwr", "Whether the first mount from a source is writable", _writable, _source),
    _mount_row(
        ".propagation", "Propagation of the first mount from a source", lambda mount: mount.propagation, _source
    ),
    Field(
        "container.healthcheck",
        T.CHARBUF,
        "Command that tells its health; NONE when switched off",
        "container.healthcheck != NONE",
        _inspected(_healthcheck),
    ),
    Field(
        "container.labels",
        T.CHARBUF,
        "All labels, name:value joined by commas",
        "container.labels contains com.docker.compose",
        _told(_labels),
    ),
    *(
        Field(
            f"container.host_{kind}",
            T.BOOL,
            f"It shares the host's {what}",
            f"container.host_{kind} = true",
            _inspected(_shares(kind), on_host=False),
        )
        for kind, what in (("pid", "processes"), ("network", "network"), ("ipc", "shared memory"))
    ),
)
"""The rows of this namespace."""
