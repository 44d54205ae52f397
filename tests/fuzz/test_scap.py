"""Mutated captures: whatever is in a file, it is read to a result or to an error with a place, in bounded memory."""

from __future__ import annotations

import gzip
import tempfile
import tracemalloc
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RecordingError
from engine.pushdown.filter import Filters
from engine.rules.load import load
from engine.rules.ruleset import RuleSet
from engine.state.world import World
from probes.recordings.capture import EVERYTHING, Capture, open_scap
from probes.scap.table import TABLE
from tests.helpers.fuzzing import fuzz
from tests.helpers.scap import (
    block,
    captures_if_there,
    event,
    fd,
    fds,
    interfaces,
    machine,
    processes,
    raw_event,
    section,
    users,
)

MOST = 200 << 20
"""Bytes that may be held while a small file is read."""
RULES = Path(__file__).parents[2] / "rules"

SHELL = {"tid": 7, "comm": "sh", "exe": "sh", "cwd": "/srv", "cgroups": "cpu=/docker/" + "ab" * 32}


def ours() -> bytes:
    """A capture with something of everything."""
    return b"".join((
        section(), machine(), interfaces(b"\x0a\0\0\1"), users(root=0),
        processes(SHELL, {"tid": 8, "ptid": 7, "pid": 7}),
        fds(7, fd(0, 16, bytes(4), "/dev/null", bytes(4)), fd(3, 3, bytes(13)), fd(4, 8, bytes(16), "/run/x")),
        event("SYSCALL_CLONE_20_X", tid=9, res=0, exe="sh", args=["-c"], pid=9, ptid=7, flags=0, uid=0, gid=0,
              vtid=9, vpid=9),
        event("SYSCALL_EXECVE_19_X", tid=9, res=0, exe="cat", args=["/etc/shadow"], pid=9, ptid=7, comm="cat",
              trusted_exepath="/bin/cat", pgid=9, gid=0, filename="/bin/cat"),
        event("SYSCALL_OPENAT_2_X", tid=9, fd=5, dirfd=-100, name="../etc/shadow", flags=1, mode=0, dev=1, ino=2),
        event("SOCKET_SOCKET_X", tid=9, fd=6, domain=2, type=1, proto=0, flags=0),
        event("SOCKET_CONNECT_X", tid=9, res=0, tuple=b"\2" + bytes(12), fd=6, addr=b"\2" + bytes(6)),
        event("SYSCALL_DUP2_X", tid=9, res=0, oldfd=6, newfd=0),
        event("ASYNCEVENT_E", tid=2**64 - 1, kind=0x221, plugin_id=0, name="container",
              data=b'{"container":{"id":"a"}}\0'),
        event("USER_ADDED_E", tid=2**64 - 1, uid=5, gid=5, name="anna", home="/", shell="", container_id="ab"),
        event("PROCEXIT_1_E", tid=9, status=0, ret=0, sig=0, core=0, reaper_tid=7),
    ))  # fmt: skip


@cache
def bases() -> list[bytes]:
    """What is mutated: ours, and the real ones where they are, as far as their first events."""
    return [ours(), *(gzip.decompress(path.read_bytes())[:60_000] for path in captures_if_there())]


@cache
def rules() -> RuleSet:
    return load([RULES])


def judge(content: bytes) -> None:
    """Read, follow and judge; an error says where. Where nobody looks, less is made of the file, with the same result.

    What rules fire is the same, too, when everything is told that a file can hold.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "odd.scap"
        path.write_bytes(content)
        narrow = partial(Capture.select, event_types=rules().event_types, filter_=Filters().of(rules().rules))
        every = partial(Capture.select, event_types=EVERYTHING)
        assert fired(path, narrow) == fired(path, every) == fired(path, lambda _capture: None)


def fired(path: Path, select: Callable[[Capture], None]) -> tuple[list[tuple[int, str, str]], str]:
    """Time, rule and message of each alert, and the error at the end."""
    found, world = [], World()
    try:
        capture = open_scap(path)
        select(capture)
        for batch in capture:
            for one in batch.inputs:
                for each in world.apply(one):
                    found += [(each.kernel.time, rule.name, rule.render(each)[0]) for rule in rules().match(each)]
    except RecordingError as error:
        assert str(path) in error.message
        return found, error.message
    return found, ""


PLACES = st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=8)), max_size=12)


@fuzz(60)
@given(
    base=st.integers(0, 1000), changes=PLACES, cut=st.none() | st.integers(0, 1 << 17), doubled=st.integers(0, 1 << 17)
)
def test_changed_bytes_are_read_or_told(
    base: int, changes: list[tuple[int, bytes]], cut: int | None, doubled: int
) -> None:
    content = bytearray(bases()[base % len(bases())])
    for where, value in changes:
        place = where % len(content)
        content[place : place + len(value)] = value
    content += content[doubled % len(content) :][:2000]
    judge(bytes(content[:cut]))


@fuzz(60)
@given(data=st.data())
def test_odd_parameters_are_read_or_counted(data: st.DataObject) -> None:
    """Blocks that are sound, with anything inside."""
    odd = st.binary(max_size=40) | st.sampled_from([b"", b"\xff" * 8, bytes(8), b"\0", b"/..\0", b"\x80" * 4])
    content = ours()
    for _ in range(data.draw(st.integers(1, 6))):
        row = data.draw(st.sampled_from(TABLE))
        values = data.draw(st.lists(odd, max_size=len(row.params) + 2))
        time, tid = data.draw(st.integers(0, 2**64 - 1)), data.draw(st.sampled_from([0, 7, 8, 9, 2**63, 2**64 - 1]))
        kind = 0x221 if row.is_large else 0x216
        content += block(kind, b"\0\0" + raw_event(row.number, values, time=time, tid=tid, large=row.is_large))
    judge(content)


def test_many_processes_with_many_descriptors_take_bounded_memory(tmp_path: Path) -> None:
    """A few bytes for each clone, but each clone copies a table of descriptors."""
    many = [event("SYSCALL_DUP_1_X", tid=7, res=number, oldfd=0) for number in range(1, 5_000)]
    clones = [
        event("SYSCALL_CLONE_20_X", tid=100 + n, res=0, exe="a", pid=100 + n, ptid=7, flags=0, vtid=1, vpid=1)
        + event("SYSCALL_DUP_1_X", tid=100 + n, res=0, oldfd=1)
        for n in range(3_000)
    ]
    path = tmp_path / "many.scap"
    path.write_bytes(ours() + b"".join(many) + b"".join(clones))
    tracemalloc.start()
    fired(path, lambda _capture: None)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MOST
