"""Sinks deliver to real files, pipes, sockets and an HTTP server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.alerts import Priority
from engine.errors import UsageError
from engine.sinks import SINKS, make_sink
from engine.sinks.delivery import DeliveryError
from engine.sinks.file import FileSink
from engine.sinks.http import HttpSink
from engine.sinks.stdout import StdoutSink
from engine.sinks.syslog import SyslogSink
from tests.helpers.disks import no_space
from tests.helpers.http_receiver import Receiver
from tests.helpers.sample_alerts import alert


def rules(lines: bytes) -> list[str]:
    return [json.loads(line)["rule"] for line in lines.splitlines()]


# ── standard output ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_stdout_gets_each_batch_at_once() -> None:
    reading, writing = os.pipe()
    sink = StdoutSink(descriptor=writing)
    await sink.write([alert("one"), alert("two")])
    assert rules(os.read(reading, 65536)) == ["one", "two"]
    await sink.write([alert("three")])
    assert rules(os.read(reading, 65536)) == ["three"]
    await sink.close()
    os.close(writing)
    os.close(reading)


async def test_stdout_as_text_is_falcos_line() -> None:
    reading, writing = os.pipe()
    await StdoutSink(json=False, descriptor=writing).write([alert()])
    assert os.read(reading, 65536).startswith(b"00:04:05.123456789: Warning Sensitive file read (")
    os.close(writing)
    os.close(reading)


async def test_stdout_whose_reader_has_gone_ends_quietly_and_tells_once() -> None:
    reading, writing = os.pipe()
    closed: list[bool] = []
    sink = StdoutSink(descriptor=writing, on_closed=lambda: closed.append(True))
    os.close(reading)
    await sink.write([alert()])
    await sink.write([alert()])
    assert closed == [True]
    os.close(writing)


@pytest.mark.parametrize("blocking", [True, False])
async def test_a_pipe_that_is_not_read_holds_up_the_sink_but_not_the_loop(blocking: bool) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, blocking)
    sink = StdoutSink(descriptor=writing)
    many = [alert(str(number)) for number in range(500)]
    write = asyncio.create_task(sink.write(many))
    await asyncio.wait([write], timeout=0.05)
    assert not write.done(), "a pipe holds 64 KiB"
    got = b""
    while got.count(b"\n") < len(many):
        got += await asyncio.to_thread(os.read, reading, 1 << 20)
    await write
    assert rules(got) == [str(number) for number in range(500)]
    os.close(writing)
    os.close(reading)


# ── file ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_file_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_bytes(b'{"rule":"before"}\n')
    sink = FileSink(path)
    await sink.write([alert("one")])
    await sink.write([alert("two"), alert("three")])
    await sink.close()
    assert rules(path.read_bytes()) == ["before", "one", "two", "three"]


async def test_a_new_file_is_not_for_everybody(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "alerts.jsonl")
    await sink.write([alert()])
    await sink.close()
    assert stat.S_IMODE((tmp_path / "alerts.jsonl").stat().st_mode) & 0o007 == 0


@pytest.mark.parametrize("recreated", [True, False])
async def test_log_rotation_is_noticed(tmp_path: Path, recreated: bool) -> None:
    path, rotated = tmp_path / "alerts.jsonl", tmp_path / "alerts.jsonl.1"
    sink = FileSink(path)
    await sink.write([alert("one")])
    path.rename(rotated)
    if recreated:
        path.touch()
    await sink.write([alert("two")])
    await sink.close()
    assert (rules(rotated.read_bytes()), rules(path.read_bytes())) == (["one"], ["two"])


async def test_a_full_disk_leaves_no_half_a_line(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    sink = FileSink(path)
    await sink.write([alert("one")])
    with no_space(path.stat().st_size + 100), pytest.raises(DeliveryError, match="cannot write") as caught:
        await sink.write([alert("two"), alert("three")])
    assert (caught.value.delivered, caught.value.refused) == (0, 0)
    assert rules(path.read_bytes()) == ["one"]
    await sink.write([alert("two"), alert("three")])
    await sink.close()
    assert rules(path.read_bytes()) == ["one", "two", "three"]


async def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "nowhere" / "alerts.jsonl")
    with pytest.raises(DeliveryError, match="No such file"):
        await sink.write([alert()])
    await sink.close()


# ── HTTP ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as running:
        yield running


async def test_each_alert_is_a_post_over_one_connection(receiver: Receiver) -> None:
    sink = HttpSink(receiver.url("/ingest?x=1"))
    await sink.write([alert("one"), alert("two")])
    await sink.close()
    assert receiver.rules == ["one", "two"]
    assert receiver.connections == 1
    head = receiver.heads[0]
    assert head.startswith("POST /ingest?x=1 HTTP/1.1\r\n")
    assert "content-type: application/json" in head.lower()


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_receiver_in_trouble_is_tried_again_from_where_it_stopped(receiver: Receiver, status: int) -> None:
    receiver.answers = [200, status]
    sink = HttpSink(receiver.url())
    with pytest.raises(DeliveryError, match=f"answered {status}") as caught:
        await sink.write([alert("one"), alert("two"), alert("three")])
    assert (caught.value.delivered, caught.value.refused) == (1, 0)
    await sink.close()


async def test_an_alert_that_is_not_wanted_is_not_tried_again(receiver: Receiver) -> None:
    receiver.answers = [400]
    sink = HttpSink(receiver.url())
    with pytest.raises(DeliveryError, match="answered 400") as caught:
        await sink.write([alert("one"), alert("two")])
    assert (caught.value.delivered, caught.value.refused) == (0, 1)
    await sink.close()


async def test_a_connection_that_breaks_is_made_again(receiver: Receiver) -> None:
    sink = HttpSink(receiver.url())
    await sink.write([alert("one")])
    await receiver.cut()
    with contextlib.suppress(DeliveryError):
        await sink.write([alert("two")])
    await sink.write([alert("three")])
    await sink.close()
    assert receiver.rules[0] == "one"
    assert receiver.rules[-1] == "three"


async def test_nobody_there_is_a_delivery_error() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        sink = HttpSink(f"http://127.0.0.1:{closed.getsockname()[1]}/")
        with pytest.raises(DeliveryError, match="nothing arrives"):
            await sink.write([alert()])
    await sink.close()


async def test_a_receiver_that_speaks_another_protocol_is_a_delivery_error(receiver: Receiver) -> None:
    receiver.raw = b"SSH-2.0-OpenSSH_9.2\r\n"
    sink = HttpSink(receiver.url())
    with pytest.raises(DeliveryError, match="nothing arrives"):
        await sink.write([alert()])
    await sink.close()


@pytest.mark.parametrize(
    "url", ["", "ftp://x/", "127.0.0.1:2801", "http://", "file:///etc/passwd", "http://[::1", "http://x:99999/"]
)
def test_what_is_no_http_address_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError, match="not an http address"):
        HttpSink(url)


# ── syslog ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_syslog_gets_falcos_line_with_the_priority_as_severity(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as logger:
        logger.bind(str(path))
        sink = SyslogSink(path)
        await sink.write([alert(priority=Priority.CRITICAL, target="/tmp/\n\x1b")])
        message = logger.recv(65536).decode()
        await sink.close()
    assert message.startswith("<10>")
    assert f" tiercel[{os.getpid()}]: 00:04:05.123456789: Critical Sensitive file read" in message
    assert r"/tmp/\n\u001b" in message


async def test_a_logger_that_was_restarted_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "log"
    sink = SyslogSink(path)
    with pytest.raises(DeliveryError, match="takes nothing"):
        await sink.write([alert()])
    for _ in range(2):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as logger:
            logger.bind(str(path))
            with contextlib.suppress(DeliveryError):
                await sink.write([alert()])
            await sink.write([alert("again")])
            received = [logger.recv(65536)]
            logger.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                received.append(logger.recv(65536))
            assert b"again" in received[-1]
        path.unlink()
    await sink.close()


# ── the table ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("spec", ["stdout", "stdout=text", "file=/tmp/x", "http=http://localhost:2801/", "syslog"])
def test_sinks_are_made_from_what_people_write(spec: str) -> None:
    assert make_sink(spec).name.startswith(spec.partition("=")[0])


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ("sdtout", "did you mean stdout?"),
        ("", "one of"),
        ("stdout=xml", "stdout=json"),
        ("file", "file=/"),
        ("http=x", "2801"),
    ],
)
def test_what_is_no_sink_is_a_usage_error(spec: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        make_sink(spec)
    assert hint in caught.value.hint


def test_every_row_of_the_table_explains_itself() -> None:
    assert all(kind.help and kind.argument and name == kind.name for name, kind in SINKS.items())
