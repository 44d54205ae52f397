"""A machine with nothing but the unified tree: who is in which container, as the kernel tells it there.

Where the pids controller is on a v1 tree, the probes are made with another controller in its place, one that is on the
unified tree: for them the machine is then one without v1 trees. For what reads files, the v1 trees are unmounted in a
mount namespace of its own. What is left of v1 are the lines of /proc/PID/cgroup, which name the root there.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from engine.events import KernelEvent
from engine.pushdown.filter import Filter
from probes.kernel.bytecode import decode
from probes.kernel.bytecode_cache import write
from probes.kernel.compiling import key_of
from probes.kernel.loader import RING_PAGES, Loading
from probes.kernel.programs import AUTO
from probes.machine.cgroups import container_of_process, hierarchies
from tests.helpers.containers import Cgroup, cgroup
from tests.helpers.kernel import Watched, watching
from tests.helpers.patience import PATIENCE
from tests.helpers.program import TIERCEL

pytestmark = [pytest.mark.live, pytest.mark.asyncio]

COMPILE = """
import sys
from pathlib import Path
from probes.kernel import headers, loader_child
from probes.kernel.btf import Btf
from probes.kernel.bytecode import encode
ours, btf = headers.kernel_types, Btf.of_kernel()
pids, other = (btf.enumerator("cgroup_subsys_id", f"{name}_cgrp_id") for name in ("pids", sys.argv[2]))
assert other is not None
lines = f"#define PIDS_CGROUP {pids}\\n", f"#define PIDS_CGROUP {other}\\n"
assert lines[0] in ours(btf)
headers.kernel_types = lambda btf: ours(btf).replace(*lines)
sys.stdout.buffer.write(encode(loader_child.compiled(Path(sys.argv[1]), "auto", int(sys.argv[3]), "auto")))
"""
UNIFIED_ALONE = 'umount -R -l /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"'
FOUND = """
import json
from probes.machine.cgroups import Cgroups, hierarchies
print(json.dumps([list(hierarchies()), [[*key, found] for key, found in Cgroups.find().items()]]))
"""
RULES = """
- rule: Marker opened
  desc: The test opened its marker.
  condition: evt.type in (open, openat) and fd.name startswith {marker} and container.id != host
  output: opened %fd.name in %container.id
  priority: Notice
"""


def on_unified_tree() -> str:
    """A controller that is there: pids, where it is."""
    rows = (line.split() for line in Path("/proc/cgroups").read_text().splitlines()[1:])
    there = [name for name, hierarchy, *_ in rows if hierarchy == "0"]
    return "pids" if "pids" in there else there[0]


@pytest.fixture(scope="module")
def probes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where byte code is kept, as for a machine with nothing but the unified tree."""
    folder, kept = tmp_path_factory.mktemp("headers"), tmp_path_factory.mktemp("kept")
    kept.chmod(0o700)
    arguments = [str(folder), on_unified_tree(), str(RING_PAGES)]
    done = subprocess.run([sys.executable, "-c", COMPILE, *arguments], check=True, stdout=subprocess.PIPE)
    write(kept, key_of(AUTO, RING_PAGES), decode(done.stdout))
    return kept


@pytest.fixture
def tree() -> Path:
    return Path(dict(hierarchies())[0])


@pytest.fixture
def container(tree: Path) -> Iterator[Cgroup]:
    with cgroup(0, tree) as made:
        yield made


@contextlib.asynccontextmanager
async def unified(probes: Path, **options: object) -> AsyncIterator[Watched]:
    async with watching(loading=Loading(cache=probes), **options) as watched:  # type: ignore[arg-type]
        assert watched.source._loaded is not None
        assert "kept" in watched.source._loaded.how
        yield watched


def alone(*argv: str) -> list[str]:
    """A command in a mount namespace that has no v1 trees."""
    return ["unshare", "--mount", "sh", "-c", UNIFIED_ALONE, "sh", *argv]


