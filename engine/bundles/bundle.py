"""An incident as a folder and an archive of it: what is known of an alert, for the ticket and for later.

Everything in it was scrubbed when it left the sensor. In the summary, text from outside stands in code spans and fences
that it cannot end, so that nothing in it becomes a link, an image or markup.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import zstandard

from engine.alerts import Alert
from engine.attack import named
from engine.errors import TiercelError
from engine.explanation import Explanation, render_text
from engine.plain import plain
from engine.protocol import Change, ContainerRow, EventRow, Health, ImageRow, LogLine, ProcessRow, RuleRow, StackRow
from engine.sinks.falco_json import to_falco
from engine.telling import of_changes, of_timeline

SUMS = "SHA256SUMS"
_SHOWN = 40
"""Lines of a list that the summary shows; the files have all."""
_Timed = TypeVar("_Timed", EventRow, LogLine)


class Material(msgspec.Struct, kw_only=True):
    """What was gathered. ``missing`` says of what could not be had why."""

    alert: Alert
    made: int
    """Nanoseconds since the epoch."""
    who: str = ""
    version: str = ""
    kernel: str = ""
    """Its release, where it is the one that was watched."""
    stack: StackRow | None = None
    """Its row with state and note, where it was at hand."""
    alerts: list[Alert] = []
    """Those of the same stack, the newest first."""
    ancestry: list[str] = []
    tree: list[ProcessRow] = []
    """The process tree that it is part of, from where somebody entered."""
    tree_text: list[str] = []
    """The same with ``ancestry`` and ``kin``, as lines."""
    kin: list[Alert] = []
    """The other alerts of that tree, the oldest first."""
    zone: str = ""
    """Of the times in ``ancestry`` and ``tree_text``, where it is not UTC as in all else."""
    timeline: list[EventRow] = []
    """The oldest first."""
    why: Explanation | None = None
    container: ContainerRow | None = None
    image: ImageRow | None = None
    processes: list[ProcessRow] = []
    changes: list[Change] = []
    logs: list[LogLine] = []
    """What its container wrote, the oldest first."""
    rule: RuleRow | None = None
    health: Health | None = None
    next_steps: list[str] = []
    """Commands to go on with."""
    missing: dict[str, str] = {}


def files(material: Material) -> dict[str, bytes]:
    """Every file of the bundle by its name, the sums of all others last."""
    found = {
        "summary.md": text(_summary(material)),
        "alert.json": _json(to_falco(material.alert)),
        "stack.json": _json(plain(material.stack)) if material.stack else b"",
        "alerts.jsonl": _lines(to_falco(alert) for alert in material.alerts),
        "ancestry.txt": text([*_zone(material), *(material.tree_text or material.ancestry)]),
        "related.jsonl": _lines(to_falco(alert) for alert in material.kin),
        "timeline.jsonl": _lines(map(plain, material.timeline)),
        "processes.jsonl": _lines(map(plain, material.processes)),
        "diff.txt": text(_change(change) for change in material.changes),
        "logs.txt": text(map(_line, material.logs)),
        "why.txt": text(render_text(material.why) if material.why else []),
        "container.json": _json(plain(material.container)) if material.container else b"",
        "image.json": _json(plain(material.image)) if material.image else b"",
        "rule.json": _json(plain(material.rule)) if material.rule else b"",
        "sensor.json": _json(
            {
                "tiercel": material.version,
                "kernel": material.kernel,
                "health": plain(material.health),
                "missing": material.missing,
            }
        ),
    }
    return with_sums({name: content for name, content in found.items() if content})


def with_sums(content: dict[str, bytes]) -> dict[str, bytes]:
    """Files, and behind them one with the sums of all of them."""
    return content | {SUMS: text(f"{hashlib.sha256(data).hexdigest()}  {name}" for name, data in content.items())}


def write(material: Material, parent: Path) -> Path:
    """Make a bundle in ``parent``; its folder. Raises TiercelError when it cannot be written."""
    return write_files(files(material), name_of(material), material.made, parent)


def write_files(content: dict[str, bytes], name: str, made: int, parent: Path) -> Path:
    """Make a new folder in ``parent`` and an archive beside it, for the owner alone; the folder.

    Raises TiercelError when it cannot be written.
    """
    try:
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = _new_folder(parent, name)
        for path, data in content.items():
            (folder / path).parent.mkdir(mode=0o700, exist_ok=True)
            _private(folder / path, data)
        _private(folder.with_name(f"{folder.name}.tar.zst"), _archive(folder.name, content, made))
    except OSError as error:
        where = error.filename or parent
        raise TiercelError(
            f"the bundle cannot be written: {where}: {error.strerror}", hint="free some space"
        ) from error
    return folder


def name_of(material: Material) -> str:
    """``20261124T134512Z-sensitive-file-read-web``: nothing of it can leave a folder."""
    place = _container(material)[0] or place_of(material.alert)
    return f"{moment(material.made):%Y%m%dT%H%M%SZ}-{slug(f'{material.alert.rule} {place}')}"


def place_of(alert: Alert) -> str:
    """The container's name, or short id where none is known; "host"."""
    return (alert.container.name or alert.container.id[:12]) if alert.container else "host"


def slug(words: str) -> str:
    """Words as a part of a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", words.casefold()).strip("-")[:80] or "alert"


def _new_folder(parent: Path, name: str) -> Path:
    for number in range(1, 1000):
        folder = parent / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return folder
    raise FileExistsError(17, "there are a thousand of this name", str(parent / name))


def _private(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(data)


def _archive(folder: str, content: dict[str, bytes], made: int) -> bytes:
    """The files under the name of their folder; the same material makes the same bytes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in content.items():
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mtime, entry.mode = len(data), made // 10**9, 0o600
            archive.addfile(entry, io.BytesIO(data))
    return zstandard.ZstdCompressor(level=10, write_checksum=True).compress(packed.getvalue())


