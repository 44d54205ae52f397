"""Two sensors side by side, one that leaves in the kernel what no rule can match and one that looks at everything: they
raise the same alerts."""

from __future__ import annotations

import itertools
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.rules.load import load
from tests.helpers.lab import parcels
from tests.helpers.lab.docker import Lab
from tests.helpers.lab.scene import STEPS, Stage
from tests.helpers.lab.watch import Seen, Watch
from tests.helpers.vectors import upstream_rules

pytestmark = pytest.mark.live

WORK = Path(parcels.__file__).with_name("ordinary")
FENCE = "Create Hardlink Over Sensitive Files"
ORDINARY = [
    "apt-get install -y ./tiercel-ordinary-day.deb",
    "apt-get purge -y tiercel-ordinary-day",
    "pip install --no-index --break-system-packages ./*.whl",
    "make check",
    "python3 busy_server.py",
    "useradd --create-home somebody && userdel --remove somebody",
    "cd /etc && cat shadow && cat ../etc/./shadow && cat /proc/self/root/etc/shadow",
    "cp /bin/true /usr/bin/mine && mv /usr/bin/mine /usr/bin/other && rm /usr/bin/other && mkdir /usr/bin/folder",
    "echo >> ~/.bashrc; cd ~ && echo >> .profile; echo >> /var/log/syslog; rm -f .bash_history; ln -s /etc/shadow x",
]
"""Commands in a Debian container: an ordinary day, and paths written in unusual ways."""


@dataclass
class Pair:
    """What both see."""

    lab: Lab
    stage: Stage
    watches: tuple[Watch, Watch]
    fences: Iterator[int]
    extra: frozenset[str]
    """Containers beside those of the stage."""

    def seen(self, marks: tuple[int, int]) -> list[Counter[tuple[str, str]]]:
        """The alerts of each from containers, once both have seen all that has happened."""
        fence = f"/tmp/fence-{next(self.fences)}"
        self.lab.exec("db", "ln", "/etc/shadow", fence)
        found = []
        for watch, mark in zip(self.watches, marks, strict=True):
            watch.containers = {*self.stage.containers.values(), *self.extra}
            watch.until(FENCE, mark)
            found.append(Counter(_meaning(each) for each in watch.since(mark) if each.container_id in watch.containers))
        return found

    def marks(self) -> tuple[int, int]:
        first, second = (watch.mark() for watch in self.watches)
        return first, second


def _meaning(seen: Seen) -> tuple[str, str]:
    """An alert without moments, which each sensor's clock tells a little otherwise."""
    fields = {name: value for name, value in seen.fields.items() if not any(part in name for part in _MOMENTS)}
    return seen.rule, str(sorted(fields.items(), key=str))


_MOMENTS = ("evt.time", "evt.num", "start_ts", "duration")


def _judged(watch: Watch) -> int:
    """The events that a sensor has judged, as it says in the end."""
    (line,) = (line for line in watch.talk if "events judged" in line)
    return int(line.split(" alerts, ")[1].split(" events judged")[0])


@pytest.fixture(scope="module")
def pair(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    rules = [option for path in upstream_rules() for option in ("-r", str(path))]
    with ExitStack() as stack:
        stage = stack.enter_context(Stage.open(lab, folder))
        one = stack.enter_context(Watch.open(lab.url, folder / "one.db", *rules))
        two = stack.enter_context(Watch.open(lab.url, folder / "two.db", *rules, "--no-pushdown"))
        ordinary = lab.run("ordinary", "debian", options=("-w", "/work"))
        stack.callback(lab.remove, "ordinary")
        files = folder / "files"
        shutil.copytree(WORK, files)
        parcels.make_deb(files)
        parcels.make_wheel(files)
        lab.docker("cp", f"{files}/.", "ordinary:/work")
        yield Pair(lab, stage, (one, two), itertools.count(), frozenset({ordinary}))
    assert 0 < _judged(one) < _judged(two)


def test_there_is_much_to_tell() -> None:
    assert sum(rule.enabled for rule in load(upstream_rules()).rules) > 70


@pytest.mark.parametrize("number", range(len(STEPS)))
def test_a_scene_raises_the_same(pair: Pair, number: int) -> None:
    marks = pair.marks()
    STEPS[number].do(pair.stage)
    filtered, everything = pair.seen(marks)
    assert filtered == everything


@pytest.mark.parametrize("command", ORDINARY)
def test_an_ordinary_day_raises_the_same(pair: Pair, command: str) -> None:
    marks = pair.marks()
    pair.lab.exec("ordinary", "bash", "-c", command)
    filtered, everything = pair.seen(marks)
    assert filtered == everything
