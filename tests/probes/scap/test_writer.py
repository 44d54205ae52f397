"""Captures that we write are read by sysdig and by our own reader: what was recorded is what they tell."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Sequence
from ipaddress import ip_interface
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from engine.errors import RecordingError
from engine.events import HOST, ContainerInfo, Fd, Input, KernelEvent, Mount, ProcessInfo, Snapshot, Users
from engine.schema import EVENT_TYPES
from probes.options import DEMO
from probes.recordings.reader import read
from probes.scap.reader import Reader
from probes.scap.table import TABLE
from probes.scap.write_blocks import Interface, Machine
from probes.scap.write_events import ROWS, entry_of
from probes.scap.writer import Lists, Writer, created
from tests.helpers.sysdig import NOT_THERE, sysdig
from tests.helpers.world import WEB, clone, event, execve, process_info

UNKNOWN_TO_SYSDIG = {"procexit", "dup2", "dup3", "finit_module", "init_module"}
"""Events of the demo whose type is newer than Debian's sysdig, or (procexit) has another direction than an exit."""


def demo() -> list[Input]:
    return [one for batch in read(DEMO) for one in batch.inputs]


def write(path: Path, inputs: Sequence[Input], lists: Lists | None = None) -> Writer:
    """Write a capture whose lists are those of the first snapshot."""
    snapshot = next((one for one in inputs if isinstance(one, Snapshot)), Snapshot(0, []))
    with created(path) as file:
        writer = Writer(lists or Lists(processes=snapshot.processes), file.write)
        writer.add(inputs)
        writer.finish()
    return writer


# ── sysdig ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_sysdig_tells_of_a_recording_what_it_holds(tmp_path: Path) -> None:
    inputs = demo()
    write(tmp_path / "demo.scap", inputs)
    fields = ("evt.rawtime", "evt.type", "proc.name", "proc.pid", "fd.name", "container.id", "user.uid")
    told = Counter(sysdig(tmp_path / "demo.scap", *fields, where="evt.dir = <"))
    events = [one for one in inputs if isinstance(one, KernelEvent) and one.type not in UNKNOWN_TO_SYSDIG]
    missing = Counter(map(facts, events)) - told
    assert {row[1:5:3] for row in missing} <= {("socket", NOT_THERE), ("connect", "/var/run/docker.sock")}, (
        "sysdig has a form of its own for the names of sockets"
    )
    assert sum(missing.values()) < 40 < len(events)


def facts(one: KernelEvent) -> tuple[str, ...]:
    name = one.process.comm if one.process is not None and one.type != "clone" else one.comm
    file = one.fd.name if one.fd is not None and one.fd.type else ""
    return (
        str(one.time), one.type, name, str(one.pid), file or _tried(one) or NOT_THERE,
        one.container_id[:12] or "host", str(one.uid),
    )  # fmt: skip


def _tried(one: KernelEvent) -> str:
    """Where a descriptor is not known any more, sysdig goes by the path of the open."""
    return str(one.args.get("name", "")) if one.type == "openat" and one.fd is not None else ""


def test_sysdig_knows_containers_and_users_by_name(tmp_path: Path) -> None:
    web = ContainerInfo(
        WEB, 1, name="web", image="reg:5000/shop/web:1.4@sha256:77", image_id="sha256:5", privileged=True
    )
    write(
        tmp_path / "web.scap",
        [web, execve(10, "/bin/sh", container_id=WEB)],
        Lists(users=Users(HOST, {0: "root", 7: "ann"}, {0: "root"})),
    )
    fields = ("container.name", "container.image", "container.image.tag", "container.privileged", "user.name")
    assert sysdig(tmp_path / "web.scap", *fields, where="evt.type = execve and evt.dir = <") == [
        ("web", "reg:5000/shop/web:1.4@sha256:77", "1.4", "true", "root")
    ]


