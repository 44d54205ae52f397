"""Whose budget it is: a container's or a unit's, however many cgroups are made within it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.drops import CAUSES
from engine.events import KernelEvent, Loss
from probes.kernel.bpf_batch import parts
from probes.kernel.bpf_map import BpfMap
from probes.kernel.pace import Pace
from probes.kernel.wire import CGROUP_KEY
from probes.machine.cgroups import hierarchies
from tests.helpers.containers import Cgroup, cgroup
from tests.helpers.kernel import Watched, watching

pytestmark = [pytest.mark.live, pytest.mark.asyncio]

TREES = list(hierarchies())
"""Those that tell containers here: a v1 tree, the unified one, or both."""
MANY = 24
"""Cgroups that somebody makes; each with a budget of its own could fill what others have for theirs."""
FLOOD = """
import os, sys
for place in sys.argv[2:]:
    open(place + "/cgroup.procs", "w").write("0")
    for n in range(int(sys.argv[1])):
        open("/etc/hostname").close()
"""
"""Opens so many files from each of these cgroups."""


@pytest.fixture(params=TREES, ids=[f"hierarchy {number}" for number, _ in TREES])
def tree(request: pytest.FixtureRequest) -> Path:
    _, mount = request.param
    return Path(mount)


@contextlib.contextmanager
def below(parent: Path, *names: str) -> Iterator[list[Path]]:
    """Cgroups that exist, each below the one before where they have slashes; and are gone after."""
    made = [parent / name for name in names]
    with contextlib.ExitStack() as removing:
        for path in made:
            path.mkdir()
            removing.callback(path.rmdir)
        yield made


def flood(count: int, places: list[Path]) -> None:
    """It blocks the loop, so that nothing is read from the ring meanwhile."""
    child = subprocess.run([sys.executable, "-S", "-c", FLOOD, str(count), *map(str, places)], check=False)
    assert child.returncode == 0


def spent(watched: Watched) -> set[tuple[int, int]]:
    """The cgroups that have spent of a budget: (hierarchy, number)."""
    return set(keys(watched, "budgets", 8))


def roots(watched: Watched) -> set[tuple[int, int]]:
    return set(keys(watched, "budget_roots", 1))


def kinds(watched: Watched) -> set[tuple[int, int]]:
    return set(keys(watched, "cgroup_kinds", 1))


def keys(watched: Watched, name: str, value_size: int) -> Iterator[tuple[int, int]]:
    loaded = watched.source._loaded
    assert loaded is not None
    for part in parts(BpfMap(loaded.maps[name], CGROUP_KEY.size, value_size)):
        for key, _ in part:
            number, hierarchy = CGROUP_KEY.unpack(key)
            yield hierarchy, number


def key_of(path: Path) -> tuple[int, int]:
    hierarchy = next(number for number, mount in TREES if path.is_relative_to(mount))
    return hierarchy, path.stat().st_ino


async def test_cgroups_that_a_container_makes_spend_its_budget(tree: Path, tmp_path: Path) -> None:
    """It floods from many of them, and what others may do there is room for."""
    names = [f"part-{n}" for n in range(MANY)]
    with cgroup(0, tree) as container, cgroup(1, tree) as another, below(container.path, *names) as places:
        async with watching() as watched:
            watched.source.select({"openat"})
            flood(900, places)
            pid = another.run("/bin/cat", str(tmp_path / "of-another"))
            await watched.until(KernelEvent, type="execve", pid=pid, container_id=another.id)
            await watched.until(KernelEvent, holds=lambda e: "of-another" in str(e))
            loss = await watched.until(Loss, container_id=container.id)
            assert isinstance(loss, Loss)
            assert loss.cause == CAUSES[1]
            mine = spent(watched)
            assert key_of(container.path) in mine
            assert mine.isdisjoint(map(key_of, places))
            assert all(e.container_id != another.id for e in watched.inputs if isinstance(e, Loss))


async def test_a_reader_that_is_slow_leaves_nobody_as_much_as_it_deals_with(tree: Path, tmp_path: Path) -> None:
    """What a budget is on a fast machine would be all of it: then there is no room left for another container."""
    with cgroup(0, tree) as container, cgroup(1, tree) as another:
        async with watching(ring_pages=256) as watched:
            watched.source.select({"openat"})
            watched.source._pace = slow = Pace(256 << 12)
            for second in range(2):  # it deals with as many as one may have of his own on a fast machine
                slow.note(second, second << 20, more=True)
            watched.source._tell_shares()
            flood(6000, [container.path])
            pid = another.run("/bin/cat", str(tmp_path / "of-another"))
            await watched.until(KernelEvent, type="procexit", pid=pid)
            assert any("of-another" in str(e) for e in watched.inputs)
            await watched.until(Loss, container_id=container.id)
            assert all(e.container_id != another.id for e in watched.inputs if isinstance(e, Loss))


async def test_cgroups_made_while_it_is_watched_and_containers_within_count_as_well(tree: Path) -> None:
    inner = f"{7:064x}"
    async with watching() as watched:
        watched.source.select({"openat"})
        with cgroup(0, tree) as container, below(container.path, "docker", f"docker/{inner}", f"docker/{inner}/own"):
            pid = container.run("/bin/true")
            await watched.until(KernelEvent, type="procexit", pid=pid)  # the cgroups have been told of by now
            place = container.path / "docker" / inner
            flood(30_000, [place, place / "own"])
            loss = await watched.until(Loss, container_id=inner)
            assert isinstance(loss, Loss)
            assert loss.cause == CAUSES[1]
            mine = spent(watched)
            assert key_of(container.path) in mine
            assert mine.isdisjoint({key_of(place), key_of(place / "own")})
            assert key_of(place) not in roots(watched)


async def test_containers_of_one_pod_have_a_budget_each(tree: Path) -> None:
    first, second = (f"cri-containerd-{n:04x}{os.getpid():060x}.scope" for n in (1, 2))
    pod = "tiercel-test.slice", "tiercel-test.slice/burstable.slice", "tiercel-test.slice/burstable.slice/pod1.slice"
    with below(tree, *pod, f"{pod[2]}/{first}", f"{pod[2]}/{second}") as made:
        async with watching() as watched:
            watched.source.select({"openat"})
            flood(30_000, made[3:4])
            flood(1000, made[4:])
            await watched.until(Loss)
            assert {key_of(made[3]), key_of(made[4])} <= spent(watched)


async def test_a_unit_of_the_host_has_a_budget_for_all_that_it_makes(tree: Path) -> None:
    below_it = [f"tiercel-test.slice/web.service/worker-{n}" for n in range(3)]
    deeper = [f"{below_it[0]}{'/deeper' * n}" for n in range(1, 12)]
    units = "tiercel-test.slice", "tiercel-test.slice/web.service", "tiercel-test.slice/db.service"
    with below(tree, *units, *below_it, *deeper) as made:
        async with watching() as watched:
            watched.source.select({"openat"})
            flood(10_000, [made[3], made[4], made[5], made[-1]])
            flood(1000, [made[2]])
            await watched.until(Loss)
            mine = spent(watched)
            assert {key_of(made[1]), key_of(made[2])} <= mine
            assert mine.isdisjoint(map(key_of, [made[0], *made[3:]]))


async def test_what_is_known_of_a_cgroup_goes_with_it(tree: Path) -> None:
    async with watching() as watched:
        with cgroup(0, tree) as container:
            key = key_of(container.path)
            pid = container.run("/bin/true")
            await watched.until(KernelEvent, type="procexit", pid=pid)
            assert key in roots(watched) & kinds(watched)
        assert key not in roots(watched) | kinds(watched), "the kernel forgets it, before anybody has read of it"


async def test_a_cgroup_that_came_or_went_unheard_is_found_by_a_search(container: Cgroup, another: Cgroup) -> None:
    async with watching() as watched:
        assert watched.source._news is not None
        facts, counted = watched.source._news._facts, watched.source._news.losses
        gone = 0, 2**40
        facts.add(gone, f"/docker/{9:064x}")
        facts._forget(key_of(another.path))
        assert gone in roots(watched) & kinds(watched)
        watched.source._news.search()
        await watched.source._news._searching  # type: ignore[misc]
        assert gone not in roots(watched) | kinds(watched)
        assert {key_of(container.path), key_of(another.path)} <= roots(watched) & kinds(watched)
        assert gone not in counted.cgroups()
