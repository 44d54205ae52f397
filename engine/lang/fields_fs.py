"""``fs.path.*``: the paths that a call has changed or opened. Missing when the call failed."""

from __future__ import annotations

from engine.lang import paths
from engine.lang.field import Field
from engine.lang.paths import Parameters, Read, as_given, of_success, resolved
from engine.lang.types import FieldType
from engine.state.event import Event


def _or_descriptor(read: Read) -> Read:
    """fchmod has no path: the name of its descriptor counts."""

    def get(event: Event) -> str | None:
        if event.kernel.type == "fchmod":
            return event.kernel.fd.name or None if event.kernel.fd else None
        return read(event)

    return get


def _rows(name: str, what: str, example: str, whole: Read, raw: Read) -> tuple[Field, Field]:
    return (
        Field(
            f"fs.path.{name}",
            FieldType.CHARBUF,
            f"{what}, made absolute",
            f"fs.path.{name} {example}",
            of_success(whole),
        ),
        Field(
            f"fs.path.{name}raw",
            FieldType.CHARBUF,
            f"{what}, as the program gave it",
            f"fs.path.{name}raw contains ../",
            of_success(raw),
        ),
    )


def _both(parameters: Parameters) -> tuple[Read, Read]:
    return resolved(parameters), as_given(parameters)


FIELDS = (
    *_rows("name", "Path of a call on one file", "startswith /etc/", *map(_or_descriptor, _both(paths.NAME))),
    *_rows("source", "A rename's old path, a link's new name, what is mounted", "= /dev/sda1", *_both(paths.SOURCE)),
    *_rows("target", "A rename's new path, what a link stands for, a place to mount", "= /mnt", *_both(paths.TARGET)),
)
"""The rows of this namespace."""
