"""The benchmark's storms are what they were asked for, and what they cost is read from what they and the kernel say."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.measure.costs import ratio
from scripts.measure.figure import UnmeasurableError
from scripts.measure.processes import in_rollup, session_and_cpu
from scripts.measure.storming import SOURCE, Blown, Storm, Storms, cores, mean, on_every_core

ROLLUP = """\
556f7584f000-7ffe62899000 ---p 00000000 00:00 0                          [rollup]
Rss:                1768 kB
Pss:                 221 kB
Pss_Dirty:           112 kB
"""
STAT = "4711 (a) b) (c) S 1 4711 4700 0 -1 4194304 2849 0 0 0 150 50 25 75 20 0 1"


@pytest.fixture(scope="module")
def storms(tmp_path_factory: pytest.TempPathFactory) -> Storms:
    compiler = shutil.which("gcc") or shutil.which("cc")
    assert compiler is not None, "the tests need a C compiler, as those of the probes do"
    program = tmp_path_factory.mktemp("storm") / "storm"
    subprocess.run([compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, SOURCE], check=True)
    return Storms(program)


@pytest.mark.parametrize("mode", ["open", "getppid", "mix", "spawn", "marker"])
def test_a_storm_does_what_it_is_asked_as_often_as_it_is_asked(storms: Storms, mode: str) -> None:
    (blown,) = storms.blow(Storm(mode, 20, cores()[0]))
    assert (blown.count, blown.markers) == (20, 0)


def test_markers_are_opened_between_the_others_under_numbers_of_their_own(storms: Storms, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    first, second = storms.blow(
        Storm("open", 100, marker=str(marker), every=10, first=1000),
        Storm("open", 100, marker=str(marker), every=25, first=2000),
    )
    assert (first.markers, second.markers) == (10, 4)


def test_a_storm_without_end_ends_when_it_is_told(storms: Storms) -> None:
    with storms.raging(on_every_core("getppid", rate=10_000), stop=True) as blown:
        assert blown == []
    assert len(blown) == len(cores())


def test_a_storm_that_cannot_be_is_no_figure(storms: Storms) -> None:
    with pytest.raises(UnmeasurableError, match="ended with ''"):
        storms.blow(Storm("sing", 1))


def test_what_a_storm_says_is_read() -> None:
    assert Blown.of("2891.5 2800.0 1000 0.0029 7\n") == Blown(2891.5, 2800.0, 1000, 0.0029, 7)
    assert mean([Blown(2.0, 1.0, 1, 1.0, 0), Blown(4.0, 2.0, 1, 1.0, 0)]) == (3.0, 1.5)


def test_a_ratio_is_that_of_rounds_which_followed_each_other() -> None:
    assert ratio([100.0, 1000.0, 200.0], [150.0, 1500.0, 240.0]) == 1.5


def test_a_session_and_its_cpu_are_read_whatever_the_program_is_called() -> None:
    session, seconds = session_and_cpu(STAT)
    assert session == 4700
    assert seconds == pytest.approx(300 / 100)


def test_resident_memory_and_the_share_of_it_are_told_apart() -> None:
    assert in_rollup(ROLLUP) == (1768 * 1024, 221 * 1024)