def test_sysdig_knows_what_was_open_and_who_is_whose_child(tmp_path: Path) -> None:
    shell = process_info(10, comm="bash", exe="bash", args=["-i"])
    file = Fd(num=3, type="file", name="/srv/data")
    lists = Lists(
        machine=Machine("lab"),
        interfaces=[Interface("lo", ip_interface("127.0.0.1/8")), Interface("lo", ip_interface("::1/128"))],
        processes=[process_info(1, comm="init", ppid=0), shell],
        fds={10: [file, Fd(num=4, type="bpf", name="bpf-map"), Fd(num=5, type="ipv4", local_ip="10.0.0.1")]},
    )
    setns = event("setns", 11, ppid=10, comm="bash", res=0, args={"res": 0, "fd": 3, "nstype": 0}, fd=file)
    write(tmp_path / "open.scap", [clone(10, 11, comm="bash"), setns], lists)
    assert (
        sysdig(tmp_path / "open.scap", "proc.cmdline", "proc.pname", "fd.name", where="evt.type = setns")
        == [("bash -i", "bash", "/srv/data")] * 2
    )  # entry and exit


# ── our reader ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_our_reader_finds_every_block_whole(tmp_path: Path) -> None:
    writer = write(tmp_path / "demo.scap", demo())
    reader = Reader(tmp_path / "demo.scap")
    names = Counter(TABLE[item[0]].name for item in reader if isinstance(item, tuple))
    counts = reader.counts
    assert (counts.malformed, counts.unknown_blocks, counts.unknown_events) == (0, {}, {})
    assert names["execve"] > 2 * 133, "each with its entry, and some for the state only"
    assert writer.events == sum(isinstance(one, KernelEvent) for one in demo())


def test_compressed_it_is_the_same(tmp_path: Path) -> None:
    write(tmp_path / "demo.scap", demo())
    write(tmp_path / "demo.scap.gz", demo())
    assert gzip.decompress((tmp_path / "demo.scap.gz").read_bytes()) == (tmp_path / "demo.scap").read_bytes()


def test_how_a_process_ended_is_told(tmp_path: Path) -> None:
    killed = event("procexit", 10, args={"status": 11 | 0x80})
    left = event("procexit", 11, args={"status": 3 << 8})
    write(tmp_path / "a.scap", [killed, left])
    told = sysdig(tmp_path / "a.scap", "evt.arg.ret", "evt.arg.sig", "evt.arg.core", where="evt.type = procexit")
    assert told == [("0", "SIGSEGV", "1"), ("3", "0", "0")]


def test_what_the_format_cannot_hold_is_counted(tmp_path: Path) -> None:
    many = ["x" * 1000] * 20
    thread = event("chmod", 10, tid=11, compat=True, args={"res": 0, "mode": 0o755, "filename": "/x"}, res=0)
    linked = event("open", 10, res=3, args={"fd": 3}, fd=Fd(3, "file", "/tmp/l", "/etc/shadow"))
    long = event("execve", 10, res=0, args={"res": 0}, process=process_info(10, args=many))
    writer = write(tmp_path / "a.scap", [long, thread, linked])
    assert writer.left_out == {
        "threads of events, which have their process instead": 1,
        "marks of 32-bit system calls": 1,
        "paths behind symbolic links": 1,
        "arguments and environments beyond 16 KiB": 1,
    }
    assert sum(isinstance(item, tuple) for item in Reader(tmp_path / "a.scap")) >= 3


NUMBERS_ONLY = {"fsopen", "fsmount", "open_tree", "move_mount", "pivot_root", "name_to_handle_at"}
"""Calls of which the format has no more than the number."""


@pytest.mark.parametrize("name", [row.name for row in EVENT_TYPES if row.name not in NUMBERS_ONLY])
def test_every_event_of_ours_has_a_row(name: str) -> None:
    assert ROWS[name].name == name
    assert (entry := entry_of(ROWS[name])) is None or entry.name == name


@pytest.mark.parametrize("name", sorted(NUMBERS_ONLY))
def test_a_call_of_which_the_format_has_the_number_only_is_left_out_and_counted(tmp_path: Path, name: str) -> None:
    assert name not in ROWS
    assert write(tmp_path / "a.scap", [event(name, 10)]).left_out == {f"events of type {name}": 1}


def test_an_event_that_is_in_no_row_is_counted(tmp_path: Path) -> None:
    writer = write(tmp_path / "a.scap", [event("no_such_call", 10)])
    assert writer.left_out == {"events of type no_such_call": 1}


NUMBERS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(max_size=20) | st.sampled_from(["", "/", "\\xff", "\ud800", "a\0b", "x" * 70_000, "/" * 5_000])


