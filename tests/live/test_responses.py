"""Responses to real containers of a real dockerd, with the log that says so."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import TiercelError
from engine.protocol import ListResponses, Respond, TargetRow
from engine.response.audit import Who
from engine.response.doing import Responding
from engine.state.world import World
from engine.store import AlertStore
from probes.machine.audit_log import AuditLog
from probes.machine.ownership import _by_mounts, containers_of
from probes.responding import MachineHands
from tests.helpers.lab import Lab
from tests.helpers.program import lives

pytestmark = [pytest.mark.live, pytest.mark.beside, pytest.mark.asyncio]
ADA = Who(1000, "ada", 0, "ada")


class Scene:
    """A container called web, and a sensor that may respond to it."""

    def __init__(self, lab: Lab, folder: Path, store: AlertStore) -> None:
        self.lab = lab
        self.folder = folder
        self.id = ""
        self.problems: list[tuple[str, str]] = []
        self._store = store

    def run(self, *command: str, options: tuple[str, ...] = (), name: str = "web") -> str:
        self.id = self.lab.run(name, "busybox", *command, options=options)
        return self.id

    def begin(self) -> Responding:
        """As after a start: what is remembered is in the log."""
        log = AuditLog(self.folder / "responses.jsonl")
        hands = MachineHands(self.lab.url, self.folder / "evidence")
        return Responding(hands, log, World(), self._store, lambda what, hint: self.problems.append((what, hint)))

    async def do(self, response: str, confirm: str = "web") -> str:
        return await self.begin().respond(Respond(response, self.id, confirm=confirm), ADA)

    async def offered(self) -> TargetRow:
        (target,) = await self.begin().offer(ListResponses(container_id=self.id), ADA)
        return target

    def inspect(self, form: str) -> str:
        return self.lab.docker("inspect", "-f", form, self.id)

    def log(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in (self.folder / "responses.jsonl").read_text().splitlines()]


@pytest.fixture
def scene(lab: Lab, tmp_path: Path) -> Iterator[Scene]:
    with closing(AlertStore(None)) as store:
        yield Scene(lab, tmp_path, store)
    lab.remove_all()
    if networks := lab.docker("network", "ls", "-q", "--filter", "type=custom").split():
        lab.docker("network", "rm", *networks)


def possible(target: TargetRow) -> set[str]:
    return {row.id for row in target.rows if not row.hindrance and not row.evidence}


async def test_a_container_is_paused_and_goes_on(scene: Scene) -> None:
    scene.run()
    assert possible(await scene.offered()) == {"pause", "stop", "restart", "kill"}
    assert await scene.do("pause") == "web is paused; Unpause takes it back"
    assert scene.inspect("{{.State.Status}}") == "paused"
    assert possible(await scene.offered()) == {"unpause", "stop", "restart", "kill"}
    assert await scene.do("unpause") == "web goes on; Pause takes it back"
    assert scene.inspect("{{.State.Status}}") == "running"


async def test_a_container_is_stopped(scene: Scene) -> None:
    scene.run("sh", "-c", "trap 'exit 7' TERM; while :; do usleep 10000; done")
    said = await scene.do("stop")
    assert said.startswith("web is stopped; docker start begins it anew")
    assert scene.inspect("{{.State.Status}} {{.State.ExitCode}}") == "exited 7"
    assert possible(await scene.offered()) == set()


@pytest.mark.parametrize("paused", [False, True])
async def test_a_container_is_begun_anew_with_its_files(scene: Scene, paused: bool) -> None:
    scene.run("sh", "-c", "trap 'exit 7' TERM; while :; do usleep 10000; done")
    scene.lab.exec("web", "touch", "/tmp/dropped")
    if paused:
        await scene.do("pause")
    before = scene.inspect("{{.State.Pid}}")
    assert await scene.do("restart") == "web is begun anew; what it held in memory is gone"
    assert scene.inspect("{{.State.Status}}") == "running"
    assert scene.inspect("{{.State.Pid}}") != before and not lives(int(before))
    assert "/tmp/dropped" in scene.lab.docker("diff", "web")
    *_, intent, done = scene.log()
    assert (intent["phase"], intent["command"], done["phase"]) == ("intent", ["docker restart -t 10 web"], "done")


async def test_all_processes_of_a_killed_container_end(scene: Scene) -> None:
    scene.run("sh", "-c", "while :; do sh -c 'sleep 4714' & usleep 20000; done", options=("--restart=always",))
    scene.lab.exec("web", "sh", "-c", "sleep 4715 & sleep 0.2")
    pids = {int(pid) for pid in scene.lab.docker("top", scene.id, "-o", "pid").split()[1:]}
    assert len(pids) > 3
    assert (await scene.do("kill")).startswith("web is killed")
    assert scene.inspect("{{.State.Status}}") == "exited", "it is not restarted"
    assert not [pid for pid in pids if scene.id in _cgroup(pid)]


def _cgroup(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return ""


async def test_a_container_leaves_its_networks_and_comes_back_as_it_was(scene: Scene) -> None:
    """Also by another sensor than the one that did it: the log remembers."""
    scene.lab.docker("network", "create", "--subnet", "10.77.1.0/24", "shop")
    scene.lab.docker("network", "create", "--subnet", "10.77.2.0/24", "back")
    scene.run(options=("--network=shop", "--network-alias=front", "--network-alias=www"))
    scene.lab.docker("network", "connect", "--ip", "10.77.2.42", "--alias", "db-client", "back", "web")
    before = json.loads(scene.inspect("{{json .NetworkSettings.Networks}}"))
    assert "disconnect" in possible(await scene.offered())
    said = await scene.do("disconnect")
    assert said == "web is disconnected from back, shop; Reconnect to networks takes it back"
    assert json.loads(scene.inspect("{{json .NetworkSettings.Networks}}")) == {}
    scene.lab.run("squatter", options=("--network=back",))  # takes an address, not that one
    assert "reconnect" in possible(await scene.offered())
    assert (await scene.do("reconnect")).startswith("web is connected to back, shop again;")
    after = json.loads(scene.inspect("{{json .NetworkSettings.Networks}}"))
    for name in ("shop", "back"):
        assert after[name]["IPAddress"] == before[name]["IPAddress"], name
        assert sorted(after[name]["Aliases"]) == sorted(before[name]["Aliases"]), name
    assert "reconnect" not in possible(await scene.offered())


async def test_an_address_that_is_taken_meanwhile_is_said(scene: Scene) -> None:
    scene.lab.docker("network", "create", "--subnet", "10.77.3.0/24", "shop")
    scene.run(options=("--network=shop",))
    await scene.do("disconnect")
    address = scene.log()[0]["networks"][0]["ipv4"]  # type: ignore[index]
    scene.lab.run("squatter", options=("--network=shop", f"--ip={address}"))
    assert (await scene.do("reconnect")).startswith("web is connected to shop again, in shop with another address")
    assert scene.inspect("{{.NetworkSettings.Networks.shop.IPAddress}}").startswith("10.77.3.")


async def test_a_network_that_has_gone_keeps_nobody_from_the_others(scene: Scene) -> None:
    for name in ("a-gone", "b-there"):
        scene.lab.docker("network", "create", name)
    scene.run(options=("--network=a-gone",))
    scene.lab.docker("network", "connect", "b-there", "web")
    await scene.do("disconnect")
    scene.lab.docker("network", "rm", "a-gone")
    with pytest.raises(TiercelError, match=r"a-gone: .*not found \(of 2 networks, 1 are done\)"):
        await scene.do("reconnect")
    assert list(json.loads(scene.inspect("{{json .NetworkSettings.Networks}}"))) == ["b-there"]
    assert scene.log()[-1]["phase"] == "failed"


async def test_the_networks_of_the_host_are_not_left(scene: Scene) -> None:
    scene.run(options=("--network=host",))
    (row,) = [row for row in (await scene.offered()).rows if row.id == "disconnect"]
    assert "no network of its own" in row.hindrance
    with pytest.raises(TiercelError, match="no network of its own"):
        await scene.do("disconnect")


async def test_evidence_is_kept_first(scene: Scene) -> None:
    scene.run("sh", "-c", "echo out; echo err >&2; touch /tmp/dropped; exec sleep 4711")
    await asyncio.to_thread(scene.lab.exec, "web", "sh", "-c", "until [ -e /tmp/dropped ]; do usleep 10000; done")
    for response in ("logs", "diff", "commit"):
        await scene.do(response, confirm="")
    logs, diff, commit = (entry["evidence"] for entry in scene.log() if entry["phase"] == "done")
    assert isinstance(logs, dict) and isinstance(diff, dict) and isinstance(commit, dict)
    (path, digest), *_ = logs.items()
    content = Path(path).read_bytes()
    assert {line.split(b" ", 1)[1] for line in content.splitlines()} == {b"out", b"err"}
    assert hashlib.sha256(content).hexdigest() == digest
    assert Path(path).stat().st_mode & 0o777 == 0o600
    assert "A /tmp/dropped" in Path(next(iter(diff))).read_text().splitlines()
    (image, image_id), *_ = commit.items()
    assert image.startswith("tiercel-evidence/web:20")
    assert scene.lab.docker("inspect", "-f", "{{.Id}}", image) == image_id
    assert "dropped" in scene.lab.docker("run", "--rm", "--network=none", image, "ls", "/tmp")
    scene.lab.docker("rmi", image)


async def test_logs_of_a_terminal_are_kept_as_they_came(scene: Scene) -> None:
    scene.run("sh", "-c", "printf 'one\\033[31m\\n'; exec sleep 4711", options=("-t",))
    await asyncio.to_thread(scene.lab.exec, "web", "sh", "-c", "until pidof sleep; do usleep 10000; done")
    await scene.do("logs", confirm="")
    kept = scene.log()[-1]["evidence"]
    assert isinstance(kept, dict)
    assert b"one\x1b[31m\r\n" in Path(next(iter(kept))).read_bytes()


async def test_the_log_has_a_line_before_and_one_after(scene: Scene) -> None:
    scene.run()
    await scene.do("pause")
    with pytest.raises(TiercelError, match="the word is web"):
        await scene.do("kill", confirm="wbe")
    with pytest.raises(TiercelError, match="it is paused"):
        await scene.do("pause")
    intent, done, unconfirmed, hindered = scene.log()
    target = {"kind": "container", "name": "web", "container_id": scene.id, "image": "lab/busybox:1"}
    who = {"uid": 1000, "user": "ada", "says": "ada"}
    common = {"response": "pause", "who": who, "target": target, "command": ["docker pause web"]}
    attempt = intent["attempt"]
    assert intent == common | {"phase": "intent", "attempt": attempt, "time": intent["time"]}
    assert done == common | {"phase": "done", "attempt": attempt, "time": done["time"], "detail": "web is paused"}
    assert (unconfirmed["phase"], unconfirmed["response"], unconfirmed["target"]) == ("refused", "kill", target)
    assert unconfirmed["error"] == "this was not confirmed: the word is web"
    assert (hindered["phase"], hindered["error"]) == ("refused", "it is paused")
    assert str(intent["time"]).endswith("Z") and str(intent["time"]) < str(done["time"])
    assert scene.inspect("{{.State.Status}}") == "paused"


async def test_whoever_runs_in_a_container_is_known_by_what_docker_mounts(scene: Scene) -> None:
    """The cgroup alone would not tell: in a namespace of its own it is "/"."""
    scene.run(options=("--network=host",))
    folder = Path("/proc", scene.inspect("{{.State.Pid}}"))
    assert set(containers_of(folder)) == {scene.id}
    assert set(_by_mounts((folder / "mountinfo").read_text())) == {scene.id}
    assert set(_by_mounts(Path("/proc/self/mountinfo").read_text())) == set()


async def test_what_docker_refuses_is_in_the_log(scene: Scene) -> None:
    scene.lab.docker("network", "create", "--subnet", "10.77.4.0/24", "shop")
    scene.run(options=("--network=shop", "--ip=10.77.4.9"))
    await scene.do("disconnect")
    scene.lab.run("squatter", options=("--network=shop", "--ip=10.77.4.9"))
    with pytest.raises(TiercelError, match="Docker refuses: shop: Address already in use"):
        await scene.do("reconnect")
    assert scene.log()[-1]["phase"] == "failed"
    assert "Address already in use" in str(scene.log()[-1]["error"])
    scene.lab.remove("squatter")
    assert (await scene.do("reconnect")).startswith("web is connected to shop again;"), "it can be tried again"


async def test_a_container_that_is_not_there_is_refused_and_written_down(scene: Scene) -> None:
    scene.id = "0" * 64
    with pytest.raises(TiercelError, match="No such container"):
        await scene.do("kill")
    assert scene.log()[-1]["phase"] == "refused"
    assert (await scene.offered()).refusal.startswith("Docker cannot tell how it is: No such container")
