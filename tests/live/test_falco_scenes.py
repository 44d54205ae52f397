"""The scenes of Falco's captures, done again on this kernel: the same rules fire as Falco's did.

Captures and rule files are not in this repository: they are looked for beside it (:mod:`tests.helpers.vectors`), and
the tests say so when they are absent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.lab.docker import Lab
from tests.helpers.lab.falco_scenes import CONTAINER, SCENES, SETUP, Scene, play
from tests.helpers.lab.images import compile_programs
from tests.helpers.lab.watch import Watch
from tests.helpers.vectors import rules_folder, upstream_rules

pytestmark = pytest.mark.live

FENCE = "Detect crypto miners using the Stratum protocol"
"""Fired by a command line that names the scene which has ended."""


def captures() -> Path:
    """The folder of the captures."""
    return rules_folder().parent / "captures"


def fired_by_falco(scene: Scene) -> set[str]:
    """With all three rule files, as they come: the first rule that matches an event."""
    alerts = json.loads((captures() / f"{scene.name}.alerts.json").read_text())
    return {alert["rule"] for alert in alerts["all"]}


@pytest.fixture(scope="module")
def fired(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, set[str]]]:
    """By scene the rules that fired."""
    folder = tmp_path_factory.mktemp("scenes")
    compile_programs(folder / "programs")
    options = [word for file in upstream_rules() for word in ("--rules", str(file))]
    with Watch.open(lab.url, folder / "alerts.db", *options, "--matching", "first") as watch:
        watch.containers = {lab.run(CONTAINER)}
        lab.exec(CONTAINER, "sh", "-c", SETUP)
        found: dict[str, set[str]] = {}
        _fence(lab, watch, "begin")
        for scene in SCENES:
            found[scene.name] = _fired(scene, lab, watch, folder / "programs")
        lab.remove_all()
    yield found


def _fired(scene: Scene, lab: Lab, watch: Watch, programs: Path) -> set[str]:
    mark = watch.mark()
    if started := play(scene, lab, programs):
        watch.containers.add(started)
        for rule in fired_by_falco(scene):  # Docker may tell of the container later than of the fence
            watch.until(rule, mark)
    _fence(lab, watch, scene.name)
    return {seen.rule for seen in watch.since(mark)} - {FENCE}


def _fence(lab: Lab, watch: Watch, name: str) -> None:
    mark = watch.mark()
    lab.exec(CONTAINER, "act", f"stratum+tcp://{name}")
    watch.until(FENCE, mark, proc__cmdline=f"act stratum+tcp://{name}")


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_the_rules_that_fire_are_falcos(fired: dict[str, set[str]], scene: Scene) -> None:
    assert fired[scene.name] == fired_by_falco(scene)


def test_every_capture_has_its_scene() -> None:
    described = {file.stem for file in captures().glob("*.txt")}
    assert described == {scene.name for scene in SCENES}