@settings(max_examples=60, deadline=None)
@drawn(
    st.lists(
        st.builds(
            KernelEvent,
            time=NUMBERS,
            type=st.sampled_from([row.name for row in EVENT_TYPES]),
            pid=NUMBERS,
            tid=NUMBERS,
            start=NUMBERS,
            ppid=NUMBERS,
            comm=TEXTS,
            uid=NUMBERS,
            gid=NUMBERS,
            cap_effective=NUMBERS,
            container_id=TEXTS,
            res=st.none() | NUMBERS,
            args=st.dictionaries(st.sampled_from([p.name for row in EVENT_TYPES for p in row.params]), NUMBERS | TEXTS),
            fd=st.none()
            | st.builds(
                Fd,
                num=st.integers(-1, 2**31 - 1),
                type=st.sampled_from(["", "file", "ipv4", "ipv6", "unix", "?", "pipe"]),
                name=TEXTS,
                local_ip=TEXTS,
                local_port=NUMBERS,
                remote_ip=TEXTS,
                connected=st.booleans(),
                dev=NUMBERS,
                ino=NUMBERS,
                is_server=st.sampled_from([None, True, False]),
            ),
            process=st.none()
            | st.builds(
                ProcessInfo,
                pid=NUMBERS,
                start=NUMBERS,
                ppid=NUMBERS,
                comm=TEXTS,
                exe=TEXTS,
                args=st.lists(TEXTS),
                env=st.lists(TEXTS),
                cwd=TEXTS,
                uid=NUMBERS,
                tty=NUMBERS,
                sid=NUMBERS,
                container_id=TEXTS,
            ),
            bases=st.dictionaries(st.sampled_from(["name", "path", "filename"]), TEXTS),
        ),
        max_size=4,
    )
)
def test_whatever_a_recording_holds_is_a_sound_capture(given: list[KernelEvent]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.scap"
        processes = [one.process for one in given if one.process is not None]
        fds = {processes[0].pid: [one.fd for one in given if one.fd is not None]} if processes else {}
        write(path, [*given, Snapshot(0, processes)], Lists(processes=processes[:1], fds=fds))
        reader = Reader(path)
        assert sum(1 for _ in reader) > 4
        assert (reader.counts.malformed, reader.counts.unknown_blocks) == (0, {})


def test_a_container_with_many_labels_is_told_whole(tmp_path: Path) -> None:
    labels = {f"label-{number}": "x" * 1000 for number in range(300)}
    write(tmp_path / "a.scap", [ContainerInfo(WEB, 1, "web", "nginx:1", labels=labels)])
    (found,) = [item[4] for item in Reader(tmp_path / "a.scap") if isinstance(item, tuple)]
    assert json.loads(found[4:].rstrip(b"\0"))["container"]["labels"] == labels


# ── files and containers ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_container_is_written_with_the_keys_of_falco(tmp_path: Path) -> None:
    mount = Mount("/srv", "/data", "ro", False, "rprivate")
    info = ContainerInfo(
        WEB, 1, "web", "nginx:1", labels={"a": "b"}, mounts=[mount], healthcheck=["CMD-SHELL", "curl x"],
        network_mode="host", created=5 * 10**9,
    )  # fmt: skip
    write(tmp_path / "a.scap", [info])
    (found,) = [item[4] for item in Reader(tmp_path / "a.scap") if isinstance(item, tuple)]
    told = json.loads(found[4:].rstrip(b"\0"))["container"]
    assert {name: told[name] for name in ("type", "id", "full_id", "name", "imagerepo", "imagetag", "labels")} == {
        "type": 0, "id": WEB[:12], "full_id": WEB, "name": "web", "imagerepo": "nginx", "imagetag": "1",
        "labels": {"a": "b"},
    }  # fmt: skip
    assert told["Mounts"] == [
        {"Source": "/srv", "Destination": "/data", "Mode": "ro", "RW": False, "Propagation": "rprivate"}
    ]
    assert (told["host_network"], told["created_time"]) == (True, 5)
    assert told["Healthcheck"] == {"exe": "/bin/sh", "args": ["-c", "curl x"]}


def test_a_capture_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.scap").write_text("mine")
    with pytest.raises(RecordingError, match="exists"):
        created(tmp_path / "a.scap")
    with pytest.raises(RecordingError, match="No such file"):
        created(tmp_path / "none" / "a.scap")
    with created(tmp_path / "b.scap"):
        pass
    assert (tmp_path / "b.scap").stat().st_mode & 0o777 == 0o600
