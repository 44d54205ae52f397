"""How probes come and go on the real kernel: whatever ends them, nothing is left; what a sensor may do meanwhile."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from engine.errors import SourceError
from probes.kernel.bytecode_cache import cache_folder, read
from probes.kernel.compiling import key_of
from probes.kernel.loader import RING_PAGES, Loading, load
from probes.kernel.programs import AUTO
from probes.machine.kept_capabilities import FOR_A_GROUP, Capability, kept
from tests.helpers.program import Marker, Probes, child, lives, running, until

pytestmark = pytest.mark.live
SETS = ("CapPrm", "CapEff", "CapBnd")
EMPTY_SETS = ("CapInh", "CapAmb")


@pytest.fixture
def marker(tmp_path: Path) -> Marker:
    return Marker(tmp_path)


def options(marker: Marker) -> list[str]:
    return ["--docker", "none", "-r", str(marker.rules), "--store", str(marker.rules.parent / "alerts.db")]


def threads(pid: int) -> list[dict[str, str]]:
    """/proc/PID/task/*/status."""
    lines = [path.read_text().splitlines() for path in Path(f"/proc/{pid}/task").glob("*/status")]
    parted = ([line.partition(":") for line in each] for each in lines)
    return [{name: value.strip() for name, _, value in each} for each in parted]


def mask(rows: tuple[Capability, ...]) -> int:
    return sum(1 << row.number for row in rows)


# ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_sensor_that_has_ended_leaves_nothing_in_the_kernel(marker: Marker, number: signal.Signals) -> None:
    async with running("watch", *options(marker)) as watch:
        await watch.said("live")
        probes = Probes.of(watch.pid)
        made = read(cache_folder(), key_of(AUTO, RING_PAGES))
        assert made is not None
        assert (len(probes.programs), len(probes.maps)) == (len(made.programs), len(made.maps)), "all are looked for"
        assert len(probes.links) == len([each for each in made.programs if each.tracepoint])
        assert probes.alive
        await watch.ended(number)
    await until(lambda: not probes.alive, "programs, maps and links are gone")


async def test_what_is_closed_is_gone() -> None:
    loaded = await load()
    probes = Probes.of(os.getpid())
    loaded.close()
    loaded.close()
    await until(lambda: not probes.alive, "programs, maps and links are gone")


async def test_a_sensor_killed_while_it_compiles_takes_the_compiler_along(marker: Marker) -> None:
    async with running("watch", *options(marker), CACHE_DIRECTORY=str(marker.rules.parent / "cache")) as watch:
        await until(lambda: child(watch.pid, "loader_child"), "there is a compiler")
        compiler = child(watch.pid, "loader_child")
        await watch.ended(signal.SIGKILL)
    await until(lambda: not lives(compiler), "the compiler is gone")


async def test_rules_that_are_wrong_end_the_compiler_at_once(marker: Marker) -> None:
    marker.rules.write_text("- rule: Nothing\n")
    async with running("watch", *options(marker), CACHE_DIRECTORY=str(marker.rules.parent / "cache")) as watch:
        await watch.ended()
        assert not child(watch.pid, "loader_child")


KILLED = """
import os, signal, struct
from probes.kernel.bpf_call import create_map
descriptor = create_map(2, 4, 4, 1)
print(open(f"/proc/self/fdinfo/{{descriptor}}").read(), file=open({told!r}, "w"))
os.kill(os.getpid(), signal.SIGKILL)
"""


async def test_a_compiler_killed_in_the_middle_leaves_no_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bcc.py").write_text(KILLED.format(told=str(tmp_path / "told")))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(SourceError, match="signal 9"):
        await load(cache=tmp_path / "cache")
    told = dict(line.split(":", 1) for line in (tmp_path / "told").read_text().splitlines() if ":" in line)
    left = Probes(frozenset(), frozenset([int(told["map_id"])]))
    await until(lambda: not left.alive, "the map is gone")


async def test_a_loading_that_nobody_wants_any_more_leaves_nothing(tmp_path: Path) -> None:
    before = Probes.of(os.getpid())
    Loading(cache=tmp_path / "cache").close()
    (await load()).close()
    Loading().close()  # what is kept is loaded in a moment: closed in the middle, or behind it
    assert Probes.of(os.getpid()) == before


# ── capabilities ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_sensor_keeps_the_capabilities_it_needs_and_no_other(marker: Marker) -> None:
    async with running("watch", "--json", *options(marker)) as watch:
        await watch.said("live")
        marker("seen")
        await watch.alert("seen")
        found = threads(watch.pid)
        assert len(found) > 1
        for thread in found:
            assert {int(thread[name], 16) for name in SETS} == {mask(kept())}, thread["Name"]
            assert {int(thread[name], 16) for name in EMPTY_SETS} == {0}
            assert thread["NoNewPrivs"] == "1"


async def test_also_while_it_compiles_no_other_thread_has_more(marker: Marker) -> None:
    async with running("watch", *options(marker), CACHE_DIRECTORY=str(marker.rules.parent / "cache")) as watch:
        await watch.said("loading")
        rich = [thread["Name"] for thread in threads(watch.pid) if int(thread["CapPrm"], 16) != mask(kept())]
        assert set(rich) <= {"python", "python3", "loader"}
        assert len(rich) <= 1
        await watch.said("live")


async def test_a_sensor_for_a_group_may_also_give_its_socket_to_it(marker: Marker, tmp_path: Path) -> None:
    socket = tmp_path / "tiercel.sock"
    async with running("sensor", "--socket", str(socket), "--group", "nogroup", *options(marker)) as sensor:
        await sensor.said("look at it with")
        await sensor.said("live")
        assert socket.stat().st_gid == 65534
        wanted = mask((*kept(), FOR_A_GROUP))
        assert {int(thread["CapEff"], 16) for thread in threads(sensor.pid)} == {wanted}