# ── the summary ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _summary(material: Material) -> Iterator[str]:
    alert = material.alert
    yield f"# {span(alert.rule)}"
    yield ""
    for label, value in facts_of(material):
        if value:
            yield f"* {label}: {span(value)}"
    if alert.description:
        yield from section("Why it matters", [alert.description])
    yield from section("Message", [alert.output])
    yield from section("Ancestry", [*_zone(material), *material.ancestry])
    yield from section("Other alerts of the same process tree", (_other(one) for one in material.kin))
    yield from section("Why the rule fired", render_text(material.why) if material.why else [])
    told = _near(of_timeline(material.timeline, alert, material.tree), alert)
    yield from section("Around it", map(_event, told), len(material.timeline) - len(told))
    yield from section("Changed in the container", map(_change, of_changes(material.changes)))
    yield from section("Written by the container", map(_line, _near(material.logs, alert)), len(material.logs) - _SHOWN)
    yield from section("What to do next", material.next_steps)
    if material.missing:
        yield from section("Not in this bundle", (f"{what}: {why}" for what, why in material.missing.items()))
    yield ""
    yield f"All of it is in the files beside this one; `{SUMS}` has their sums."


def facts_of(material: Material) -> list[tuple[str, str]]:
    """What a summary says first: labels and values, "" for what is not known."""
    alert, row, process = material.alert, material.stack, material.alert.process
    container, (name, image) = alert.container, _container(material)
    return [
        ("When", f"{moment(alert.time):%Y-%m-%d %H:%M:%S.%f} UTC"),
        ("Priority", alert.priority.label),
        ("Tags", " ".join(alert.tags)),
        *((one.tag, " ".join(filter(None, (one.name, one.link)))) for one in named(alert.tags)),
        ("Machine", alert.hostname),
        (
            "Container",
            f"{name or '?'} ({container.id[:12]}, {image or '?'})" if container else "host",
        ),
        ("Way in", alert.entry),
        ("User", f"{alert.user or '?'} ({alert.uid})"),
        ("Process", f"{process.cmdline or process.name} (pid {process.pid})" if process else ""),
        ("What", alert.target),
        ("Alerts like it", str(row.count) if row else str(len(material.alerts))),
        ("State", " · ".join(filter(None, (row.state, row.who, row.note))) if row else ""),
        (
            "Bundle",
            f"made {moment(material.made):%Y-%m-%d %H:%M:%S} UTC{f' by {material.who}' if material.who else ''}",
        ),
        ("Tiercel", material.version),
        ("Kernel", material.kernel),
    ]


def _container(material: Material) -> tuple[str, str]:
    """Name and image, also where they were not known yet when it happened; "" on the host."""
    then, row = material.alert.container, material.container
    if then is None:
        return "", ""
    return then.name or (row.info.name if row else ""), then.image or (row.info.image if row else "")


def span(text: str) -> str:
    """A code span in one line, with more backticks around than there are inside."""
    line = " ".join(text.split())
    fence = "`" * (_longest(line) + 1)
    return f"{fence} {line} {fence}" if "`" in line else f"{fence}{line or ' '}{fence}"


def _near(rows: Sequence[_Timed], alert: Alert) -> list[_Timed]:
    """Those nearest to the alert, in their order."""
    near = sorted(range(len(rows)), key=lambda place: abs(rows[place].time - alert.time))[:_SHOWN]
    return [rows[place] for place in sorted(near)]


def section(title: str, rows: Iterable[str], left_out: int = 0, level: int = 2) -> Iterator[str]:
    """Rows in a fence that none of them ends; of many the first."""
    every = list(rows)
    if not every:
        return
    shown = every[:_SHOWN]
    fence = "`" * max(3, _longest("\n".join(shown)) + 1)
    yield from ("", f"{'#' * level} {title}", "", fence, *shown, fence)
    if (more := max(left_out, len(every) - len(shown))) > 0:
        yield f"… and {more} more in the files."


def _longest(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _event(row: EventRow) -> str:
    return f"{moment(row.time):%H:%M:%S.%f}  {row.process} ({row.pid})  {row.summary}"


def _line(line: LogLine) -> str:
    return f"{moment(line.time):%Y-%m-%dT%H:%M:%S.%fZ}  {'stderr' if line.error else 'stdout'}  {line.text}"


def _zone(material: Material) -> list[str]:
    return [f"times of {material.zone}; in all else UTC"] if material.zone and material.ancestry else []


def _other(alert: Alert) -> str:
    process = alert.process.cmdline or alert.process.name if alert.process else ""
    parts = (f"{moment(alert.time):%H:%M:%S.%f}", alert.priority.label, alert.rule, process, alert.target)
    return "  ".join(filter(None, parts))


def _change(change: Change) -> str:
    who = f"  {moment(change.time):%H:%M:%S}  {change.process}" if change.time else ""
    ran = f"  executed {moment(change.executed):%H:%M:%S}" if change.executed else ""
    return f"{change.kind} {change.path}{who}{ran}{'  raised an alert' if change.alert_id else ''}"


def moment(time: int) -> datetime:
    """Exact to the microsecond: a float of such a number is not."""
    return datetime.fromtimestamp(time // 10**9, UTC).replace(microsecond=time % 10**9 // 1000)


def text(lines: Iterable[str]) -> bytes:
    """Lines as a file."""
    return "".join(f"{line}\n" for line in lines).encode(errors="backslashreplace")


def _lines(values: Iterable[Any]) -> bytes:
    return b"".join(_dumped(value) + b"\n" for value in values)


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=True, default=str).encode() + b"\n"


def _dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=str).encode()