async def test_a_process_is_in_the_container_of_its_unified_cgroup(probes: Path, container: Cgroup) -> None:
    """Also when it is in another container's cgroup of a v1 tree: nobody looks there."""
    with cgroup(1) as elsewhere:
        async with unified(probes) as watched:
            script = 'echo 0 > "$1" && echo 0 > "$0" && exec /bin/cat /etc/hostname'
            child = await asyncio.create_subprocess_exec("/bin/sh", "-c", script, container.procs, elsewhere.procs)
            await child.wait()
            await watched.until(KernelEvent, type="procexit", pid=child.pid)
        events = [e for e in watched.inputs if isinstance(e, KernelEvent) and e.pid == child.pid]
        exec_ = next(e for e in events if e.type == "execve" and e.process and e.process.exepath.endswith("cat"))
        assert {e.container_id for e in events[events.index(exec_) :]} == {container.id}


async def test_the_kernel_tells_containers_and_the_host_apart(probes: Path, container: Cgroup, tmp_path: Path) -> None:
    """By what it was told of cgroups; with a zoom what nobody asks for passes."""
    async with unified(probes, wanted_filter=lambda: Filter({"openat": frozenset()})) as watched:
        watched.source.select({"openat"})
        assert watched.source.filters is not None
        await watched.source.filters.settled.wait()
        watched.source.zoom(container.id, frozenset())
        inside = container.run("/bin/mkdir", str(tmp_path / "inside"))
        outside = await asyncio.create_subprocess_exec("/bin/mkdir", str(tmp_path / "outside"))
        await outside.wait()
        await watched.until(KernelEvent, type="procexit", pid=outside.pid)
        made = [e.pid for e in watched.inputs if isinstance(e, KernelEvent) and e.type == "mkdir"]
        assert inside in made
        assert outside.pid not in made


async def test_files_name_the_same_container(container: Cgroup) -> None:
    sleeper = subprocess.Popen(["/bin/sleep", "1000"])
    try:
        Path(container.procs).write_text(str(sleeper.pid))
        assert container_of_process(Path(f"/proc/{sleeper.pid}")) == container.id
    finally:
        sleeper.kill()
        sleeper.wait()


async def test_where_nothing_else_is_mounted_its_cgroups_are_found(container: Cgroup) -> None:
    done = subprocess.run(alone(sys.executable, "-c", FOUND), check=True, stdout=subprocess.PIPE)
    trees, found = json.loads(done.stdout)
    assert trees == [[0, "/sys/fs/cgroup"]]
    assert [0, container.path.stat().st_ino, container.id] in found


async def test_the_whole_program_on_such_a_machine(probes: Path, container: Cgroup, tree: Path, tmp_path: Path) -> None:
    """Of a container that was there, of one that comes later, and not of the host."""
    marker, rules = tmp_path / "marker", tmp_path / "rules.yaml"
    rules.write_text(RULES.format(marker=marker))
    options = ["--docker", "none", "-r", str(rules), "--store", str(tmp_path / "alerts.db")]
    watch = await asyncio.create_subprocess_exec(
        *alone(*TIERCEL, "watch", "--json", *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "CACHE_DIRECTORY": str(probes)},
    )
    assert watch.stdout is not None
    assert watch.stderr is not None
    try:
        async with asyncio.timeout(PATIENCE):
            while b"live" not in (said := await watch.stderr.readline()):
                assert said
        subprocess.run(["/bin/cat", f"{marker}-host"], check=False, stderr=subprocess.DEVNULL)
        container.run("/bin/cat", f"{marker}-first")
        with cgroup(1, tree) as later:
            later.run("/bin/cat", f"{marker}-second")
            async with asyncio.timeout(PATIENCE):
                alerts = [json.loads(await watch.stdout.readline()) for _ in range(2)]
    finally:
        watch.terminate()
        await watch.communicate()
    expected = [(f"{marker}-first", container.id[:12]), (f"{marker}-second", later.id[:12])]
    assert [(a["output_fields"]["fd.name"], a["output_fields"]["container.id"]) for a in alerts] == expected
