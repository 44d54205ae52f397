"""Sensors, screens and probes that are ended or killed: it is said, no alert is lost and nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from probes.recordings.reader import read
from tests.helpers.program import TIERCEL, Marker, Probes, child, lives, running, until
from tests.helpers.troubled import assert_restored, front_end, options, screen

pytestmark = [pytest.mark.live, pytest.mark.beside]


@pytest.fixture
def marker(tmp_path: Path) -> Marker:
    return Marker(tmp_path)


ENDS = [
    pytest.param(signal.SIGTERM, 0, id="SIGTERM"),
    pytest.param(signal.SIGINT, 130, id="Ctrl-C"),
]


@pytest.mark.parametrize(("number", "code"), ENDS)
async def test_a_watch_that_is_ended_has_printed_everything(marker: Marker, number: signal.Signals, code: int) -> None:
    async with running("watch", "--json", *options(marker)) as watch:
        await watch.said("live")
        probes = Probes.of(watch.pid)
        assert probes.alive
        for count in range(20):
            marker(f"number-{count}.")
        await watch.alert("number-19.")
        ended = await watch.ended(number)
    assert ended.code == code
    assert "Traceback" not in ended.talk
    outputs = [alert["output"] for alert in ended.alerts]
    assert all(any(f"number-{count}." in output for output in outputs) for count in range(20))
    assert f"{len(outputs)} alerts" in ended.talk
    await until(lambda: not probes.alive, "the probes are detached")


@pytest.mark.parametrize(("number", "code"), ENDS)
async def test_a_recording_that_is_ended_is_whole(
    marker: Marker, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    file = tmp_path / "new.tiercel"
    async with running("record", str(file), *options(marker)) as recorder:
        await recorder.said("live")
        marker("recorded")
        ended = await recorder.ended(number)
    assert (ended.code, "Traceback" in ended.talk) == (code, False)
    replayed = subprocess.run(
        [*TIERCEL, "replay", str(file), "-r", str(marker.rules)], capture_output=True, text=True, check=True
    )
    assert "Marked (recorded)" in replayed.stdout
    assert any("recorded" in alert.output for batch in read(file) for alert in batch.alerts)


@pytest.mark.parametrize(("number", "code"), ENDS)
async def test_a_sensor_that_is_ended_leaves_no_socket(
    marker: Marker, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    socket = tmp_path / "s"
    async with running("sensor", "--socket", str(socket), *options(marker)) as sensor:
        await sensor.said("live")
        assert socket.is_socket()
        with screen(tmp_path, "attach", str(socket)) as terminal:
            terminal.until_shown("● live")
            ended = await sensor.ended(number)
            terminal.until_shown("The sensor is gone", "the sensor has ended", "q quits")
            terminal.keys("q")
            terminal.until_shown("exit code 0")
    assert (ended.code, "Traceback" in ended.talk) == (code, False)
    assert not socket.exists()


@pytest.mark.parametrize(("number", "code"), [*ENDS, pytest.param(None, 130, id="the key")])
async def test_a_screen_that_is_ended_leaves_the_terminal_as_it_was(
    marker: Marker, tmp_path: Path, number: signal.Signals | None, code: int
) -> None:
    with screen(tmp_path, *options(marker)) as terminal:
        terminal.until_shown("● live")
        front = front_end(terminal)
        sensor = child(front, "private-sensor")
        probes = Probes.of(sensor)
        assert probes.alive
        if number is None:
            terminal.keys("C-c")
        else:
            os.kill(front, number)
        terminal.until_shown(f"exit code {code}")
        assert_restored(terminal)
        await until(lambda: not lives(sensor) and not probes.alive, "sensor and probes are gone")


async def test_a_closed_terminal_ends_screen_sensor_and_probes(marker: Marker, tmp_path: Path) -> None:
    with screen(tmp_path, *options(marker)) as terminal:
        terminal.until_shown("● live")
        front = front_end(terminal)
        sensor = child(front, "private-sensor")
        probes = Probes.of(sensor)
    await until(lambda: not lives(front) and not lives(sensor) and not probes.alive, "all is gone")


async def test_a_watch_ends_quietly_with_its_reader(marker: Marker) -> None:
    command = [*TIERCEL, "watch", "--json", *options(marker)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watch:
        assert watch.stdout
        assert watch.stderr
        assert "live" in next(line for line in watch.stderr if "live" in line)
        marker("first")
        assert "first" in watch.stdout.readline()
        watch.stdout.close()
        marker("second")
        talk = watch.stderr.read()
    assert watch.returncode == 0
    assert "Traceback" not in talk


async def test_a_killed_front_end_takes_its_sensor_and_probes_along(marker: Marker, tmp_path: Path) -> None:
    with screen(tmp_path, *options(marker)) as terminal:
        terminal.until_shown("● live")
        front = front_end(terminal)
        sensor = child(front, "private-sensor")
        probes = Probes.of(sensor)
        os.kill(front, signal.SIGKILL)
        terminal.until_shown("exit code 137")
        await until(lambda: not lives(sensor) and not probes.alive, "sensor and probes are gone")


async def test_a_killed_sensor_is_said_and_the_screen_goes_on(marker: Marker, tmp_path: Path) -> None:
    with screen(tmp_path, *options(marker)) as terminal:
        terminal.until_shown("● live")
        marker("before")
        terminal.until_shown("Marker")
        sensor = child(front_end(terminal), "private-sensor")
        probes = Probes.of(sensor)
        os.kill(sensor, signal.SIGKILL)
        terminal.until_shown("The sensor is gone", "sensor.log", "Marker")
        terminal.keys("6", "2", "1", "?")
        terminal.until_shown("─ Keys ─")
        terminal.keys("Escape")
        terminal.until_gone("─ Keys ─")
        terminal.keys("q")
        terminal.until_shown("exit code 0")
        assert_restored(terminal)
        await until(lambda: not probes.alive, "the probes are gone")


async def test_a_killed_loader_is_said(marker: Marker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHE_DIRECTORY", str(marker.rules.parent / "cache"))
    async with running("watch", "--json", *options(marker)) as watch:
        await until(lambda: child(watch.pid, "loader_child"), "there is a loader")
        os.kill(child(watch.pid, "loader_child"), signal.SIGKILL)
        ended = await watch.ended()
    assert ended.code == 1
    assert "the loader was killed by signal 9" in ended.talk
    assert "→" in ended.talk
    assert "Traceback" not in ended.talk


async def test_a_killed_loader_is_shown(marker: Marker, tmp_path: Path) -> None:
    with screen(tmp_path, *options(marker), CACHE_DIRECTORY=str(tmp_path / "cache")) as terminal:
        await until(lambda: front_end(terminal) and child(front_end(terminal), "private-sensor"), "there is a sensor")
        sensor = child(front_end(terminal), "private-sensor")
        await until(lambda: child(sensor, "loader_child"), "there is a loader")
        os.kill(child(sensor, "loader_child"), signal.SIGKILL)
        terminal.until_shown("✗ failed", "the loader was killed by signal 9")
        terminal.keys("q")
        terminal.until_shown("exit code 0")
