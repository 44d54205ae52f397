"""Sessions and groups that programs enter without executing another: what later events say of them."""

from __future__ import annotations

import pytest

from engine.events import Input
from engine.state.world import World
from tests.helpers.kernel import watching

pytestmark = pytest.mark.live

DAEMON = """
mark()
def look(name):
    os.close(os.open("/proc/self/" + name, os.O_RDONLY))
def wait(child):
    os.waitpid(child, 0)
if not (daemon := os.fork()):
    look("stat")
    os.setsid()
    look("limits")
    reading, writing = os.pipe()
    if not (job := os.fork()):
        os.read(reading, 1)
        look("io")
        os._exit(0)
    os.setpgid(job, job)
    os.write(writing, b"!")
    wait(job)
    if not (other := os.fork()):
        os.setpgid(0, 0)
        look("maps")
        os.setpgid(0, os.getppid())
        look("smaps")
        os._exit(0)
    wait(other)
    os._exit(0)
wait(daemon)
"""


async def test_setsid_and_setpgid_are_in_the_state_of_later_events() -> None:
    async with watching() as watched:
        before = len(watched.inputs)
        await watched.python(DAEMON)
        looks = _looks(watched.inputs[before:], watched.inputs[:before])
    daemon, job, other = (looks[name][0] for name in ("limits", "io", "maps"))
    assert looks["stat"][0] == daemon != looks["stat"][1] and looks["stat"][2] != daemon
    assert looks["limits"] == (daemon, daemon, daemon, daemon)
    assert looks["io"] == (job, daemon, job, job)
    assert looks["maps"] == (other, daemon, other, other)
    assert looks["smaps"] == (other, daemon, daemon, daemon)


def _looks(inputs: list[Input], before: list[Input]) -> dict[str, tuple[int, int, int, int]]:
    """By the file looked at: pid, session, group, and group in its namespace, of who looked."""
    world, looks = World(), {}
    for one in (*before, *inputs):
        for event in world.apply(one):
            kernel, process = event.kernel, event.process
            name = str(kernel.args.get("name", ""))
            if kernel.type == "openat" and name.startswith("/proc/self/"):
                looks[name.rpartition("/")[2]] = (process.pid, process.sid, process.pgid, process.vpgid)
    return looks
