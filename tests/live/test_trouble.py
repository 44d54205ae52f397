"""Trouble, on the real kernel: whatever goes wrong, it is said, no alert is lost and nothing is left."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from engine.protocol import GetHealth, Health, ListAlerts
from engine.service.client import Client
from probes.machine.kept_capabilities import kept
from tests.helpers.lab import Lab
from tests.helpers.lab.tmux import Tmux
from tests.helpers.patience import PATIENCE
from tests.helpers.program import TIERCEL, Marker, child, running, status, until
from tests.helpers.troubled import assert_restored, fill, front_end, options, screen

pytestmark = [pytest.mark.live, pytest.mark.beside]


@pytest.fixture
def marker(tmp_path: Path) -> Marker:
    return Marker(tmp_path)


BROKEN = """
- rule: Shell
  desc: A shell was started.
  condition: proc.nmae = sh
  output: Shell
  priority: Notice
- rule: Nothing
  desc: A second problem.
  condition: evt.type = execve
  output: Nothing
  priority: Notic
"""


ROOT = Path(__file__).parents[2]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of half a megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", disk], check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


async def test_a_full_disk_under_the_store_loses_no_alert(marker: Marker, small_disk: Path) -> None:
    places = ["--docker", "none", "-r", str(marker.rules), "--store", str(small_disk / "alerts.db")]
    async with running("watch", "--json", *places) as watch:
        await watch.said("live")
        filler = fill(small_disk)
        for count in range(40):
            marker(f"number-{count}.", "x" * 4000)
        await watch.alert("number-39.")
        filler.unlink()
        ended = await watch.ended(signal.SIGTERM)
    assert ended.code == 0
    outputs = [alert["output"] for alert in ended.alerts]
    assert all(any(f"number-{count}." in output for output in outputs) for count in range(40))
    assert "the alert store cannot be written" in ended.talk
    assert "free some space" in ended.talk
    assert "Traceback" not in ended.talk


async def test_a_full_disk_under_a_recording_is_said_and_what_was_written_can_be_read(
    marker: Marker, small_disk: Path
) -> None:
    file = small_disk / "r.tiercel"
    async with running("record", str(file), *options(marker)) as recorder:
        await recorder.said("live")
        marker("early")
        await until(lambda: file.stat().st_size > 1024, "something is recorded")
        fill(small_disk)
        for _ in range(40):
            marker("x" * 4000, os.urandom(500).hex())
        ended = await recorder.ended(signal.SIGTERM)
    assert ended.code == 1
    assert f"cannot record into {file} any further: No space left on device" in ended.talk
    assert "Traceback" not in ended.talk
    replayed = subprocess.run([*TIERCEL, "replay", str(file)], capture_output=True, text=True, check=False)
    assert replayed.returncode == 1
    assert "without an index" in replayed.stderr
    assert "inputs" in replayed.stderr


@contextlib.asynccontextmanager
async def attached(socket: Path) -> AsyncIterator[Client]:
    client = await Client.connect(socket)
    try:
        yield client
    finally:
        await client.close()


async def health_until(client: Client, runtime: str) -> Health:
    """The sensor's health once it knows of this runtime ("" for none)."""
    async with asyncio.timeout(PATIENCE):
        while True:
            pulses: asyncio.Queue[object] = asyncio.Queue()
            client.on_pulse = pulses.put_nowait
            health = (await client.ask(GetHealth())).health
            if health.runtime == runtime and (runtime or health.runtime_detail):
                return health
            await pulses.get()


async def test_docker_goes_and_comes_back_and_alerts_go_on(marker: Marker, tmp_path: Path) -> None:
    socket = tmp_path / "s"
    with Lab.open() as lab:
        async with running("sensor", "--socket", str(socket), *options(marker, lab.url)) as sensor:
            await sensor.said("live")
            async with attached(socket) as client:
                await health_until(client, "docker")
                await asyncio.to_thread(lab.stop)
                gone = await health_until(client, "")
                assert gone.runtime_detail
                assert gone.phase == "live"
                marker("without-docker")
                await until_alert(client, "without-docker")
                await asyncio.to_thread(lab.start)
                await health_until(client, "docker")
                marker("with-docker")
                await until_alert(client, "with-docker")
            ended = await sensor.ended(signal.SIGTERM)
    assert (ended.code, "Traceback" in ended.talk) == (0, False)


