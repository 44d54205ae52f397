"""A sensor with a list in the place of the kernel, and two rules about what is executed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.events import Input, KernelEvent, ProcessInfo
from engine.rules.load import load
from engine.sensor import Sensor
from engine.sinks.fanout import Fanout
from engine.store import AlertStore
from tests.helpers.collected import Collected
from tests.helpers.sources import ListSource

WEB = "a" * 64
SECOND = 10**9
RULES = """
- rule: Shell
  desc: A shell was started.
  condition: evt.type = execve and proc.name = sh
  output: Shell (user=%user.name command=%proc.cmdline)
  priority: Notice
  tags: [T1059]
- rule: In web
  desc: Something ran in web.
  condition: evt.type = execve and container.name = web
  output: Ran in web (image=%container.image.repository)
  priority: Warning
"""


def execve(name: str, *, time: int = SECOND, container: str = "", pid: int = 100) -> KernelEvent:
    """A program was executed."""
    info = ProcessInfo(pid=pid, start=5, ppid=1, comm=name, exe=name, exepath=f"/bin/{name}", container_id=container)
    return KernelEvent(
        time=time, type="execve", pid=pid, tid=pid, start=5, ppid=1, comm=name, uid=0, gid=0, res=0,
        container_id=container, process=info,
    )  # fmt: skip


def sensor_of(rules: Path, collected: Collected, *batches: Sequence[Input], ends: bool = True) -> Sensor:
    """A sensor that is told these batches, and keeps its alerts beside the rules."""
    source = ListSource(*batches, ends=ends)
    store = AlertStore(rules.parent / "alerts.db")
    return Sensor(
        [source], load([rules]), store, load_rules=lambda: load([rules]), hostname="lab", sinks=Fanout([collected])
    )