async def until_alert(client: Client, text: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            pulses: asyncio.Queue[object] = asyncio.Queue()
            client.on_pulse = pulses.put_nowait
            if any(text in alert.output for alert in (await client.ask(ListAlerts())).rows):
                return
            await pulses.get()


async def test_docker_that_is_not_there_is_a_state_on_the_screen(marker: Marker, tmp_path: Path) -> None:
    with screen(tmp_path, *options(marker, f"unix://{tmp_path}/no-docker.sock")) as terminal:
        terminal.until_shown("● live")
        marker("all-the-same")
        terminal.until_shown("Marker")
        terminal.keys("6")
        terminal.until_shown("no-docker.sock")


async def test_a_second_sensor_on_a_socket_is_refused_and_the_first_goes_on(marker: Marker, tmp_path: Path) -> None:
    socket = tmp_path / "s"
    async with running("sensor", "--socket", str(socket), *options(marker)) as first:
        await first.said("live")
        second_store = ["--store", str(tmp_path / "second.db"), "--docker", "none"]
        async with running("sensor", "--socket", str(socket), *second_store) as second:
            ended = await second.ended()
        assert ended.code == 2
        assert f"another sensor listens on {socket}" in ended.talk
        assert "tiercel attach" in ended.talk
        assert "Traceback" not in ended.talk
        async with attached(socket) as client:
            marker("still-there")
            await until_alert(client, "still-there")


async def test_two_watches_see_the_same(marker: Marker, tmp_path: Path) -> None:
    async with (
        running("watch", "--json", *options(marker)) as one,
        running("watch", "--json", *options(marker)[:-1], str(tmp_path / "second.db")) as two,
    ):
        await asyncio.gather(one.said("live"), two.said("live"))
        marker("for-both")
        await asyncio.gather(one.alert("for-both"), two.alert("for-both"))


async def test_a_hung_front_end_holds_up_nobody(marker: Marker, tmp_path: Path) -> None:
    socket = tmp_path / "s"
    (tmp_path / "hung").mkdir()
    (tmp_path / "well").mkdir()
    async with running("sensor", "--socket", str(socket), *options(marker)) as sensor:
        await sensor.said("live")
        with (
            screen(tmp_path / "hung", "attach", str(socket)) as hung,
            screen(tmp_path / "well", "attach", str(socket)) as well,
        ):
            hung.until_shown("● live")
            well.until_shown("● live")
            stopped = front_end(hung)
            os.kill(stopped, signal.SIGSTOP)
            for count in range(50):
                marker(f"number-{count}.")
            well.until_shown("Marker", "number-49.")
            os.kill(stopped, signal.SIGKILL)
        ended = await sensor.ended(signal.SIGTERM)
    assert (ended.code, "Traceback" in ended.talk) == (0, False)


@pytest.mark.parametrize("command", ["watch", "sensor"])
async def test_broken_rules_stop_the_start_with_every_problem(tmp_path: Path, command: str) -> None:
    rules = tmp_path / "broken.yaml"
    rules.write_text(BROKEN)
    async with running(command, "-r", str(rules), "--store", str(tmp_path / "alerts.db")) as program:
        ended = await program.ended()
    assert_refused(ended.code, ended.talk, rules)


def assert_refused(code: int, talk: str, rules: Path) -> None:
    assert code == 2
    for part in (f"{rules}:4:14", "^", "did you mean proc.name?", f"{rules}:11:13", "2 problems in the rules"):
        assert part in talk
    assert "Traceback" not in talk


def test_broken_rules_are_said_before_the_screen_is_taken(tmp_path: Path) -> None:
    rules = tmp_path / "broken.yaml"
    rules.write_text(BROKEN)
    with screen(tmp_path, "-r", str(rules)) as terminal:
        text = terminal.until_shown("exit code 2")
    assert_refused(2, text.replace("\n", ""), rules)


async def test_a_broken_reload_is_shown_and_the_running_rules_go_on(marker: Marker, tmp_path: Path) -> None:
    with screen(tmp_path, *options(marker)) as terminal:
        terminal.until_shown("● live")
        good = marker.rules.read_text()
        marker.rules.write_text(BROKEN)
        terminal.keys("5")
        terminal.until_shown("marker.yaml:2", "R reload")
        terminal.keys("R")
        terminal.until_shown("marker.yaml:4:14", "force", "Health")  # the notice wraps where it must
        terminal.keys("6")
        terminal.until_shown(":4:14", "did you mean proc.name?", ":11:13")
        marker("all-the-same")
        terminal.keys("1")
        terminal.until_shown("all-the-same")
        marker.rules.write_text(good)
        terminal.keys("5")
        terminal.until_shown("marker.yaml:2", "R reload")
        terminal.keys("R")
        terminal.until_shown("Rules read again: 1 rule loaded")
        terminal.keys("6")
        terminal.until_gone("did you mean proc.name?")


async def test_a_sensor_that_cannot_start_says_why_on_the_screen(marker: Marker, tmp_path: Path) -> None:
    with screen(tmp_path, *options(marker)[:-1], "/proc/nowhere/alerts.db") as terminal:
        terminal.until_shown("cannot keep alerts in /proc/nowhere/alerts.db", "name another file", "q quits")
        terminal.keys("q")
        terminal.until_shown("exit code 0")
        assert_restored(terminal)


def reachable_by_anybody(folder: Path) -> list[str]:
    """What to put before a command so that any user can read Python and Tiercel, also below root's home.

    The command sees the file system with those places alone where a folder was closed.
    """
    places = {place: closed for place in (Path(sys.base_prefix), ROOT, Path(sys.prefix)) if (closed := _closed(place))}
    if not places:
        return []
    kept = {place: folder / f"place-{number}" for number, place in enumerate(places)}
    steps = [f"mkdir {keep} && mount --rbind {place} {keep}" for place, keep in kept.items()]
    steps += [f"mount -t tmpfs -o mode=755 none {closed}" for closed in sorted(set(places.values()))]
    steps += [f"mkdir -p {place} && mount --rbind {keep} {place}" for place, keep in kept.items()]
    return ["unshare", "--mount", "sh", "-ec", "; ".join([*steps, 'exec "$@"']), "sh"]


def _closed(place: Path) -> Path | None:
    """The first folder on the way to ``place`` that others cannot pass."""
    return next((step for step in [*reversed(place.parents), place] if not step.stat().st_mode & 0o001), None)


async def test_under_sudo_the_screen_gives_root_up_and_the_sensor_keeps_it(marker: Marker, tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    sudo = {"SUDO_UID": str(nobody.pw_uid), "SUDO_GID": str(nobody.pw_gid), "SUDO_USER": nobody.pw_name}
    variables = [f"{name}={value}" for name, value in sudo.items()]
    command = [*reachable_by_anybody(tmp_path), "env", *variables, *TIERCEL, *options(marker)]
    with Tmux.open(tmp_path, *command, size=(120, 30)) as terminal:
        terminal.until_shown("● live")
        front = front_end(terminal)
        drawn, watched = status(front), status(child(front, "private-sensor"))
        marker("seen")
        terminal.until_shown("Marker")
        terminal.keys("q")
        terminal.until_shown("exit code 0")
    assert drawn["Uid"] == [str(nobody.pw_uid)] * 4
    assert drawn["Gid"] == [str(nobody.pw_gid)] * 4
    assert set(drawn["Groups"]) <= {str(nobody.pw_gid)}
    assert {int(drawn[name][0], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}
    assert drawn["NoNewPrivs"] == ["1"]
    assert watched["Uid"] == ["0"] * 4
    assert int(watched["CapPrm"][0], 16) == sum(1 << row.number for row in kept())


@pytest.mark.parametrize("arguments", [[], ["watch"], ["sensor"], ["record", "/tmp/never.tiercel"]])
def test_without_root_it_says_what_is_missing_and_offers_the_demo(arguments: list[str], tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    become = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    command = [*reachable_by_anybody(tmp_path), *become, *TIERCEL, *arguments]
    home = {**os.environ, "HOME": "/nonexistent"}
    done = subprocess.run(command, capture_output=True, text=True, env=home, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "permission" in done.stderr
    assert "sudo" in done.stderr
    assert "tiercel --demo" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 24
